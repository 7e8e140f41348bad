package dev.ricci.models.lora;

import dev.ricci.tensor.TensorException;

/**
 * What low-rank adapters are made of.
 *
 * @param rank r, the width between A and B
 * @param alpha of which the size of the addition is alpha / r (Hu et al. 2021, section 4.1)
 * @param dropout probability on the adapter's input, while training
 * @param rankStabilized whether the size is alpha / sqrt(r) instead (Kalajdzievski 2023, section 3)
 * @param targets which layers get one
 */
public record LoraConfig(int rank, double alpha, double dropout, boolean rankStabilized, LoraTargets targets) {
    /** Checks the numbers. */
    public LoraConfig {
        if (rank < 1) {
            throw new TensorException("lora: the rank must be 1 or more, got " + rank);
        }
        if (!(alpha > 0 && alpha <= Double.MAX_VALUE)) {
            throw new TensorException("lora: alpha must be positive and finite, got " + alpha);
        }
        if (!(dropout >= 0 && dropout < 1)) {
            throw new TensorException("lora: dropout must lie in [0, 1), got " + dropout);
        }
    }

    /** This rank, alpha = 2 r, no dropout, on the projections to queries and values. */
    public static LoraConfig of(int rank) {
        return new LoraConfig(rank, 2.0 * rank, 0, false, LoraTargets.names("q_proj", "v_proj"));
    }

    /** With another alpha. */
    public LoraConfig withAlpha(double a) {
        return new LoraConfig(rank, a, dropout, rankStabilized, targets);
    }

    /** With dropout. */
    public LoraConfig withDropout(double p) {
        return new LoraConfig(rank, alpha, p, rankStabilized, targets);
    }

    /** With alpha / sqrt(r) in the place of alpha / r, or back. */
    public LoraConfig withRankStabilized(boolean stabilized) {
        return new LoraConfig(rank, alpha, dropout, stabilized, targets);
    }

    /** On other layers. */
    public LoraConfig withTargets(LoraTargets t) {
        return new LoraConfig(rank, alpha, dropout, rankStabilized, t);
    }

    /** What B A x is multiplied by. */
    public double scale() {
        return alpha / (rankStabilized ? Math.sqrt(rank) : rank);
    }
}
