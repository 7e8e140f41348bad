package dev.ricci.models.generation;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.nn.KvCache;
import java.util.ArrayList;
import java.util.List;

/**
 * Hands out caches to sequences, in all for a fixed number of tokens. The caches of sequences that ended are kept as
 * long as there is room, the last used longest, and a new sequence that begins like one of them, or like one that is
 * being generated, starts from its keys and values. For one thread.
 */
final class PrefixCache {
    /** Each new prompt is compared with so many at most. */
    private static final int MAX_KEPT = 256;

    private final Decoder model;
    private final int limit;
    private final boolean reuse;
    private final List<Sequence> active = new ArrayList<>();
    /** The last used last. */
    private final List<Sequence> kept = new ArrayList<>();

    PrefixCache(Decoder model, int limit, boolean reuse) {
        this.model = model;
        this.limit = limit;
        this.reuse = reuse;
    }

    /** Tokens reserved for sequences that are being generated. */
    int usedTokens() {
        return tokens(active);
    }

    /** Tokens of the caches that are kept. */
    int keptTokens() {
        return tokens(kept);
    }

    private static int tokens(List<Sequence> sequences) {
        return sequences.stream().mapToInt(s -> s.cache.capacity()).sum();
    }

    /**
     * Gives a sequence a cache, which may hold its first ids already, but never its last one.
     *
     * @return whether there was room
     */
    boolean acquire(Sequence s) {
        Sequence like = null;
        int prefix = 0;
        for (List<Sequence> others : List.of(active, kept)) {
            for (Sequence other : others) {
                int n = commonPrefix(s, other);
                if (n > prefix || n == prefix && n > 0 && n == other.cache.length()) {
                    like = other;
                    prefix = n;
                }
            }
        }
        int used = usedTokens();
        int needed = s.cacheTokens();
        boolean takeOver = like != null && kept.contains(like) && (2 * prefix >= like.cache.length()
                || (long) used + like.cache.capacity() + needed > limit);
        int reserved = takeOver ? Math.max(needed, like.cache.capacity()) : needed;
        if ((long) used + reserved > limit) {
            return false;
        }
        if (kept.remove(like) && !takeOver) {
            kept.add(like);
        }
        while (!kept.isEmpty() && (long) used + keptTokens() + reserved > limit) {
            kept.removeFirst();
        }
        s.cache = takeOver ? takenOver(like.cache, prefix, reserved) : copied(like, prefix, reserved);
        active.add(s);
        return true;
    }

    private static KvCache takenOver(KvCache cache, int prefix, int capacity) {
        cache.truncate(prefix);
        if (cache.capacity() < capacity) {
            cache.grow(capacity);
        }
        return cache;
    }

    private KvCache copied(Sequence like, int prefix, int capacity) {
        KvCache cache = model.newCache(1, capacity);
        if (like != null) {
            cache.copyFrom(like.cache, prefix);
        }
        return cache;
    }

    private int commonPrefix(Sequence s, Sequence other) {
        // The model must read one id at least: the next one comes from its logits.
        int most = reuse ? Math.min(s.length() - 1, other.cache.length()) : 0;
        int n = 0;
        while (n < most && s.ids()[n] == other.ids()[n]) {
            n++;
        }
        return n;
    }

    /**
     * Takes a sequence's cache back.
     *
     * @param sound whether its keys and values may serve others
     */
    void release(Sequence s, boolean sound) {
        active.remove(s);
        if (reuse && sound) {
            kept.add(s);
            if (kept.size() > MAX_KEPT) {
                kept.removeFirst();
            }
        }
    }

    /** Gives up all that is kept. */
    void clear() {
        kept.clear();
    }
}
