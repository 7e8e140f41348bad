package dev.ricci.nn.data;

import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.TensorException;

/** The check that data sets share. */
final class Indices {
    private Indices() {
    }

    static void check(String source, int[] indices, int size) {
        if (indices.length == 0) {
            throw new TensorException(source + ": a batch needs one example or more, got none");
        }
        for (int i : indices) {
            if (i < 0 || i >= size) {
                throw new IndexOutOfRangeException(source + ": there is no example " + i + "; there are " + size);
            }
        }
    }
}
