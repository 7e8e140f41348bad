package dev.ricci.models.tokenizer;

import java.util.Arrays;

/** Finds which of a set of strings begin at a place of a text; each string carries an int that is not negative. */
final class CharTrie {
    /** The node before the first character. */
    static final int ROOT = 0;
    /** No such node, or no string that ends at a node. */
    static final int NONE = -1;

    private final LongIntMap children;
    private int[] values = {NONE};
    private int nodes = 1;
    /** One bit a character: does any string begin with it? Most places of a text are told apart by this alone. */
    private final long[] first = new long[1 << 10];

    CharTrie(int expectedNodes) {
        children = new LongIntMap(expectedNodes);
    }

    /** Adds a string; one that is there already keeps its value unless {@code replace}. */
    void add(CharSequence string, int value, boolean replace) {
        int node = ROOT;
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            if (i == 0) {
                first[c >> 6] |= 1L << c;
            }
            int next = child(node, c);
            if (next == NONE) {
                next = nodes++;
                if (next == values.length) {
                    values = Arrays.copyOf(values, next * 2);
                }
                values[next] = NONE;
                children.put(LongIntMap.pair(node, c), next);
            }
            node = next;
        }
        if (replace || values[node] == NONE) {
            values[node] = value;
        }
    }

    /** The node after one more character, or {@link #NONE}. */
    int child(int node, char c) {
        return children.get(LongIntMap.pair(node, c));
    }

    /** The value of the string that ends at a node, or {@link #NONE}. */
    int value(int node) {
        return values[node];
    }

    /** Whether a string begins with a character. */
    boolean startsWith(char c) {
        return (first[c >> 6] & 1L << c) != 0;
    }

    /** The value of exactly the string in {@code text[from, to)}, or {@link #NONE}. */
    int find(char[] text, int from, int to) {
        int node = ROOT;
        for (int i = from; i < to && node != NONE; i++) {
            node = child(node, text[i]);
        }
        return node == NONE ? NONE : values[node];
    }
}
