package dev.ricci.models.generation;

/**
 * What an {@link InferenceEngine} holds at a moment, and what it has done since it was made.
 *
 * @param active sequences being generated
 * @param queued requests that wait
 * @param freeSlots how many more could be generated at the same time
 * @param usedCacheTokens cache reserved for the active sequences, in tokens
 * @param keptCacheTokens cache of sequences that ended, kept for their prefix, in tokens; given up when room is needed
 * @param submitted requests accepted
 * @param rejected requests refused because the queue was full
 * @param finished requests that ended, for whatever reason
 * @param promptTokens tokens of prompts that began to be generated from
 * @param reusedTokens how many of these were found in the cache
 * @param newTokens tokens generated
 */
public record EngineStatistics(int active, int queued, int freeSlots, int usedCacheTokens, int keptCacheTokens,
        long submitted, long rejected, long finished, long promptTokens, long reusedTokens, long newTokens) {
}
