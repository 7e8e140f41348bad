package dev.ricci.models.generation;

import dev.ricci.tensor.TensorException;
import java.util.List;

/**
 * What to generate.
 *
 * @param maxNewTokens at most this many
 * @param sampling how a token is chosen
 * @param seed of the draws
 * @param stop texts that end the generation; they are not part of the result
 * @param useCache whether keys and values are kept between steps: the same ids, faster
 */
public record GenerationConfig(int maxNewTokens, Sampling sampling, long seed, List<String> stop, boolean useCache) {
    /** Checks the ranges. */
    public GenerationConfig {
        if (maxNewTokens < 0) {
            throw new TensorException("generate: the number of tokens must not be negative, got " + maxNewTokens);
        }
        stop = List.copyOf(stop);
        if (stop.contains("")) {
            throw new TensorException("generate: a stop text must not be empty");
        }
    }

    /** Greedy generation through the cache. */
    public static GenerationConfig greedy(int maxNewTokens) {
        return new GenerationConfig(maxNewTokens, Sampling.GREEDY, 0, List.of(), true);
    }

    /** The same with another number of tokens. */
    public GenerationConfig withMaxNewTokens(int tokens) {
        return new GenerationConfig(tokens, sampling, seed, stop, useCache);
    }

    /** The same with another sampling and seed. */
    public GenerationConfig with(Sampling other, long otherSeed) {
        return new GenerationConfig(maxNewTokens, other, otherSeed, stop, useCache);
    }

    /** The same with stop texts. */
    public GenerationConfig withStop(List<String> texts) {
        return new GenerationConfig(maxNewTokens, sampling, seed, texts, useCache);
    }

    /** The same with or without the cache. */
    public GenerationConfig withCache(boolean use) {
        return new GenerationConfig(maxNewTokens, sampling, seed, stop, use);
    }
}
