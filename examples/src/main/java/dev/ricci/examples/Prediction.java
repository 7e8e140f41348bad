package dev.ricci.examples;

import dev.ricci.models.diffusion.Noise;
import dev.ricci.models.diffusion.NoiseRange;
import dev.ricci.models.diffusion.SearchedNoise;
import dev.ricci.tensor.TensorException;

/** What a language model learns to predict, as {@code ricci train} asks for it. */
record Prediction(
    @Describe("What is predicted: ar (the next token), llada (masked tokens) or bd3 (masked tokens, block after block).")
    String objective,
    @Describe("Tokens in a block of --objective bd3; --context must be a multiple.") int block,
    @Describe("Least probability that a token is masked, at least 0.001; for llada and bd3.") double noiseLow,
    @Describe("Largest one. The loss of small blocks varies less in a narrower range, such as 0.45 to 0.95 for blocks of 4.")
    double noiseHigh,
    @Describe("Whether the range is chosen anew at each evaluation: the one in which the loss varies least. It costs a thousand"
        + " forward passes.") boolean noiseSearch) {

    /** The next token. */
    static final Prediction NEXT = new Prediction("ar", 16, NoiseRange.FULL.low(), NoiseRange.FULL.high(), false);

    /** @throws TensorException if there is no such objective */
    Objective kind() {
        return Objective.of(objective);
    }

    /**
     * How likely tokens are masked, at first.
     *
     * @throws TensorException if it is no range of probabilities, or is to be chosen where nothing is masked
     */
    Noise noise() {
        NoiseRange range = new NoiseRange(noiseLow, noiseHigh);
        if (noiseSearch && kind() == Objective.AR) {
            throw new TensorException("--noise-search: --objective ar masks nothing");
        }
        return noiseSearch ? new SearchedNoise(range) : range;
    }
}
