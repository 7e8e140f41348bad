package dev.ricci.autograd;

import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Normalization;
import java.util.Arrays;
import java.util.List;

/** Gradient rules of softmax and the norms. */
final class NormalizationVjp {
    private NormalizationVjp() {
    }

    static Tensor[] of(Normalization op, Node n) {
        return switch (op) {
            case Normalization.Softmax s ->
                n.first(Tensor.apply(new Normalization.SoftmaxBackward(s.axis()), n.gradient(), n.output(0)));
            case Normalization.SoftmaxBackward s -> softmaxBackward(s, n, n.gradient());
            case Normalization.LogSoftmax s ->
                n.first(Tensor.apply(new Normalization.LogSoftmaxBackward(s.axis()), n.gradient(), n.output(0)));
            case Normalization.LogSoftmaxBackward s -> logSoftmaxBackward(s, n, n.gradient());
            case Normalization.LayerNorm l -> {
                boolean bias = n.inputs() == 3 && n.needs(2);
                List<Tensor> found = Tensor.applyAll(new Normalization.LayerNormBackward(bias), n.gradient(),
                        n.input(0), n.input(1), n.output(1), n.output(2));
                yield Arrays.copyOf(found.toArray(Tensor[]::new), n.inputs());
            }
            case Normalization.RmsNorm r -> Tensor.applyAll(new Normalization.RmsNormBackward(), n.gradient(),
                    n.input(0), n.input(1), n.output(1)).toArray(Tensor[]::new);
            case Normalization.LayerNormBackward l -> throw n.secondOrder("layer_norm");
            case Normalization.RmsNormBackward r -> throw n.secondOrder("rms_norm");
        };
    }

    /** Of y * (grad - sum(grad * y)). */
    private static Tensor[] softmaxBackward(Normalization.SoftmaxBackward op, Node n, Tensor g) {
        Tensor grad = n.input(0);
        Tensor y = n.input(1);
        Tensor dGrad = n.needs(0) ? Tensor.apply(op, g, y) : null;
        if (!n.needs(1)) {
            return new Tensor[] {dGrad, null};
        }
        Tensor own = g.mul(grad.sub(grad.mul(y).sumKeepDims(op.axis())));
        return new Tensor[] {dGrad, own.sub(grad.mul(g.mul(y).sumKeepDims(op.axis())))};
    }

    /** Of grad - exp(y) * sum(grad). */
    private static Tensor[] logSoftmaxBackward(Normalization.LogSoftmaxBackward op, Node n, Tensor g) {
        Tensor weighed = g.mul(n.input(1).exp());
        return new Tensor[] {n.needs(0) ? g.sub(weighed.sumKeepDims(op.axis())) : null,
            n.needs(1) ? weighed.mul(n.input(0).sumKeepDims(op.axis())).neg() : null};
    }
}
