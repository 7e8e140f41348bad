package dev.ricci.gpu;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.program.Buffer;
import dev.ricci.tensor.program.Value;
import dev.ricci.tensor.spi.Operand;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/** The memory of one op on the host side of a device: offsets of its buffers, and the arrays that are copied. */
final class Arena implements Memory {
    private final Map<Buffer, Integer> offsets = new HashMap<>();
    private final int[] sizes = new int[3];
    private int scratchFrom = -1;
    private int scratchSize;
    private float[] floats;
    private int[] ints;
    private long[] longs;

    /** Gives a buffer a place. */
    void add(Buffer buffer) {
        if (!offsets.containsKey(buffer)) {
            offsets.put(buffer, take(Memory.type(buffer.dtype()), buffer.size()));
        }
    }

    private int take(int type, int size) {
        int at = sizes[type];
        sizes[type] = Math.addExact(at, size);
        return at;
    }

    @Override
    public int offset(Value value) {
        return offsets.get(value.buffer()) + value.layout().offset();
    }

    @Override
    public int scratch(int needed) {
        if (scratchFrom < 0 || needed > scratchSize) {
            scratchFrom = take(1, needed);
            scratchSize = needed;
        }
        return scratchFrom;
    }

    /** Makes the arrays, once all places are given. */
    void allocate() {
        floats = new float[sizes[0]];
        ints = new int[sizes[1]];
        longs = new long[sizes[2]];
    }

    float[] floats() {
        return floats;
    }

    int[] ints() {
        return ints;
    }

    long[] longs() {
        return longs;
    }

    /** The part of a storage that an operand touches, as a value whose layout counts from its beginning. */
    static Value touched(int id, Operand operand) {
        Layout layout = operand.layout();
        Shape shape = layout.shape();
        int low = layout.offset();
        int high = low;
        for (int a = 0; a < shape.rank() && !shape.isEmpty(); a++) {
            int reach = (shape.dim(a) - 1) * layout.stride(a);
            low += Math.min(0, reach);
            high += Math.max(0, reach);
        }
        int size = shape.isEmpty() ? 0 : high - low + 1;
        Buffer buffer = new Buffer(id, Buffer.Kind.INPUT, operand.dtype(), size, null);
        return new Value(buffer, layout.shifted(-low));
    }

    /** Copies what {@link #touched} found into the arrays. */
    void upload(Operand from, Value to) {
        int at = offsets.get(to.buffer());
        int first = from.layout().offset() - to.layout().offset();
        Transfer.up(from.heap(), first, array(from.dtype()), at, to.buffer().size());
    }

    /** Copies a dense result back. */
    void download(Value from, Operand to) {
        int at = offset(from);
        Transfer.down(array(to.dtype()), at, to.heap(), to.layout().offset(), to.size());
    }

    private MemorySegment array(DType dtype) {
        return switch (Memory.type(dtype)) {
            case 0 -> MemorySegment.ofArray(floats);
            case 1 -> MemorySegment.ofArray(ints);
            default -> MemorySegment.ofArray(longs);
        };
    }

    static Value dense(int id, DType dtype, Shape shape) {
        return new Value(new Buffer(id, Buffer.Kind.RESULT, dtype, shape.size(), null), Layout.dense(shape));
    }
}
