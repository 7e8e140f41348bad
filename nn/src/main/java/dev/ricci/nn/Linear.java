package dev.ricci.nn;

import dev.ricci.nn.init.Initializer;
import dev.ricci.nn.init.Initializers;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;

/**
 * y = x W^T + b: x [..., in], W [out, in], b [out], y [..., out]. Parameters {@code weight} and {@code bias}, by default
 * uniform in +-1 / sqrt(in), as PyTorch has it.
 */
public final class Linear extends Layer implements Forward {
    private final Parameter weight;
    private final Parameter bias;

    /** With a bias. */
    public Linear(int in, int out, Rng rng) {
        this(in, out, true, rng);
    }

    /** With or without a bias. */
    public Linear(int in, int out, boolean bias, Rng rng) {
        this(in, out, bias, Initializers.kaimingUniform(Math.sqrt(5)), rng);
    }

    /**
     * With a weight of one's own making; a bias stays uniform in +-1 / sqrt(in).
     *
     * @param weight gets the shape [out, in]
     */
    public Linear(int in, int out, boolean bias, Initializer weight, Rng rng) {
        Check.positive("linear", "in", in);
        Check.positive("linear", "out", out);
        this.weight = parameter("weight", weight.create(rng.split("weight"), Shape.of(out, in)));
        double bound = 1 / Math.sqrt(in);
        this.bias = bias ? parameter("bias", Initializers.uniform(-bound, bound)
                .create(rng.split("bias"), Shape.of(out))) : null;
    }

    private Linear(Parameter shared) {
        this.weight = parameter("weight", shared);
        this.bias = null;
    }

    /**
     * Without a bias, over another layer's weight: the output head of a language model over its embedding (Press and
     * Wolf 2017).
     *
     * @param weight [out, in]
     */
    public static Linear tied(Parameter weight) {
        return new Linear(weight);
    }

    /** [..., in] to [..., out]. */
    @Override
    public Tensor forward(Tensor x) {
        Check.lastAxis("linear", weight, x, weight.spec().shape().dim(1));
        return Functional.linear(x, weight.value(), bias == null ? null : bias.value());
    }

    /** [out, in]. */
    public Parameter weight() {
        return weight;
    }

    /** [out], or null if there is none. */
    public Parameter bias() {
        return bias;
    }
}
