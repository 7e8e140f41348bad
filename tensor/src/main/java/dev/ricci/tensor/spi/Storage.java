package dev.ricci.tensor.spi;

import dev.ricci.tensor.DType;

/**
 * The memory behind one or more tensors. It counts its in-place changes, so that a backward pass can refuse to read
 * a saved value that has since changed.
 */
public abstract class Storage {
    private final DType dtype;
    private final int size;
    private volatile int version;
    private volatile Object companion;

    /**
     * @param dtype element type
     * @param size number of elements
     */
    protected Storage(DType dtype, int size) {
        this.dtype = dtype;
        this.size = size;
    }

    /** Element type. */
    public final DType dtype() {
        return dtype;
    }

    /** Number of elements. */
    public final int size() {
        return size;
    }

    /** How often it was changed in place. */
    public final int version() {
        return version;
    }

    /** Counts one in-place change. Only one thread may change a storage at a time. */
    @SuppressWarnings("NonAtomicOperationOnVolatileField")
    public final void changed() {
        version = version + 1;
        companion = null;
    }

    /** What a backend has kept beside the memory since the last change, or null. */
    public final Object companion() {
        return companion;
    }

    /**
     * Keeps something that a backend made from the values, such as a packed copy, until they change. There is one at a
     * time; threads that read the storage may replace each other's.
     */
    public final void keep(Object made) {
        companion = made;
    }
}
