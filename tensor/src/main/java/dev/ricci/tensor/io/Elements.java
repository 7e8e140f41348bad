package dev.ricci.tensor.io;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.DeviceException;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.spi.HeapStorage;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/** Elements between heap storage and little-endian bytes. */
final class Elements {
    private static final int CHUNK_BYTES = 1 << 20;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    private Elements() {
    }

    /**
     * Copies bytes into new storage.
     *
     * @param bytes exactly the elements
     * @param source named in errors
     * @throws FormatException if a truth value is neither 0 nor 1
     */
    static HeapStorage read(MemorySegment bytes, DType dtype, String source) {
        int n = (int) (bytes.byteSize() / dtype.blockBytes());
        HeapStorage s = HeapStorage.allocate(dtype, n);
        switch (dtype) {
            case F32 -> MemorySegment.copy(bytes, FLOAT, 0, s.floats(), 0, n);
            case F64 -> MemorySegment.copy(bytes, DOUBLE, 0, s.doubles(), 0, n);
            case F16, BF16 -> MemorySegment.copy(bytes, SHORT, 0, s.shorts(), 0, n);
            case I32 -> MemorySegment.copy(bytes, INT, 0, s.ints(), 0, n);
            case I64 -> MemorySegment.copy(bytes, LONG, 0, s.longs(), 0, n);
            case U8, BOOL -> MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, 0, s.bytes(), 0, n);
        }
        if (dtype == DType.BOOL) {
            for (int i = 0; i < n; i++) {
                if (s.bytes()[i] != 0 && s.bytes()[i] != 1) {
                    throw new FormatException(source + ": element " + i + " is the byte " + (s.bytes()[i] & 0xFF)
                            + ", a truth value must be 0 or 1");
                }
            }
        }
        return s;
    }

    /** Writes a tensor's elements, row-major, a chunk at a time. */
    static void write(FileChannel channel, Tensor tensor) throws IOException {
        if (!(tensor.storage().plain() instanceof HeapStorage storage)) {
            throw new DeviceException("save: writes tensors on the CPU, got " + tensor.spec() + " on "
                    + tensor.device());
        }
        Layout layout = tensor.layout();
        HeapStorage dense = layout.isDense() ? storage : gather(storage, layout);
        int from = layout.isDense() ? layout.offset() : 0;
        int each = CHUNK_BYTES / dense.dtype().blockBytes();
        byte[] chunk = new byte[(int) Math.min(CHUNK_BYTES, (long) tensor.size() * dense.dtype().blockBytes())];
        MemorySegment target = MemorySegment.ofArray(chunk);
        for (int done = 0, n; done < tensor.size(); done += n) {
            n = Math.min(each, tensor.size() - done);
            switch (dense.dtype()) {
                case F32 -> MemorySegment.copy(dense.floats(), from + done, target, FLOAT, 0, n);
                case F64 -> MemorySegment.copy(dense.doubles(), from + done, target, DOUBLE, 0, n);
                case F16, BF16 -> MemorySegment.copy(dense.shorts(), from + done, target, SHORT, 0, n);
                case I32 -> MemorySegment.copy(dense.ints(), from + done, target, INT, 0, n);
                case I64 -> MemorySegment.copy(dense.longs(), from + done, target, LONG, 0, n);
                case U8, BOOL -> MemorySegment.copy(dense.bytes(), from + done, target, ValueLayout.JAVA_BYTE, 0, n);
            }
            AtomicFiles.writeFully(channel, ByteBuffer.wrap(chunk, 0, n * dense.dtype().blockBytes()));
        }
    }

    /** The elements of a layout, row-major, in storage of their own. */
    static HeapStorage gather(HeapStorage from, Layout layout) {
        int size = layout.shape().size();
        int rank = layout.shape().rank();
        HeapStorage to = HeapStorage.allocate(from.dtype(), size);
        int[] at = new int[rank];
        int source = layout.offset();
        for (int i = 0; i < size; i++) {
            switch (from.dtype()) {
                case F32 -> to.floats()[i] = from.floats()[source];
                case F64 -> to.doubles()[i] = from.doubles()[source];
                case F16, BF16 -> to.shorts()[i] = from.shorts()[source];
                case I32 -> to.ints()[i] = from.ints()[source];
                case I64 -> to.longs()[i] = from.longs()[source];
                case U8, BOOL -> to.bytes()[i] = from.bytes()[source];
            }
            for (int a = rank - 1; a >= 0; a--) {
                source += layout.stride(a);
                if (++at[a] < layout.shape().dim(a)) {
                    break;
                }
                source -= layout.stride(a) * at[a];
                at[a] = 0;
            }
        }
        return to;
    }
}
