package dev.ricci.models.tokenizer;

import java.util.Arrays;

/** A growing list of ids, and the working memory of one call of {@code encode}; used by one thread. */
final class IdBuffer {
    private int[] ids = new int[64];
    private int size;
    private final int[][] scratch = new int[4][0];
    private final LongHeap heap = new LongHeap();
    private byte[] bytes = new byte[64];

    void add(int id) {
        if (size == ids.length) {
            ids = Arrays.copyOf(ids, size * 2);
        }
        ids[size++] = id;
    }

    void add(int[] more) {
        if (size + more.length > ids.length) {
            ids = Arrays.copyOf(ids, Math.max(size * 2, size + more.length));
        }
        System.arraycopy(more, 0, ids, size, more.length);
        size += more.length;
    }

    int size() {
        return size;
    }

    /** The ids from a place on. */
    int[] from(int start) {
        return Arrays.copyOfRange(ids, start, size);
    }

    /** One of four arrays of working memory, of at least this length, with old content. */
    int[] scratch(int which, int length) {
        if (scratch[which].length < length) {
            scratch[which] = new int[Math.max(length, Math.min(2 * scratch[which].length, 1 << 20))];
        }
        return scratch[which];
    }

    /** A heap, empty between uses. */
    LongHeap heap() {
        return heap;
    }

    /** Working memory for bytes, with old content. */
    byte[] bytes(int length) {
        if (bytes.length < length) {
            bytes = new byte[length];
        }
        return bytes;
    }
}
