package dev.ricci.nn;

import dev.ricci.tensor.Functional;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;

/**
 * Rotary position embedding (Su et al. 2021, eq. 34): pair i of a vector's first R components is turned by
 * position * theta^(-2 i / R) radians, unless a {@link RopeScaling} says otherwise. Tables of cosines and sines [maxPositions, R / 2] are made once, in double
 * precision. Immutable and without parameters: one serves all layers of a model.
 */
public final class RotaryEmbedding {
    /**
     * What it is made of.
     *
     * @param dims R, even, at most the width of a head
     * @param maxPositions positions 0 .. maxPositions-1 exist
     * @param theta base of the frequencies, such as 10000
     * @param interleaved pairs are (2i, 2i + 1), as in llama2.c and GPT-J; else (i, i + R / 2), as in Hugging Face's
     *     Llama
     * @param scaling of the frequencies, for longer contexts
     */
    public record Config(int dims, int maxPositions, double theta, boolean interleaved, RopeScaling scaling) {
        /** Checks the sizes. */
        public Config {
            Check.multiple("rotary", "dims", dims, "the size of a pair", 2);
            Check.positive("rotary", "maxPositions", maxPositions);
            if (!(theta > 0) || Double.isInfinite(theta)) {
                throw new TensorException("rotary: theta must be positive and finite, got " + theta);
            }
        }

        /** Half-split, theta 10000, no scaling. */
        public static Config of(int dims, int maxPositions) {
            return new Config(dims, maxPositions, 10000, false, new RopeScaling.None());
        }

        /** With another base. */
        public Config withTheta(double theta) {
            return new Config(dims, maxPositions, theta, interleaved, scaling);
        }

        /** With pairs (2i, 2i + 1) or (i, i + R / 2). */
        public Config withInterleaved(boolean interleaved) {
            return new Config(dims, maxPositions, theta, interleaved, scaling);
        }

        /** With frequencies changed. */
        public Config withScaling(RopeScaling scaling) {
            return new Config(dims, maxPositions, theta, interleaved, scaling);
        }
    }

    private final Config config;
    private final Tensor cos;
    private final Tensor sin;

    /** Half-split pairs, theta 10000. */
    public RotaryEmbedding(int dims, int maxPositions) {
        this(Config.of(dims, maxPositions));
    }

    /** As configured. */
    public RotaryEmbedding(Config config) {
        this.config = config;
        int half = config.dims / 2;
        Shape shape = Shape.of(config.maxPositions, half);
        float[] c = new float[shape.size()];
        float[] s = new float[shape.size()];
        double[] frequencies = config.scaling.frequencies(config.dims, config.theta);
        double magnitude = config.scaling.magnitude();
        for (int i = 0; i < half; i++) {
            // StrictMath: the same tables interpreted and compiled, on every machine.
            double frequency = frequencies[i];
            for (int p = 0; p < config.maxPositions; p++) {
                c[p * half + i] = (float) (magnitude * StrictMath.cos(p * frequency));
                s[p * half + i] = (float) (magnitude * StrictMath.sin(p * frequency));
            }
        }
        this.cos = Tensor.wrap(c, shape);
        this.sin = Tensor.wrap(s, shape);
    }

    /** What it is made of. */
    public Config config() {
        return config;
    }

    /**
     * Turned vectors.
     *
     * @param x [B, H, T, D], D at least R
     * @param positions [T] or [B, T], I32 or I64
     * @return [B, H, T, D]
     * @throws dev.ricci.tensor.IndexOutOfRangeException if a position is not in the table
     */
    public Tensor apply(Tensor x, Tensor positions) {
        if (x.rank() < 2 || x.dim(-1) < config.dims) {
            throw new ShapeException("rotary: x must be [..., T, D] with D at least " + config.dims + ", got "
                    + x.shape());
        }
        return Functional.rotary(x, positions, cos.to(x.dtype()), sin.to(x.dtype()), config.interleaved);
    }
}
