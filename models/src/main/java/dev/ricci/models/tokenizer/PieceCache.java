package dev.ricci.models.tokenizer;

import java.util.Arrays;

/**
 * The ids of the words that were met last, one for each slot of a table of fixed size; a newcomer takes the place of the
 * one before it. Threads may share it: entries are immutable, so a race costs a look-up at most.
 */
final class PieceCache {
    /** Longer words are rare and would fill the memory. */
    private static final int LONGEST = 48;
    private static final int SLOTS = 1 << 15;

    private final Entry[] entries = new Entry[SLOTS];

    private record Entry(char[] piece, int[] ids, int hash) {
    }

    /** Adds the ids of {@code text[from, to)}, from the table or from the model. */
    void encode(TokenModel model, char[] text, int from, int to, IdBuffer out) {
        int length = to - from;
        if (length > LONGEST) {
            model.encode(text, from, to, out);
            return;
        }
        int hash = length;
        for (int i = from; i < to; i++) {
            hash = hash * 0x01000193 ^ text[i];
        }
        int slot = (hash ^ hash >>> 15) * 0x9E3779B1 >>> 17;
        Entry e = entries[slot];
        if (e != null && e.hash == hash && e.piece.length == length
                && Arrays.equals(e.piece, 0, length, text, from, to)) {
            out.add(e.ids);
            return;
        }
        int start = out.size();
        model.encode(text, from, to, out);
        entries[slot] = new Entry(Arrays.copyOfRange(text, from, to), out.from(start), hash);
    }
}
