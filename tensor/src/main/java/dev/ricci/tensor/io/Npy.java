package dev.ricci.tensor.io;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.DTypeException;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.spi.HeapStorage;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * NumPy's npy format, versions 1.0, 2.0 and 3.0: one array, little-endian; f4, f8, f2, i4, i8, u1 and b1. Arrays in
 * Fortran order are read into row-major order. Objects (pickles) and records are refused.
 */
public final class Npy {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    /** NumPy refuses longer ones too, unless told to trust the file. */
    private static final int MAX_HEADER_BYTES = 10_000;

    private Npy() {
    }

    /**
     * Writes a tensor in version 1.0, as a whole or not at all (see {@link AtomicFiles}).
     *
     * @param file replaced if it is there
     * @throws DTypeException if it is BF16, which NumPy does not have
     */
    public static void save(Path file, Tensor tensor) throws IOException {
        String descr = switch (tensor.dtype()) {
            case F32 -> "<f4";
            case F64 -> "<f8";
            case F16 -> "<f2";
            case I32 -> "<i4";
            case I64 -> "<i8";
            case U8 -> "|u1";
            case BOOL -> "|b1";
            case BF16 -> throw new DTypeException("save: NumPy has no BF16, got " + tensor.spec()
                    + "; convert it with to(DType.F32)");
        };
        String dims = Arrays.stream(tensor.shape().toArray()).mapToObj(d -> d + ",").collect(Collectors.joining(" "));
        if (tensor.rank() > 1) {
            dims = dims.substring(0, dims.length() - 1);
        }
        String header = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + dims + "), }";
        int length = (MAGIC.length + 4 + header.length() + 1 + 63) / 64 * 64;
        byte[] text = (header + " ".repeat(length - MAGIC.length - 4 - header.length() - 1) + "\n")
                .getBytes(StandardCharsets.ISO_8859_1);
        if (text.length > MAX_HEADER_BYTES) {
            throw new FormatException("save: " + file + ": the shape has too many axes for a header: " + tensor.rank());
        }
        ByteBuffer start = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        start.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) text.length).put(text).flip();
        AtomicFiles.write(file, channel -> {
            AtomicFiles.writeFully(channel, start);
            Elements.write(channel, tensor);
        });
    }

    /**
     * Reads a tensor into the heap.
     *
     * @throws FormatException naming the file, if it is no npy file, truncated, longer than its array, of another
     *     version or element type, or its header is malformed
     */
    public static Tensor load(Path file) throws IOException {
        try (Arena arena = Arena.ofConfined(); FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return read(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena), file.toString());
        }
    }

    private static Tensor read(MemorySegment file, String source) {
        if (file.byteSize() < MAGIC.length + 4
                || !Arrays.equals(file.asSlice(0, MAGIC.length).toArray(ValueLayout.JAVA_BYTE), MAGIC)) {
            throw new FormatException(source + ": not an npy file: it does not begin with \\x93NUMPY");
        }
        int major = file.get(ValueLayout.JAVA_BYTE, MAGIC.length) & 0xFF;
        int minor = file.get(ValueLayout.JAVA_BYTE, MAGIC.length + 1) & 0xFF;
        if (major < 1 || major > 3 || minor != 0) {
            throw new FormatException(source + ": npy version " + major + "." + minor
                    + " is unknown; 1.0, 2.0 and 3.0 are read");
        }
        int start = MAGIC.length + (major == 1 ? 4 : 6);
        if (file.byteSize() < start) {
            throw new FormatException(source + ": truncated: the file ends inside the header's length");
        }
        long length = major == 1
                ? file.get(ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 8) & 0xFFFFL
                : file.get(ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 8) & 0xFFFFFFFFL;
        if (length > MAX_HEADER_BYTES) {
            throw new FormatException(source + ": a header of " + length + " bytes, the limit is " + MAX_HEADER_BYTES);
        }
        if (length > file.byteSize() - start) {
            throw new FormatException(source + ": truncated: the header should have " + length + " bytes, "
                    + (file.byteSize() - start) + " are left");
        }
        ByteBuffer bytes = file.asSlice(start, length).asByteBuffer();
        String text = major == 3 ? Json.utf8(bytes, source + ": header")
                : StandardCharsets.ISO_8859_1.decode(bytes).toString();
        return array(file.asSlice(start + length), new NpyHeader(text, source), source);
    }

    private static Tensor array(MemorySegment data, NpyHeader header, String source) {
        DType dtype = switch (header.descr()) {
            case "<f4" -> DType.F32;
            case "<f8" -> DType.F64;
            case "<f2" -> DType.F16;
            case "<i4" -> DType.I32;
            case "<i8" -> DType.I64;
            case "|u1", "<u1", "u1" -> DType.U8;
            case "|b1", "<b1", "b1", "?" -> DType.BOOL;
            default -> throw new FormatException(source + ": element type '" + Json.abbreviate(header.descr())
                    + "' is not read; f4, f8, f2, i4, i8, u1 and b1, little-endian, are");
        };
        Shape shape = SafetensorsHeader.shape(source, header.shape());
        long expected = (long) shape.size() * dtype.blockBytes();
        if (data.byteSize() != expected) {
            throw new FormatException(source + (data.byteSize() < expected ? ": truncated: " : ": too long: ")
                    + new TensorSpec(dtype, shape) + " takes " + expected + " bytes, the file has " + data.byteSize()
                    + " after the header");
        }
        HeapStorage read = Elements.read(data, dtype, source);
        return Tensor.wrap(header.fortranOrder() ? rowMajor(read, shape) : read, shape);
    }

    /** Column-major elements in row-major order. */
    private static HeapStorage rowMajor(HeapStorage columns, Shape shape) {
        int rank = shape.rank();
        int[] reversed = new int[rank];
        int[] order = new int[rank];
        for (int a = 0; a < rank; a++) {
            reversed[a] = shape.dim(rank - 1 - a);
            order[a] = rank - 1 - a;
        }
        return Elements.gather(columns, Layout.dense(Shape.of(reversed)).permute(order));
    }
}
