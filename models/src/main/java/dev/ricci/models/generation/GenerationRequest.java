package dev.ricci.models.generation;

import dev.ricci.tensor.TensorException;
import java.util.Set;

/**
 * What {@link InferenceEngine} is asked to continue.
 *
 * @param prompt one id or more; not to be changed afterwards
 * @param config what to generate; its stop texts are the business of {@link TextStream}
 * @param stopIds ids that end the generation, such as the end of a sequence or of a turn; they are not part of the
 *     result
 * @param topLogProbabilities how many of the likeliest ids each token comes with; 0 for none
 */
public record GenerationRequest(int[] prompt, GenerationConfig config, Set<Integer> stopIds, int topLogProbabilities) {
    /** Checks the ranges; what depends on the model is checked by the engine. */
    public GenerationRequest {
        prompt = prompt.clone();
        if (prompt.length == 0) {
            throw new TensorException("generate: the prompt must hold one id or more");
        }
        if (topLogProbabilities < 0) {
            throw new TensorException("generate: the number of log-probabilities must not be negative, got "
                    + topLogProbabilities);
        }
        stopIds = Set.copyOf(stopIds);
    }

    /** Without stop ids and without log-probabilities of other ids. */
    public static GenerationRequest of(int[] prompt, GenerationConfig config) {
        return new GenerationRequest(prompt, config, Set.of(), 0);
    }

    /** The same with stop ids. */
    public GenerationRequest withStopIds(Set<Integer> ids) {
        return new GenerationRequest(prompt, config, ids, topLogProbabilities);
    }

    /** The same with the likeliest ids of each step. */
    public GenerationRequest withTopLogProbabilities(int n) {
        return new GenerationRequest(prompt, config, stopIds, n);
    }
}
