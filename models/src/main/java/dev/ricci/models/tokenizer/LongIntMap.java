package dev.ricci.models.tokenizer;

import java.util.Arrays;

/** From 64-bit keys to ints that are not negative: open addressing on two arrays, no boxes. Entries are never removed. */
final class LongIntMap {
    /** What {@link #get} returns for a key that is not there. */
    static final int ABSENT = -1;

    private long[] keys;
    private int[] values;
    private int size;

    LongIntMap(int expected) {
        int slots = Integer.highestOneBit(Math.max(8, Math.min(expected, 1 << 28)) * 2 - 1) * 2;
        keys = new long[slots];
        values = new int[slots];
        Arrays.fill(values, ABSENT);
    }

    /** A pair of ints as one key. */
    static long pair(int left, int right) {
        return (long) left << 32 | right & 0xFFFFFFFFL;
    }

    int get(long key) {
        int mask = keys.length - 1;
        for (int i = slot(key, mask);; i = i + 1 & mask) {
            if (values[i] == ABSENT) {
                return ABSENT;
            }
            if (keys[i] == key) {
                return values[i];
            }
        }
    }

    /** Sets the value of a key, a new one or an old one. */
    void put(long key, int value) {
        if (size * 2 >= keys.length) {
            grow();
        }
        int mask = keys.length - 1;
        int i = slot(key, mask);
        while (values[i] != ABSENT && keys[i] != key) {
            i = i + 1 & mask;
        }
        if (values[i] == ABSENT) {
            keys[i] = key;
            size++;
        }
        values[i] = value;
    }

    private void grow() {
        long[] oldKeys = keys;
        int[] oldValues = values;
        keys = new long[oldKeys.length * 2];
        values = new int[keys.length];
        Arrays.fill(values, ABSENT);
        size = 0;
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldValues[i] != ABSENT) {
                put(oldKeys[i], oldValues[i]);
            }
        }
    }

    /** Keys come from files: multiply and fold, so that pairs of small numbers do not line up in one run of slots. */
    private static int slot(long key, int mask) {
        long h = key * 0x9E3779B97F4A7C15L;
        h ^= h >>> 29;
        h *= 0xBF58476D1CE4E5B9L;
        return (int) (h >>> 32) & mask;
    }
}
