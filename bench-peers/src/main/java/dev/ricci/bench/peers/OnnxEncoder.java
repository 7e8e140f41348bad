package dev.ricci.bench.peers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.ricci.bench.Contestant;
import dev.ricci.bench.Workload;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Sentence embeddings with ONNX Runtime, as programs on the JVM make them: padded, masked, the mean taken in Java. */
final class OnnxEncoder {
    private final List<int[]> ids;
    private final int longest;
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;
    private final Map<String, OnnxTensor> inputs;
    private final String output;
    private float[] means;

    OnnxEncoder(Workload.Encode w, int threads) {
        ids = w.ids();
        longest = ids.stream().mapToInt(s -> s.length).max().orElseThrow();
        try {
            try (OrtSession.SessionOptions options = OnnxRuntimePeer.options(threads)) {
                session = environment.createSession(w.onnx().toString(), options);
            }
            inputs = Map.of("input_ids", tensor(false), "attention_mask", tensor(true), "token_type_ids", zeros());
            output = session.getOutputNames().iterator().next();
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    /** [B, T]: the ids, or 1 for each and 0 for padding. */
    private OnnxTensor tensor(boolean mask) throws OrtException {
        LongBuffer values = buffer();
        for (int i = 0; i < ids.size(); i++) {
            for (int t = 0; t < ids.get(i).length; t++) {
                values.put(i * longest + t, mask ? 1 : ids.get(i)[t]);
            }
        }
        return OnnxTensor.createTensor(environment, values, new long[] {ids.size(), longest});
    }

    private OnnxTensor zeros() throws OrtException {
        return OnnxTensor.createTensor(environment, buffer(), new long[] {ids.size(), longest});
    }

    private LongBuffer buffer() {
        return ByteBuffer.allocateDirect(ids.size() * longest * Long.BYTES).order(ByteOrder.nativeOrder()).asLongBuffer();
    }

    Contestant contestant() {
        return new Contestant(1, this::run, () -> means, this::close);
    }

    private void run() {
        try (OrtSession.Result result = session.run(inputs, Set.of(output))) {
            FloatBuffer hidden = ((OnnxTensor) result.get(0)).getFloatBuffer();
            int width = hidden.remaining() / ids.size() / longest;
            float[] row = new float[width];
            means = new float[ids.size() * width];
            for (int i = 0; i < ids.size(); i++) {
                int length = ids.get(i).length;
                for (int t = 0; t < length; t++) {
                    hidden.get((i * longest + t) * width, row);
                    for (int c = 0; c < width; c++) {
                        means[i * width + c] += row[c] / length;
                    }
                }
            }
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    private void close() {
        try {
            inputs.values().forEach(OnnxTensor::close);
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }
}
