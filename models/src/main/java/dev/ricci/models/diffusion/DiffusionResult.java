package dev.ricci.models.diffusion;

/**
 * A text that was denoised.
 *
 * @param ids all of it, prompt included; as far as it was written, if it was ended early
 * @param steps for each id the step, from 1, that revealed it; 0 for those that were given
 * @param passes how often the model ran (function evaluations; with guidance both of its texts count as one)
 * @param tokensRead tokens that went through the model in all
 */
public record DiffusionResult(int[] ids, int[] steps, int passes, long tokensRead) {
}
