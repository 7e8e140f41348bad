package dev.ricci.bench.peers;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import dev.ricci.bench.Contestant;
import dev.ricci.bench.Peer;
import dev.ricci.bench.Workload;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** libtorch, called through DJL; a call costs a few microseconds of JNI. */
public final class LibtorchPeer implements Peer {
    private static final String NAME = "libtorch";
    private static final String ELEMENTARY = "libtorch, elementary";
    private static final int SMALL_CALLS = 1000;
    /** Elementary operations are never the faster way; of large models a step takes seconds, so they are left out. */
    private static final double ELEMENTARY_FLOPS = 1e11;

    /** Made by the service loader. */
    public LibtorchPeer() {
    }

    @Override
    public Map<String, Supplier<Contestant>> contestants(Workload workload, int threads) {
        Map<String, Supplier<Contestant>> found = new LinkedHashMap<>();
        switch (workload) {
            case Workload.Gemm w -> found.put(NAME, () -> forward("a: Tensor, b: Tensor",
                    "torch.matmul(%s, %s)".formatted(w.transA() ? "torch.t(a)" : "a",
                            w.transB() ? "torch.t(b)" : "b"), w.a(), w.b()));
            case Workload.Linear w -> found.put(NAME, () -> forward("x: Tensor, w: Tensor", "torch.linear(x, w)",
                    w.x(), w.weight()));
            case Workload.Rows w -> found.put(NAME, () -> rows(w));
            case Workload.Attention w -> {
                found.put(NAME, () -> attention(w, "torch.scaled_dot_product_attention(q, k, v, None, 0., True)"));
                found.put(ELEMENTARY, () -> attention(w, ("torch.matmul(torch.softmax(torch.masked_fill(torch.mul("
                        + "torch.matmul(q, torch.transpose(k, 2, 3)), %s), unseen, -inf), -1), v)").formatted(
                        1 / Math.sqrt(w.q().dim(3)))));
            }
            case Workload.TrainStep w -> {
                found.put(NAME, () -> trainStep(w, TorchDecoder.Means.FUSED));
                if (w.flops() < ELEMENTARY_FLOPS) {
                    found.put(ELEMENTARY, () -> trainStep(w, TorchDecoder.Means.ELEMENTARY));
                }
            }
            case Workload.Decode w -> found.put(NAME, () -> {
                TorchGeneration generation = new TorchGeneration(w);
                return new Contestant(1, generation::next, generation::logits, generation::close);
            });
            case Workload.Encode _, Workload.Tokenize _, Workload.Stored _ -> {
                // Nothing to compare.
            }
            case Workload.Small w -> {
                found.put(NAME, () -> small(w));
                if (w == Workload.Small.ADD) {
                    found.put("libtorch through JNI", LibtorchPeer::addThroughJni);
                }
            }
        }
        found.replaceAll((name, make) -> () -> {
            Torch.threads(threads);
            return make.get();
        });
        return found;
    }

    private static Contestant forward(String signature, String expression, Tensor... inputs) {
        return new TorchCall(signature, "return " + expression, List.of(), List.of(inputs), null).contestant(1);
    }

    private static Contestant rows(Workload.Rows w) {
        int d = w.x().dim(1);
        String expression = switch (w.function()) {
            case SOFTMAX -> "torch.softmax(x, -1)";
            case LAYER_NORM -> "torch.layer_norm(x, [%d], w, b, 1e-05, False)".formatted(d);
            case RMS_NORM -> "torch.rms_norm(x, [%d], w, 1e-05)".formatted(d);
            case GELU -> "torch.gelu(x)";
            case GELU_TANH -> "torch.gelu(x, approximate=\"tanh\")";
            case SILU -> "torch.silu(x)";
            case CROSS_ENTROPY -> "torch.cross_entropy_loss(x, w)";
        };
        String signature = List.of("x: Tensor", "x: Tensor, w: Tensor", "x: Tensor, w: Tensor, b: Tensor")
                .get(w.parameters().size());
        if (!w.backward()) {
            List<Tensor> inputs = new ArrayList<>(List.of(w.x()));
            inputs.addAll(w.parameters());
            return new TorchCall(signature, "return " + expression, List.of(), inputs, null).contestant(1);
        }
        List<Tensor> leaves = new ArrayList<>(List.of(w.x()));
        List<Tensor> others = new ArrayList<>();
        w.parameters().forEach(p -> (p.dtype().isInteger() ? others : leaves).add(p));
        return new TorchCall(signature, "return " + expression, leaves, others, w.above()).contestant(1);
    }

    private static Contestant attention(Workload.Attention w, String expression) {
        int t = w.q().dim(2);
        Tensor position = Tensor.arange(t);
        // The mask is a constant, made once.
        Tensor unseen = position.reshape(1, t).gt(position.reshape(t, 1));
        // k first: its gradient is what is compared.
        return new TorchCall("k: Tensor, q: Tensor, v: Tensor, unseen: Tensor", "return " + expression,
                List.of(w.k(), w.q(), w.v()), List.of(unseen), w.above()).contestant(1);
    }

    private static Contestant trainStep(Workload.TrainStep w, TorchDecoder.Means means) {
        TorchDecoder decoder = new TorchDecoder(w.model(), means, new TorchDecoder.Optimizer(Workload.TrainStep.BETA_1,
                Workload.TrainStep.BETA_2, Workload.TrainStep.EPS, Workload.TrainStep.DECAY, Workload.TrainStep.CLIP));
        Tensor ids = w.ids();
        Tensor targets = w.targets();
        long[] number = {0};
        float[] loss = new float[1];
        return new Contestant(1, () -> loss[0] = (float) decoder.step(ids, targets, Workload.TrainStep.RATE,
                ++number[0]), () -> loss, decoder::close);
    }

    /** Loops in TorchScript: what the dispatcher costs, without JNI. Each turn needs the one before, or is left out. */
    private static Contestant small(Workload.Small w) {
        Tensor a = Rng.of(1).normal(16);
        Tensor b = Rng.of(2).normal(16);
        String signature = "x: Tensor, b: Tensor";
        String loop = "for i in range(%d):\n  x = torch.%s(x, b)\nreturn %s";
        return switch (w) {
            case ADD -> new TorchCall(signature, loop.formatted(SMALL_CALLS, "add", "x"), List.of(), List.of(a, b),
                    null).contestant(SMALL_CALLS);
            case ADD_TRACKED -> new TorchCall(signature, loop.formatted(SMALL_CALLS, "add", "x"), List.of(a),
                    List.of(b), null).contestant(SMALL_CALLS);
            case MATMUL -> new TorchCall(signature, loop.formatted(SMALL_CALLS, "matmul", "x"), List.of(),
                    List.of(a.reshape(4, 4), Tensor.eye(4)), null).contestant(SMALL_CALLS);
            case CHAIN -> new TorchCall(signature, loop.formatted(Workload.Small.CHAIN_LENGTH, "mul", "torch.sum(x)"),
                    List.of(a), List.of(Tensor.ones(16)), Tensor.of(1)).contestant(Workload.Small.CHAIN_LENGTH);
        };
    }

    private static Contestant addThroughJni() {
        PtNDManager manager = Torch.manager();
        PtNDArray a = Torch.copy(manager, Rng.of(1).normal(16));
        PtNDArray b = Torch.copy(manager, Rng.of(2).normal(16));
        NDArray[] last = {a.duplicate()};
        return new Contestant(SMALL_CALLS, () -> {
            JniUtils.setGradMode(false);
            last[0].close();
            NDArray x = a.duplicate();
            for (int i = 0; i < SMALL_CALLS; i++) {
                NDArray next = x.add(b);
                x.close();
                x = next;
            }
            last[0] = x;
        }, () -> last[0].toFloatArray(), manager::close);
    }
}
