package dev.ricci.tensor.spi;

import dev.ricci.tensor.DType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The memory behind one or more tensors. It counts its in-place changes, so that a backward pass can refuse to read
 * a saved value that has since changed.
 *
 * <p>Memory is the garbage collector's, but for what a backward pass knows to be dead: on what nobody but the engine may
 * hold, the engine counts its holds ({@link #countHolds()}), and with the last of them the memory is used again.
 */
public abstract class Storage {
    /** In the place of a number of holds: left to the garbage collector. */
    private static final int PINNED = -1;
    private static final VarHandle HOLDS;

    static {
        try {
            HOLDS = MethodHandles.lookup().findVarHandle(Storage.class, "holds", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile int holds = PINNED;
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

    /**
     * The elements as one array on the heap, in the order that layouts count: the storage itself, or a copy of one that
     * keeps them otherwise, such as {@link dev.ricci.tensor.weights.WeightStorage}.
     */
    public Storage plain() {
        return this;
    }

    // ---------------------------------------------------------------- use again

    /** Begins to count holds, if memory of this kind and size is worth it. For results that no user has seen yet. */
    public final void countHolds() {
        if (isWorthReclaiming()) {
            holds = 0;
        }
    }

    /** Whether holds are counted: neither pinned nor reclaimed. */
    public final boolean isReclaimable() {
        return holds != PINNED;
    }

    /** Leaves the memory to the garbage collector from now on: somebody may hold it whom nobody counts. */
    public final void pin() {
        holds = PINNED;
    }

    /** One more hold. */
    public final void hold() {
        for (int h = holds; h != PINNED && !HOLDS.compareAndSet(this, h, h + 1); h = holds) {
            Thread.onSpinWait();
        }
    }

    /** One hold less; the last one gives the memory back. */
    public final void letGo() {
        for (int h = holds; h != PINNED; h = holds) {
            if (HOLDS.compareAndSet(this, h, h - 1)) {
                reclaimIfFree();
                return;
            }
        }
    }

    /** Gives the memory back if nobody holds it. Reading it afterwards throws a {@code TensorException}. */
    public final void reclaimIfFree() {
        if (HOLDS.compareAndSet(this, 0, PINNED)) {
            companion = null;
            reclaim();
        }
    }

    /** Whether {@link #reclaim()} does something for memory of this kind and size. */
    protected boolean isWorthReclaiming() {
        return false;
    }

    /** Gives the memory back; called once. */
    protected void reclaim() {
    }
}
