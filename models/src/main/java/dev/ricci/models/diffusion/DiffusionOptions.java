package dev.ricci.models.diffusion;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.tensor.TensorException;

/**
 * How a masked diffusion model writes.
 *
 * @param block tokens that are completed before later ones begin (semi-autoregressive; Nie et al. 2025, section 2.4); 0 for
 *     the model's block or, if it has none, the whole text
 * @param unmasking which ids each step reveals
 * @param guidance s of classifier-free guidance, l_u + (s + 1) (l_c - l_u) with l_u the logits behind a hidden prompt (Nie
 *     et al. 2025, eq. 16): twice the work; 0 for none
 * @param caching what is kept from step to step
 */
public record DiffusionOptions(int block, Unmasking unmasking, double guidance, Caching caching) {
    /** Where Wu et al. 2025 lose nothing. */
    private static final double THRESHOLD = 0.9;

    /** Checks the ranges; what depends on the model, and on a length, is checked by {@link DiffusionGenerator}. */
    public DiffusionOptions {
        if (block < 0) {
            throw new TensorException("diffusion: the block must not be negative, got " + block);
        }
        if (!(guidance >= 0) || Double.isInfinite(guidance)) {
            throw new TensorException("diffusion: guidance must be finite and not negative, got " + guidance);
        }
    }

    /** The usual for a model: a threshold of 0.9, no guidance, the exact cache if it can have one. */
    public static DiffusionOptions of(Decoder model) {
        boolean blocks = MaskedDiffusion.configOf(model, "diffusion").block() > 0;
        return new DiffusionOptions(0, new Unmasking.Confidence(THRESHOLD), 0, blocks ? Caching.EXACT : Caching.NONE);
    }

    /** The same with another block. */
    public DiffusionOptions withBlock(int tokens) {
        return new DiffusionOptions(tokens, unmasking, guidance, caching);
    }

    /** The same with other ids a step. */
    public DiffusionOptions with(Unmasking other) {
        return new DiffusionOptions(block, other, guidance, caching);
    }

    /** The same with another guidance. */
    public DiffusionOptions withGuidance(double s) {
        return new DiffusionOptions(block, unmasking, s, caching);
    }

    /** The same with another cache. */
    public DiffusionOptions with(Caching other) {
        return new DiffusionOptions(block, unmasking, guidance, other);
    }

    /** Tokens in a block of a text with so many new ones. */
    int blockOf(DecoderConfig.Diffusion model, int newTokens) {
        return model.block() > 0 ? model.block() : block > 0 ? block : Math.max(1, newTokens);
    }

    /** Refuses what does not fit a model. */
    void check(DecoderConfig.Diffusion model, int context) {
        if (model.block() > 0 && block != 0 && block != model.block()) {
            throw new TensorException("diffusion: the model was trained with blocks of " + model.block()
                    + " and can write with no others, got " + block);
        }
        if (model.block() > 0 && (caching == Caching.PREFIX || caching == Caching.DUAL)) {
            throw new TensorException("diffusion: a model with blocks from left to right has an exact cache; " + caching
                    + " is an approximation for those that see both ways");
        }
        if (model.block() == 0 && caching == Caching.EXACT) {
            throw new TensorException("diffusion: keys and values of a model that sees both ways change with what comes"
                    + " later, so it has no exact cache; use NONE, PREFIX or DUAL");
        }
        if (block > context) {
            throw new TensorException("diffusion: a block of " + block + " tokens exceeds the model's context of " + context);
        }
    }

    /** Refuses what does not fit a number of new tokens. */
    void checkTokens(DecoderConfig.Diffusion model, int newTokens) {
        int tokens = blockOf(model, newTokens);
        if (newTokens % tokens != 0) {
            throw new TensorException("diffusion: " + newTokens + " new tokens are no whole number of blocks of " + tokens);
        }
        if (unmasking instanceof Unmasking.Steps(int steps, Remasking _)) {
            if (steps > newTokens) {
                throw new TensorException("diffusion: " + steps + " steps for " + newTokens
                        + " tokens are more than one each; use at most as many");
            }
            if (steps % (newTokens / tokens) != 0) {
                throw new TensorException("diffusion: " + steps + " steps cannot be split evenly over the "
                        + newTokens / tokens + " blocks of " + tokens + " tokens");
            }
        }
    }
}
