package dev.ricci.testkit;

/** What kind of cases a suite wants of a row. */
public enum Profile {
    /** Everything the op takes: empty tensors, ties, special values, other element types. */
    FORWARD(400, 40, false),
    /** Finite F32 values away from kinks and poles: gradients of a backend against the reference's. */
    GRADIENT(150, 20, true),
    /** As {@link #GRADIENT} and tiny: gradients against finite differences. */
    FINITE_DIFFERENCES(10, 3, true),
    /** Tensors large enough that a backend splits them between threads. */
    LARGE(80_000, 96, false);

    private final int maxElements;
    private final int maxSize;
    private final boolean smooth;

    Profile(int maxElements, int maxSize, boolean smooth) {
        this.maxElements = maxElements;
        this.maxSize = maxSize;
        this.smooth = smooth;
    }

    /** Most elements of a tensor whose shape is free. */
    public int maxElements() {
        return maxElements;
    }

    /** Largest size of one axis of ops with several (matrix products, attention, images). */
    public int maxSize() {
        return maxSize;
    }

    /** Whether values stay away from kinks and poles, and nothing but F32 and ids occurs. */
    public boolean isSmooth() {
        return smooth;
    }
}
