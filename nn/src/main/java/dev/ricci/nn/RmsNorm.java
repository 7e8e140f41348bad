package dev.ricci.nn;

import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Tensor;

/**
 * x / sqrt(mean(x^2) + eps) * weight over the last axis (Zhang and Sennrich 2019). Parameter {@code weight} [D], ones.
 * Gemma's kind multiplies by 1 + weight instead; its weight starts as zeros.
 */
public final class RmsNorm extends Layer implements Forward {
    private final Parameter weight;
    private final double eps;
    private final boolean fromOne;

    /** With eps 1e-6. */
    public RmsNorm(int width) {
        this(width, 1e-6);
    }

    /**
     * @param width D, the size of the last axis
     * @param eps added to the mean square, positive
     */
    public RmsNorm(int width, double eps) {
        this(width, eps, false);
    }

    /**
     * @param width D, the size of the last axis
     * @param eps added to the mean square, positive
     * @param fromOne whether the factor is 1 + weight, as Gemma has it
     */
    public RmsNorm(int width, double eps, boolean fromOne) {
        Check.positive("rms_norm", "width", width);
        Check.eps("rms_norm", eps);
        this.weight = parameter("weight", fromOne ? Tensor.zeros(width) : Tensor.ones(width));
        this.eps = eps;
        this.fromOne = fromOne;
    }

    /** [..., D] to [..., D]. */
    @Override
    public Tensor forward(Tensor x) {
        Check.lastAxis("rms_norm", weight, x, weight.size());
        return Functional.rmsNorm(x, fromOne ? weight.value().add(1) : weight.value(), eps);
    }
}
