package dev.ricci.tensor.program;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.spi.Storage;
import java.util.Locale;

/**
 * Memory that values of a program lie in. Values that share elements, as a tensor and its views do, lie in one buffer.
 * Equality is identity.
 */
public final class Buffer {
    /** Where the memory comes from. */
    public enum Kind {
        /** Given anew to each run. */
        INPUT,
        /** Kept outside of the program: parameters, optimizer state, and tensors that the program merely reads. */
        HELD,
        /** Made by the program and dead before its end. */
        SCRATCH,
        /** Made by the program and handed out. */
        RESULT
    }

    private final int id;
    private final Kind kind;
    private final DType dtype;
    private final int size;
    private final Storage held;

    /**
     * @param id counted from 0 within the program
     * @param kind where the memory comes from
     * @param dtype element type
     * @param size number of elements
     * @param held the memory of a {@link Kind#HELD} buffer, else null
     */
    public Buffer(int id, Kind kind, DType dtype, int size, Storage held) {
        this.id = id;
        this.kind = kind;
        this.dtype = dtype;
        this.size = size;
        this.held = held;
    }

    /** Counted from 0 within the program. */
    public int id() {
        return id;
    }

    /** Where the memory comes from. */
    public Kind kind() {
        return kind;
    }

    /** Element type. */
    public DType dtype() {
        return dtype;
    }

    /** Number of elements. */
    public int size() {
        return size;
    }

    /** The memory of a {@link Kind#HELD} buffer, which shows its values of today; null for others. */
    public Storage held() {
        return held;
    }

    /** Bytes of its elements. */
    public long bytes() {
        return (long) size * dtype.blockBytes() / dtype.blockElements();
    }

    @Override
    public String toString() {
        return kind.name().toLowerCase(Locale.ROOT) + " " + id;
    }
}
