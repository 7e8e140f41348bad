package dev.ricci.models.generation;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.tensor.TensorException;

/**
 * How much an {@link InferenceEngine} takes on.
 *
 * @param maxSequences how many are generated at the same time
 * @param maxQueued how many more may wait; those beyond are refused at once
 * @param cacheTokens tokens whose keys and values are held in all, by the sequences being generated and by those kept
 *     for their prefix; a single sequence is held to as many
 * @param promptTokens most tokens of prompts in one step: more fill a long prompt a little faster, fewer let sequences
 *     that are being generated wait less for it
 * @param reusePrefixes whether a prompt that begins like a sequence read before starts from its keys and values: the
 *     same bits, sooner
 */
public record EngineOptions(int maxSequences, int maxQueued, int cacheTokens, int promptTokens, boolean reusePrefixes) {
    private static final int SEQUENCES = 16;
    private static final int QUEUED = 64;
    private static final int PROMPT_TOKENS = 128;

    /** Checks the ranges. */
    public EngineOptions {
        positive("maxSequences", maxSequences);
        if (maxQueued < 0) {
            throw new TensorException("engine: maxQueued must not be negative, got " + maxQueued);
        }
        positive("cacheTokens", cacheTokens);
        positive("promptTokens", promptTokens);
    }

    private static void positive(String name, int value) {
        if (value <= 0) {
            throw new TensorException("engine: " + name + " must be positive, got " + value);
        }
    }

    /**
     * 16 sequences, 64 waiting, prompts in steps of 128 tokens, prefixes reused; a cache of 16 contexts or what fits
     * into a quarter of the largest heap, but one context at least.
     */
    public static EngineOptions of(Decoder model) {
        DecoderConfig c = model.config();
        long fits = Runtime.getRuntime().maxMemory() / 4 / model.newCache(1, 1).bytes();
        long tokens = Math.max(c.contextLength(), Math.min((long) SEQUENCES * c.contextLength(), fits));
        return new EngineOptions(SEQUENCES, QUEUED, (int) Math.min(Integer.MAX_VALUE, tokens), PROMPT_TOKENS, true);
    }

    /** The same for another number of sequences at the same time. */
    public EngineOptions withMaxSequences(int n) {
        return new EngineOptions(n, maxQueued, cacheTokens, promptTokens, reusePrefixes);
    }

    /** The same with another limit of those that wait. */
    public EngineOptions withMaxQueued(int n) {
        return new EngineOptions(maxSequences, n, cacheTokens, promptTokens, reusePrefixes);
    }

    /** The same with a cache of another size. */
    public EngineOptions withCacheTokens(int n) {
        return new EngineOptions(maxSequences, maxQueued, n, promptTokens, reusePrefixes);
    }

    /** The same with longer or shorter steps for prompts. */
    public EngineOptions withPromptTokens(int n) {
        return new EngineOptions(maxSequences, maxQueued, cacheTokens, n, reusePrefixes);
    }

    /** The same with or without reuse of prefixes. */
    public EngineOptions withReusePrefixes(boolean reuse) {
        return new EngineOptions(maxSequences, maxQueued, cacheTokens, promptTokens, reuse);
    }
}
