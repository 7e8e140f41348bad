package dev.ricci.bench.peers;

import static dev.ricci.bench.peers.TorchModelText.line;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The model of a {@link DecoderConfig} in torch operations, its gradients by libtorch's autograd, and AdamW as
 * {@code torch.optim.AdamW} defines it. It starts from the weights of a {@link Decoder} and shares nothing with it.
 */
final class TorchDecoder implements AutoCloseable {
    /**
     * How libtorch computes it.
     *
     * @param fusedAttention by {@code scaled_dot_product_attention}, else by matmul, mask, softmax and matmul
     * @param fusedAdamW by {@code _fused_adamw_}, else by elementary operations
     */
    record Means(boolean fusedAttention, boolean fusedAdamW) {
        /** The formulas, in elementary operations: what one compares with. */
        static final Means ELEMENTARY = new Means(false, false);
        /** The fastest that libtorch has: what one measures against. */
        static final Means FUSED = new Means(true, true);
    }

    /**
     * Numbers of the optimizer that stay the same.
     *
     * @param weightDecay of matrices; vectors have none
     * @param clip the largest global norm of the gradients
     */
    record Optimizer(double beta1, double beta2, double eps, double weightDecay, double clip) {
    }

    private final DecoderConfig config;
    private final Means means;
    private final Optimizer optimizer;
    private final PtNDManager manager = Torch.manager();
    private final Map<String, NDArray> weights = new LinkedHashMap<>();
    private final List<String> names;
    private final NDList tables = new NDList();
    private final List<Group> groups = new ArrayList<>();
    private final TorchFunction loss;
    private final TorchFunction clipped;

    /** Weights with the same decay, their moments, and their steps so far, which the fused update counts. */
    private record Group(List<Integer> members, NDList weights, NDList first, NDList second, NDList counts,
            TorchFunction update) {
    }

    TorchDecoder(Decoder model, Means means, Optimizer optimizer) {
        this.config = model.config();
        this.means = means;
        this.optimizer = optimizer;
        model.stateDict().forEach((name, value) -> weights.put(name, Torch.copy(manager, value)));
        this.names = List.copyOf(weights.keySet());
        if (config.positions().kind() == DecoderConfig.Positions.Kind.ROTARY_HALF) {
            rotaryTables();
        }
        this.loss = new TorchFunction(manager, "ids: Tensor, targets: Tensor, p: List[Tensor]"
                + (tables.isEmpty() ? "" : ", t: List[Tensor]"), "Tensor",
                new TorchModelText(config, names).loss(means.fusedAttention));
        this.clipped = new TorchFunction(manager, "g: List[Tensor]", "List[Tensor]", clipText());
        group(true);
        group(false);
    }

    private void group(boolean matrices) {
        Group group = new Group(new ArrayList<>(), new NDList(), new NDList(), new NDList(), new NDList(),
                new TorchFunction(manager, "rate: Tensor, step: Tensor, p: List[Tensor], g: List[Tensor],"
                        + " m: List[Tensor], v: List[Tensor], n: List[Tensor]", "Tensor",
                        means.fusedAdamW ? fusedUpdateText(matrices) : updateText(matrices)));
        for (int i = 0; i < names.size(); i++) {
            NDArray w = weights.get(names.get(i));
            if (w.getShape().dimension() > 1 == matrices) {
                group.members.add(i);
                group.weights.add(named("p[]", w));
                group.first.add(named("m[]", w.zerosLike()));
                group.second.add(named("v[]", w.zerosLike()));
                group.counts.add(named("n[]", manager.create(0f)));
            }
        }
        groups.add(group);
    }

    private static NDArray named(String name, NDArray a) {
        a.setName(name);
        return a;
    }

    /** Cosines and sines [context, D / 2]; sequences are as long as the context. */
    private void rotaryTables() {
        int half = config.attention().headWidth() / 2;
        float[] cos = new float[config.contextLength() * half];
        float[] sin = new float[cos.length];
        for (int i = 0; i < cos.length; i++) {
            double angle = (i / half) / Math.pow(config.positions().theta(), (i % half) / (double) half);
            cos[i] = (float) Math.cos(angle);
            sin[i] = (float) Math.sin(angle);
        }
        ai.djl.ndarray.types.Shape shape = new ai.djl.ndarray.types.Shape(config.contextLength(), half);
        tables.add(named("t[]", manager.create(cos, shape)));
        tables.add(named("t[]", manager.create(sin, shape)));
    }

    // ---------------------------------------------------------------- the optimizer, as text

    /** {@code torch.nn.utils.clip_grad_norm_}: all times min(1, clip / (norm + 1e-6)). */
    private String clipText() {
        StringBuilder s = new StringBuilder();
        line(s, "norms = annotate(List[Tensor], [])");
        for (int i = 0; i < names.size(); i++) {
            line(s, "_%d = torch.append(norms, torch.norm(g[%d]))", i, i);
        }
        line(s, "norm = torch.norm(torch.stack(norms))");
        line(s, "factor = torch.clamp(torch.mul(torch.reciprocal(torch.add(norm, 1e-06)), %s), None, 1.)",
                optimizer.clip);
        for (int i = 0; i < names.size(); i++) {
            line(s, "c%d = torch.mul_(g[%d], factor)", i, i);
        }
        line(s, "return g");
        return s.toString();
    }

    private double decay(boolean matrices) {
        return matrices ? optimizer.weightDecay : 0.0;
    }

    /** Loshchilov and Hutter 2019, algorithm 2, in the order of operations of {@code torch.optim.AdamW}. */
    private String updateText(boolean matrices) {
        StringBuilder s = new StringBuilder();
        line(s, "lr = float(rate)");
        line(s, "c1 = torch.sub(1., torch.pow(%s, float(step)))", optimizer.beta1);
        line(s, "c2 = torch.sqrt(torch.sub(1., torch.pow(%s, float(step))))", optimizer.beta2);
        line(s, "size = torch.neg(torch.div(lr, c1))");
        line(s, "kept = torch.sub(1., torch.mul(lr, %s))", decay(matrices));
        line(s, "for i in range(torch.len(p)):");
        line(s, "  _p = torch.mul_(p[i], kept)");
        line(s, "  _m = torch.lerp_(m[i], g[i], %s)", 1 - optimizer.beta1);
        line(s, "  _v = torch.addcmul_(torch.mul_(v[i], %s), g[i], g[i], value=%s)", optimizer.beta2,
                1 - optimizer.beta2);
        line(s, "  d = torch.add_(torch.div(torch.sqrt(v[i]), c2), %s)", optimizer.eps);
        line(s, "  _u = torch.addcdiv_(p[i], m[i], d, value=size)");
        line(s, "return rate");
        return s.toString();
    }

    /** The lists must be arguments: an update of lists made in the function is removed as unused. */
    private String fusedUpdateText(boolean matrices) {
        StringBuilder s = new StringBuilder();
        line(s, "_n = torch._foreach_add_(n, 1)");
        line(s, "_p = torch._fused_adamw_(p, g, m, v, annotate(List[Tensor], []), n, lr=float(rate), beta1=%s,"
                + " beta2=%s, weight_decay=%s, eps=%s, amsgrad=False, maximize=False)", optimizer.beta1,
                optimizer.beta2, decay(matrices), optimizer.eps);
        line(s, "return rate");
        return s.toString();
    }

    // ---------------------------------------------------------------- running it

    /**
     * One training step.
     *
     * @param ids [B, T]
     * @param targets [B, T]
     * @param number of the step, from 1
     * @return the loss before the update
     */
    double step(Tensor ids, Tensor targets, double learningRate, long number) {
        try (PtNDManager scope = (PtNDManager) manager.newSubManager()) {
            NDList leaves = new NDList();
            weights.values().forEach(w -> leaves.add(named("p[]", Torch.leaf(scope, w))));
            NDList inputs = new NDList(Torch.copy(scope, ids), Torch.copy(scope, targets));
            inputs.addAll(leaves);
            inputs.addAll(tables);
            JniUtils.setGradMode(true);
            PtNDArray value = (PtNDArray) loss.run(inputs).singletonOrThrow();
            JniUtils.backward(value, (PtNDArray) scope.ones(value.getShape(), DataType.FLOAT32), false, false);
            JniUtils.setGradMode(false);

            NDList gradients = new NDList();
            leaves.forEach(leaf -> gradients.add(named("g[]", leaf.getGradient())));
            clipped.run(gradients);
            for (Group group : groups) {
                NDList state = new NDList(Torch.scalar(scope, learningRate), Torch.scalar(scope, number));
                state.addAll(group.weights);
                group.members.forEach(i -> state.add(gradients.get(i)));
                state.addAll(group.first);
                state.addAll(group.second);
                state.addAll(group.counts);
                group.update.run(state);
            }
            return value.getFloat();
        }
    }

    /** The weights by the model's paths, row-major. */
    Map<String, double[]> weights() {
        Map<String, double[]> values = new LinkedHashMap<>();
        weights.forEach((name, w) -> values.put(name, Torch.values(w)));
        return values;
    }

    @Override
    public void close() {
        groups.forEach(g -> g.update.close());
        clipped.close();
        loss.close();
        manager.close();
    }
}
