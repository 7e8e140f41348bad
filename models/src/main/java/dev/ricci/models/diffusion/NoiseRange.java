package dev.ricci.models.diffusion;

import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;

/**
 * How much is masked while training: the probability that an id is hidden is uniform in this range. All of it is what the
 * bound on the likelihood asks for; a narrower one makes the loss of small blocks vary less (Arriola et al. 2025, section
 * 5.2).
 *
 * @param low at least 0.001, so that weights 1 / p stay bounded
 * @param high at most 1
 */
public record NoiseRange(double low, double high) implements Noise {
    private static final double LEAST = 1e-3;

    /** p = (1 - e) t + e with t uniform in (0, 1) and e = 0.001 (Nie et al. 2025, algorithm 1). */
    public static final NoiseRange FULL = new NoiseRange(LEAST, 1);

    /** Checks the bounds. */
    public NoiseRange {
        if (!(low >= LEAST && low <= high && high <= 1)) {
            throw new TensorException("masked diffusion: the range of masking probabilities must lie in " + LEAST
                    + " .. 1, got " + low + " .. " + high);
        }
    }

    @Override
    public NoiseRange range() {
        return this;
    }

    @Override
    public Tensor probabilities(Tensor amounts) {
        return amounts.mul(high - low).add(low);
    }
}
