package dev.ricci.nn;

import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.TensorException;
import java.util.List;

/** How the frequencies of a rotary embedding are changed, so that a model reads further than it was trained to. */
public sealed interface RopeScaling {
    /** As they are: pair i turns by theta^(-2 i / R) radians a position. */
    record None() implements RopeScaling {
    }

    /**
     * All frequencies divided by one number: positions are interpolated (Chen et al. 2023).
     *
     * @param factor positive
     */
    record Linear(double factor) implements RopeScaling {
        /** Checks the factor. */
        public Linear {
            positive("factor", factor);
        }
    }

    /**
     * Llama 3.1's: a frequency that turns fewer than {@code lowTurns} times within the original context is divided by
     * {@code factor}, one that turns more than {@code highTurns} times stays, and those between are blended, linearly in
     * the number of turns (Grattafiori et al. 2024, section 3.4.2, and the model's published code).
     *
     * @param factor positive
     * @param lowTurns positive
     * @param highTurns above lowTurns
     * @param originalContext tokens that the model was first trained on
     */
    record Llama3(double factor, double lowTurns, double highTurns, int originalContext) implements RopeScaling {
        /** Checks the numbers. */
        public Llama3 {
            positive("factor", factor);
            positive("lowTurns", lowTurns);
            Check.positive("rope scaling", "originalContext", originalContext);
            if (!(highTurns > lowTurns) || Double.isInfinite(highTurns)) {
                throw new TensorException("rope scaling: highTurns must be above lowTurns = " + lowTurns + ", got "
                        + highTurns);
            }
        }
    }

    /**
     * YaRN (Peng et al. 2023, section 3.2): pairs below the one that turns {@code fastTurns} times within the original
     * context stay, pairs above the one that turns {@code slowTurns} times are divided by {@code factor}, and those between
     * are blended, linearly in their number. Cosines and sines are multiplied by {@code magnitude}.
     *
     * @param factor positive
     * @param originalContext tokens that the model was first trained on
     * @param fastTurns usually 32
     * @param slowTurns usually 1
     * @param magnitude usually {@link #usualMagnitude}
     */
    record Yarn(double factor, int originalContext, double fastTurns, double slowTurns, double magnitude)
            implements RopeScaling {
        /** Checks the numbers. */
        public Yarn {
            positive("factor", factor);
            Check.positive("rope scaling", "originalContext", originalContext);
            positive("slowTurns", slowTurns);
            positive("magnitude", magnitude);
            if (!(fastTurns >= slowTurns) || Double.isInfinite(fastTurns)) {
                throw new TensorException("rope scaling: fastTurns must not be below slowTurns = " + slowTurns + ", got "
                        + fastTurns);
            }
        }

        /** 0.1 ln(factor) + 1 (eq. 22), 1 for factors up to 1. */
        public static double usualMagnitude(double factor) {
            return factor <= 1 ? 1 : 0.1 * StrictMath.log(factor) + 1;
        }
    }

    /**
     * Each frequency divided by a number of its own, as model files list them.
     *
     * @param divisors R / 2 positive numbers
     */
    record Divided(List<Double> divisors) implements RopeScaling {
        /** Checks the numbers. */
        public Divided {
            divisors = List.copyOf(divisors);
            divisors.forEach(d -> positive("each divisor", d));
        }
    }

    private static void positive(String name, double value) {
        if (!(value > 0) || Double.isInfinite(value)) {
            throw new TensorException("rope scaling: " + name + " must be positive and finite, got " + value);
        }
    }

    /** What cosines and sines are multiplied by. */
    default double magnitude() {
        return 1;
    }

    /**
     * The frequencies in radians a position.
     *
     * @param dims R, even
     * @param theta base of the unscaled ones
     * @return [R / 2]
     * @throws ShapeException if the scaling is made for another R
     */
    default double[] frequencies(int dims, double theta) {
        int half = dims / 2;
        double[] f = new double[half];
        for (int i = 0; i < half; i++) {
            // StrictMath: the same frequencies interpreted and compiled, on every machine.
            f[i] = StrictMath.pow(theta, -2.0 * i / dims);
        }
        switch (this) {
            case None _ -> { }
            case Linear s -> {
                for (int i = 0; i < half; i++) {
                    f[i] /= s.factor;
                }
            }
            case Llama3 s -> {
                for (int i = 0; i < half; i++) {
                    double turns = s.originalContext * f[i] / (2 * StrictMath.PI);
                    double kept = clamp((turns - s.lowTurns) / (s.highTurns - s.lowTurns));
                    f[i] *= kept + (1 - kept) / s.factor;
                }
            }
            case Yarn s -> {
                double first = Math.max(0, Math.floor(pair(s.fastTurns, s.originalContext, dims, theta)));
                double last = Math.min(dims - 1, Math.ceil(pair(s.slowTurns, s.originalContext, dims, theta)));
                for (int i = 0; i < half; i++) {
                    double kept = 1 - clamp((i - first) / Math.max(0.001, last - first));
                    f[i] *= kept + (1 - kept) / s.factor;
                }
            }
            case Divided s -> {
                if (s.divisors.size() != half) {
                    throw new ShapeException("rope scaling: " + s.divisors.size() + " divisors do not fit the " + half
                            + " pairs of " + dims + " components");
                }
                for (int i = 0; i < half; i++) {
                    f[i] /= s.divisors.get(i);
                }
            }
        }
        return f;
    }

    /** The pair, as a real number, that turns so many times within a context. */
    private static double pair(double turns, int context, int dims, double theta) {
        return dims * StrictMath.log(context / (turns * 2 * StrictMath.PI)) / (2 * StrictMath.log(theta));
    }

    private static double clamp(double x) {
        return Math.max(0, Math.min(1, x));
    }
}
