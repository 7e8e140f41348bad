package dev.ricci.models.generation;

import dev.ricci.nn.KvCache;
import java.util.Arrays;

/** A request on its way: the ids so far, and how many of them the cache holds. */
final class Sequence {
    private static final int ROOM = 256;

    final GenerationRequest request;
    final Generation handle;
    /** Most new tokens: what was asked for, as far as context and cache reach. */
    final int limit;
    private int[] ids;
    private int length;
    /** Set while it is being generated. */
    KvCache cache;

    /** @param room most tokens that a cache may hold */
    Sequence(GenerationRequest request, Generation handle, int room) {
        this.request = request;
        this.handle = handle;
        int[] prompt = request.prompt();
        // The last token is never read, so it needs no place in the cache.
        this.limit = Math.min(request.config().maxNewTokens(), room - prompt.length + 1);
        this.ids = Arrays.copyOf(prompt, prompt.length + Math.min(limit, ROOM));
        this.length = prompt.length;
    }

    /** Prompt and new ids; {@link #length} of them count. */
    int[] ids() {
        return ids;
    }

    int length() {
        return length;
    }

    int newTokens() {
        return length - request.prompt().length;
    }

    /** Tokens that its cache must hold at the end. */
    int cacheTokens() {
        return request.prompt().length + limit - 1;
    }

    /** Ids that the model has not read. */
    int pending() {
        return length - cache.length();
    }

    void append(int id) {
        if (length == ids.length) {
            ids = Arrays.copyOf(ids, (int) Math.min((long) length * 2, request.prompt().length + (long) limit));
        }
        ids[length++] = id;
    }
}
