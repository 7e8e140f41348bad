package dev.ricci.nn.data;

import dev.ricci.tensor.Philox;

/** In which order a {@link DataLoader} takes examples. */
public enum Order {
    /** 0, 1, 2, ... in every epoch. */
    SEQUENTIAL,
    /** Each example once an epoch, in an order of the epoch's own. */
    SHUFFLED,
    /** Independent draws, so that an example may come twice; an epoch is as many as there are examples. */
    DRAWN;

    /**
     * Examples in an order: a function of the arguments alone.
     *
     * @param key of the epoch
     * @param size number of examples
     * @return [size], or null for {@link #DRAWN}, whose draws {@link #draw} gives one by one
     */
    int[] permutation(long key, int size) {
        if (this == DRAWN) {
            return null;
        }
        int[] order = new int[size];
        for (int i = 0; i < size; i++) {
            order[i] = i;
        }
        if (this == SHUFFLED) {
            for (int i = size - 1; i > 0; i--) {
                int j = draw(key, i, i + 1);
                int other = order[j];
                order[j] = order[i];
                order[i] = other;
            }
        }
        return order;
    }

    /** Draw number {@code index} of a key: 0 .. bound-1. */
    static int draw(long key, long index, int bound) {
        int[] words = new int[4];
        Philox.block(words, key, index);
        return Philox.bounded(words[0], bound);
    }
}
