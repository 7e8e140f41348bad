package org.example;

import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.op.CustomOp;
import java.util.List;

/**
 * An op of a user's own with its own gradient: x / sqrt(1 + x^2), which keeps every number within (-1, 1). Its
 * gradient, (1 + x^2)^(-3/2), is written by hand instead of being derived from the ops that compute it.
 */
public record SoftClip() implements CustomOp {
    /** The op on a tensor. */
    public static Tensor of(Tensor x) {
        return Tensor.apply(new SoftClip(), x);
    }

    @Override
    public String name() {
        return "soft_clip";
    }

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        return List.of(inputs.getFirst());
    }

    @Override
    public List<Tensor> forward(List<Tensor> inputs) {
        Tensor x = inputs.getFirst();
        return List.of(x.mul(x.square().add(1).rsqrt()));
    }

    @Override
    public List<Tensor> gradient(List<Tensor> inputs, List<Tensor> outputs, List<Tensor> gradients) {
        Tensor scale = inputs.getFirst().square().add(1).rsqrt();
        return List.of(gradients.getFirst().mul(scale.mul(scale).mul(scale)));
    }
}
