package dev.ricci.models.encoder;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** An exported encoder under ONNX Runtime: hidden states and what the pooler makes of the first. */
final class OnnxRuntimeOracle implements AutoCloseable {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;

    OnnxRuntimeOracle(Path file) throws OrtException {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(2);
            session = environment.createSession(file.toString(), options);
        }
    }

    /**
     * What it computes for a batch that is padded to the longest sequence.
     *
     * @param hidden [B, longest, C]
     * @param pooled [B, C]
     */
    record Output(float[][][] hidden, float[][] pooled) {
    }

    Output run(List<int[]> ids, List<int[]> types) throws OrtException {
        int longest = ids.stream().mapToInt(s -> s.length).max().orElseThrow();
        long[] shape = {ids.size(), longest};
        long[][] inputs = new long[3][ids.size() * longest];
        for (int i = 0; i < ids.size(); i++) {
            for (int t = 0; t < ids.get(i).length; t++) {
                inputs[0][i * longest + t] = ids.get(i)[t];
                inputs[1][i * longest + t] = 1;
                inputs[2][i * longest + t] = types.get(i)[t];
            }
        }
        Map<String, OnnxTensor> named = new HashMap<>();
        try {
            named.put("input_ids", OnnxTensor.createTensor(environment, LongBuffer.wrap(inputs[0]), shape));
            named.put("attention_mask", OnnxTensor.createTensor(environment, LongBuffer.wrap(inputs[1]), shape));
            named.put("token_type_ids", OnnxTensor.createTensor(environment, LongBuffer.wrap(inputs[2]), shape));
            try (OrtSession.Result result = session.run(named)) {
                return new Output((float[][][]) result.get(0).getValue(), (float[][]) result.get(1).getValue());
            }
        } finally {
            named.values().forEach(OnnxTensor::close);
        }
    }

    @Override
    public void close() throws OrtException {
        session.close();
    }
}
