package dev.ricci.tensor.spi;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.TensorException;

/** Storage in one primitive array on the Java heap; never freed by hand. */
public final class HeapStorage extends Storage {
    /** Who keeps the values of a storage elsewhere for a while, such as a program on a device that updates them. */
    public interface Loan {
        /**
         * Brings the values back: writes them into {@link HeapStorage#lent()} and calls {@link HeapStorage#returned()},
         * unless another thread has done so meanwhile. From any thread.
         */
        void bringBack(HeapStorage storage);
    }

    private Object array;
    private volatile Loan loan;

    private HeapStorage(DType dtype, int size, Object array) {
        super(dtype, size);
        this.array = array;
    }

    /** Zeroed storage. */
    public static HeapStorage allocate(DType dtype, int size) {
        Object array = switch (dtype) {
            case F32 -> new float[size];
            case F64 -> new double[size];
            case F16, BF16 -> new short[size];
            case I32 -> new int[size];
            case I64 -> new long[size];
            case U8, BOOL -> new byte[size];
        };
        return new HeapStorage(dtype, size, array);
    }

    /** Storage for a result, which will be written over: it may hold old values. */
    public static HeapStorage forResult(DType dtype, int size) {
        float[] used = dtype == DType.F32 ? MemoryPool.take(size) : null;
        return used == null ? allocate(dtype, size) : new HeapStorage(dtype, size, used);
    }

    /** Says that a step of a computation ended: memory that none of the last steps used again is left to the collector. */
    public static void stepEnded() {
        MemoryPool.stepEnded();
    }

    /** F32 storage over an array, not copied. */
    public static HeapStorage of(float[] array) {
        return new HeapStorage(DType.F32, array.length, array);
    }

    /** F64 storage over an array, not copied. */
    public static HeapStorage of(double[] array) {
        return new HeapStorage(DType.F64, array.length, array);
    }

    /** I32 storage over an array, not copied. */
    public static HeapStorage of(int[] array) {
        return new HeapStorage(DType.I32, array.length, array);
    }

    /** I64 storage over an array, not copied. */
    public static HeapStorage of(long[] array) {
        return new HeapStorage(DType.I64, array.length, array);
    }

    /** U8 or BOOL storage over an array, not copied. */
    public static HeapStorage of(DType dtype, byte[] array) {
        return new HeapStorage(dtype, array.length, array);
    }

    /** F16 or BF16 storage over an array of bit patterns, not copied. */
    public static HeapStorage of(DType dtype, short[] array) {
        return new HeapStorage(dtype, array.length, array);
    }

    /**
     * A storage of its own over the same array, some elements of which are one of its values: layouts say which.
     *
     * @param size how many
     */
    public HeapStorage part(int size) {
        return new HeapStorage(dtype(), size, live());
    }

    /** The array of an F32 storage. */
    public float[] floats() {
        return (float[]) live();
    }

    /** The array of an F64 storage. */
    public double[] doubles() {
        return (double[]) live();
    }

    /** The array of an F16 or BF16 storage. */
    public short[] shorts() {
        return (short[]) live();
    }

    /** The array of an I32 storage. */
    public int[] ints() {
        return (int[]) live();
    }

    /** The array of an I64 storage. */
    public long[] longs() {
        return (long[]) live();
    }

    /** The array of a U8 or BOOL storage. */
    public byte[] bytes() {
        return (byte[]) live();
    }

    /** Says that the values are elsewhere now. Whoever asks for the array first has them brought back. */
    public void lend(Loan to) {
        loan = to;
    }

    /** Whether the values are elsewhere. */
    public boolean isLent() {
        return loan != null;
    }

    /** Whether it is this one who keeps them. */
    public boolean isLentTo(Loan who) {
        return loan == who;
    }

    /** The memory itself while its values are elsewhere: a storage over the same array that asks nobody. */
    public HeapStorage lent() {
        return new HeapStorage(dtype(), size(), array);
    }

    /** Says that the array has the values again. */
    public void returned() {
        loan = null;
    }

    private Object live() {
        Loan l = loan;
        if (l != null) {
            l.bringBack(this);
        }
        Object a = array;
        if (a == null) {
            throw new TensorException("tensor: a " + dtype() + " tensor of " + size() + " elements is gone: its memory"
                    + " was given back by Gradients.release(), by a backward pass with Gradients.reuseMemory(), as Trainer runs"
                    + " it, or at the end of a model's layer under NoGrad; keep the detach() of what is to be read afterwards,"
                    + " of a gradient a copy");
        }
        return a;
    }

    @Override
    protected boolean isWorthReclaiming() {
        return dtype() == DType.F32 && size() >= MemoryPool.SMALLEST;
    }

    @Override
    protected void reclaim() {
        float[] free = (float[]) array;
        array = null;
        MemoryPool.give(free);
    }
}
