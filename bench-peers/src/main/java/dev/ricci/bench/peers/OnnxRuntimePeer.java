package dev.ricci.bench.peers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.ricci.bench.Contestant;
import dev.ricci.bench.Peer;
import dev.ricci.bench.Workload;
import dev.ricci.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/** ONNX Runtime, with a model of one node, or a whole encoder. It knows inference only. */
public final class OnnxRuntimePeer implements Peer {
    private static final String NAME = "ONNX Runtime";
    private static final String CONSTANT = "ONNX Runtime, constant weight";
    private static final int OPSET = 20;

    /** Made by the service loader. */
    public OnnxRuntimePeer() {
    }

    @Override
    public Map<String, Supplier<Contestant>> contestants(Workload workload, int threads) {
        Map<String, Supplier<Contestant>> found = new LinkedHashMap<>();
        switch (workload) {
            case Workload.Gemm w -> found.put(NAME, () -> session(threads, new OnnxModel("Gemm", OPSET)
                    .attribute("transA", w.transA() ? 1 : 0).attribute("transB", w.transB() ? 1 : 0)
                    .input("a", w.a().shape().toArray()).input("b", w.b().shape().toArray()).output("y", w.m(), w.n()),
                    Map.of("a", w.a(), "b", w.b())));
            case Workload.Linear w -> {
                int[] shape = {w.x().dim(0), w.weight().dim(0)};
                found.put(NAME, () -> session(threads, linear(w).input("w", w.weight().shape().toArray())
                        .output("y", shape), Map.of("x", w.x(), "w", w.weight())));
                found.put(CONSTANT, () -> session(threads, linear(w).constant("w", w.weight().toFloatArray(),
                        w.weight().shape().toArray()).output("y", shape), Map.of("x", w.x())));
            }
            case Workload.Encode w when w.onnx() != null -> found.put(NAME, () -> new OnnxEncoder(w, threads).contestant());
            case Workload.Rows w when !w.backward() -> {
                OnnxModel model = model(w);
                if (model != null) {
                    found.put(NAME, () -> session(threads, model.output("y", w.x().shape().toArray()),
                            Map.of("x", w.x())));
                }
            }
            default -> {
                // Nothing to compare.
            }
        }
        return found;
    }

    private static OnnxModel linear(Workload.Linear w) {
        return new OnnxModel("Gemm", OPSET).attribute("transB", 1).input("x", w.x().shape().toArray());
    }

    /** Null if the standard's functions of that version do not have it, or no kernel for it is in the library. */
    private static OnnxModel model(Workload.Rows w) {
        int[] shape = w.x().shape().toArray();
        return switch (w.function()) {
            case SOFTMAX -> new OnnxModel("Softmax", OPSET).input("x", shape);
            case GELU -> new OnnxModel("Gelu", OPSET).input("x", shape);
            case GELU_TANH -> new OnnxModel("Gelu", OPSET).attribute("approximate", "tanh").input("x", shape);
            case LAYER_NORM -> {
                OnnxModel model = new OnnxModel("LayerNormalization", OPSET).attribute("epsilon", 1e-5f)
                        .input("x", shape);
                for (int i = 0; i < 2; i++) {
                    model.constant("p" + i, w.parameters().get(i).toFloatArray(), shape[1]);
                }
                yield model;
            }
            case RMS_NORM, SILU, CROSS_ENTROPY -> null;
        };
    }

    private static Contestant session(int threads, byte[] model, Map<String, Tensor> given) {
        try {
            OrtEnvironment environment = OrtEnvironment.getEnvironment();
            OrtSession session;
            try (OrtSession.SessionOptions options = options(threads)) {
                session = environment.createSession(model, options);
            }
            Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
            for (var input : given.entrySet()) {
                inputs.put(input.getKey(), copy(environment, input.getValue()));
            }
            return new Run(session, inputs).contestant();
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    static OrtSession.SessionOptions options(int threads) throws OrtException {
        OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        options.setIntraOpNumThreads(threads);
        options.setInterOpNumThreads(1);
        options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
        // Idle threads sleep: spinning ones would slow down whoever is next.
        options.addConfigEntry("session.intra_op.allow_spinning", "0");
        return options;
    }

    private static OnnxTensor copy(OrtEnvironment environment, Tensor t) throws OrtException {
        FloatBuffer buffer = ByteBuffer.allocateDirect(t.size() * Float.BYTES).order(ByteOrder.nativeOrder())
                .asFloatBuffer();
        buffer.put(t.toFloatArray()).flip();
        return OnnxTensor.createTensor(environment, buffer,
                Arrays.stream(t.shape().toArray()).asLongStream().toArray());
    }

    /** A model that runs again and again with the same inputs. */
    private static final class Run {
        private final OrtSession session;
        private final Map<String, OnnxTensor> inputs;
        private OrtSession.Result last;

        Run(OrtSession session, Map<String, OnnxTensor> inputs) {
            this.session = session;
            this.inputs = inputs;
        }

        Contestant contestant() {
            return new Contestant(1, this::call, this::result, this::close);
        }

        private void call() {
            if (last != null) {
                last.close();
            }
            try {
                last = session.run(inputs);
            } catch (OrtException e) {
                throw new IllegalStateException(e);
            }
        }

        private float[] result() {
            FloatBuffer values = ((OnnxTensor) last.get(0)).getFloatBuffer();
            float[] array = new float[values.remaining()];
            values.get(array);
            return array;
        }

        private void close() {
            try {
                if (last != null) {
                    last.close();
                }
                inputs.values().forEach(OnnxTensor::close);
                session.close();
            } catch (OrtException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
