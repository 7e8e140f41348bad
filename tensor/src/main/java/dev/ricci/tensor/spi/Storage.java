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
    }
}
