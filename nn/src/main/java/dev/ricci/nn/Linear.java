package dev.ricci.nn;

import dev.ricci.nn.init.Initializer;
import dev.ricci.nn.init.Initializers;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.Arrays;

/**
 * y = x W^T + b: x [..., in], W [out, in], b [out], y [..., out]. Parameters {@code weight} and {@code bias}, by default
 * uniform in +-1 / sqrt(in), as PyTorch has it.
 */
public final class Linear extends Layer implements Forward {
    private static final Forward[] NONE = {};

    private final Parameter weight;
    private final Parameter bias;
    /** Replaced as a whole: a call sees the old adapters or the new. */
    private volatile Forward[] adapters = NONE;

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
        Rng forWeight = rng.split("weight");
        Rng forBias = rng.split("bias");
        double bound = 1 / Math.sqrt(in);
        this.weight = parameter("weight", Shape.of(out, in), () -> weight.create(forWeight, Shape.of(out, in)));
        this.bias = bias ? parameter("bias", Shape.of(out),
                () -> Initializers.uniform(-bound, bound).create(forBias, Shape.of(out))) : null;
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
        Tensor y = Functional.linear(x, weight.value(), bias == null ? null : bias.value());
        for (Forward adapter : adapters) {
            y = y.add(adapter.forward(x));
        }
        return y;
    }

    /**
     * Adds what a function gives to every result from now on: y = x W^T + b + f(x). The function is no part of this
     * layer: its parameters are counted, trained and saved where it belongs.
     *
     * @param adapter [..., in] to [..., out]
     * @throws TensorException if it is attached already
     */
    public synchronized void attach(Forward adapter) {
        if (Arrays.asList(adapters).contains(adapter)) {
            throw new TensorException("linear '" + weight.path() + "': this adapter is attached already");
        }
        Forward[] more = Arrays.copyOf(adapters, adapters.length + 1);
        more[adapters.length] = adapter;
        adapters = more;
    }

    /** Takes away what {@link #attach} added; nothing if it is not there. */
    public synchronized void detach(Forward adapter) {
        adapters = Arrays.stream(adapters).filter(a -> a != adapter).toArray(Forward[]::new);
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
