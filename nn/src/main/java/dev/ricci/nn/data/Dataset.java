package dev.ricci.nn.data;

/** Examples that can be had by number. Thread-safe: the same number always gives the same example. */
public interface Dataset {
    /** Number of examples. */
    int size();

    /**
     * Examples as a batch.
     *
     * @param indices each 0 .. size-1, one or more
     * @throws dev.ricci.tensor.IndexOutOfRangeException if there is no such example
     */
    Batch batch(int... indices);
}
