package dev.ricci.models.cost;

import dev.ricci.tensor.TensorException;

/**
 * One pass through a decoder: the last {@code queries} tokens of each sequence go through it, keys and values of those before
 * are in a cache.
 *
 * @param batch number of sequences
 * @param queries tokens of each sequence that go through
 * @param keys tokens of each sequence that can be seen, those that go through included
 * @param block the mask: queries lie in blocks of so many, and each sees its own block and all before. 1 is causal,
 *     {@code queries} lets all see all
 * @param logits tokens of each sequence that go through the head, 0 .. queries
 */
public record Pass(int batch, int queries, int keys, int block, int logits) {
    /** Longer sequences are taken for a mistake. */
    private static final int MOST_KEYS = 1 << 24;

    /** Checks every field. */
    public Pass {
        if (batch < 1 || queries < 1 || keys < queries || keys > MOST_KEYS || block < 1 || logits < 0 || logits > queries) {
            throw new TensorException("cost: a pass needs batch >= 1, 1 <= queries <= keys <= " + MOST_KEYS
                    + ", block >= 1 and 0 <= logits <= queries, got batch " + batch + ", queries " + queries + ", keys " + keys
                    + ", block " + block + ", logits " + logits);
        }
    }

    /** Whole sequences in which all see all, without the head: a step of diffusion without a cache. */
    public static Pass full(int batch, int tokens) {
        return new Pass(batch, tokens, tokens, tokens, 0);
    }

    /** Some tokens behind a cache, which see each other and all before, without the head. */
    public static Pass cached(int batch, int queries, int keys) {
        return new Pass(batch, queries, keys, queries, 0);
    }

    /** The same with so many tokens of each sequence through the head. */
    public Pass withLogits(int tokens) {
        return new Pass(batch, queries, keys, block, tokens);
    }

    /**
     * Pairs of a query and a key that it sees, in one head of one sequence.
     *
     * @param window keys that a query sees at most, 0 for all
     */
    long pairs(int window) {
        long pairs = 0;
        for (int start = 0; start < queries; start += Math.min(block, queries)) {
            int end = Math.min(queries - start, block) + start;
            int seen = keys - queries + end;
            pairs += (long) (end - start) * (window > 0 ? Math.min(seen, window) : seen);
        }
        return pairs;
    }

    /** Keys that any query sees. */
    int keys(int window) {
        return window > 0 ? (int) Math.min(keys, (long) window + queries - 1) : keys;
    }
}
