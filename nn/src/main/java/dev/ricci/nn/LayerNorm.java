package dev.ricci.nn;

import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Tensor;

/**
 * (x - mean) / sqrt(variance + eps) * weight + bias over the last axis (Ba et al. 2016). Parameters {@code weight} [D],
 * ones, and {@code bias} [D], zeros.
 */
public final class LayerNorm extends Layer implements Forward {
    private final Parameter weight;
    private final Parameter bias;
    private final double eps;

    /** With a bias and eps 1e-5. */
    public LayerNorm(int width) {
        this(width, 1e-5, true);
    }

    /**
     * @param width D, the size of the last axis
     * @param eps added to the variance, positive
     * @param bias whether there is one
     */
    public LayerNorm(int width, double eps, boolean bias) {
        Check.positive("layer_norm", "width", width);
        Check.eps("layer_norm", eps);
        this.weight = parameter("weight", Tensor.ones(width));
        this.bias = bias ? parameter("bias", Tensor.zeros(width)) : null;
        this.eps = eps;
    }

    /** [..., D] to [..., D]. */
    @Override
    public Tensor forward(Tensor x) {
        Check.lastAxis("layer_norm", weight, x, weight.size());
        return Functional.layerNorm(x, weight.value(), bias == null ? null : bias.value(), eps);
    }
}
