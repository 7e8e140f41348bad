package dev.ricci.nn.data;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.spi.HeapStorage;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * The IDX format of MNIST and its relatives: two zero bytes, the element type, the number of axes, the sizes and the
 * elements, big-endian; compressed by gzip or not. Unsigned bytes, 32-bit integers, floats and doubles are read.
 */
public final class Idx {
    /** Deflate makes nothing more than about 1032 times smaller; a header that claims more is not believed. */
    private static final long MOST_COMPRESSION = 1040;
    private static final int MAX_RANK = 8;

    private Idx() {
    }

    /**
     * Reads a file.
     *
     * @throws FormatException naming the file, if it is no IDX file, truncated, longer than its array, of another
     *     element type, or damaged
     */
    public static Tensor read(Path file) throws IOException {
        long size = Files.size(file);
        try (InputStream raw = new BufferedInputStream(Files.newInputStream(file))) {
            raw.mark(2);
            boolean gzip = raw.read() == 0x1F && raw.read() == 0x8B;
            raw.reset();
            try (DataInputStream in = new DataInputStream(gzip ? new GZIPInputStream(raw, 1 << 16) : raw)) {
                return read(in, file, gzip ? size * MOST_COMPRESSION : size);
            }
        } catch (EOFException e) {
            throw new FormatException(file + ": truncated", e);
        } catch (ZipException e) {
            throw new FormatException(file + ": damaged gzip: " + e.getMessage(), e);
        }
    }

    private static Tensor read(DataInputStream in, Path file, long most) throws IOException {
        int magic = in.readInt();
        int rank = magic & 0xFF;
        DType dtype = switch (magic >>> 8) {
            case 0x08 -> DType.U8;
            case 0x0C -> DType.I32;
            case 0x0D -> DType.F32;
            case 0x0E -> DType.F64;
            default -> throw new FormatException(file + String.format(": not an IDX file, or an element type that is"
                    + " not read: it begins with %08X", magic));
        };
        if (rank < 1 || rank > MAX_RANK) {
            throw new FormatException(file + ": " + rank + " axes, must be 1 .. " + MAX_RANK);
        }
        int[] dims = new int[rank];
        for (int a = 0; a < rank; a++) {
            dims[a] = in.readInt();
        }
        Shape shape;
        try {
            shape = Shape.of(dims);
        } catch (ShapeException e) {
            throw new FormatException(file + ": sizes " + Arrays.toString(dims) + ": " + e.getMessage(), e);
        }
        long bytes = (long) shape.size() * dtype.blockBytes();
        if (bytes > most || bytes > Integer.MAX_VALUE - 64) {
            throw new FormatException(file + ": truncated: " + dtype + shape + " takes " + bytes
                    + " bytes, more than the file can hold");
        }
        byte[] data = in.readNBytes((int) bytes);
        if (data.length < bytes) {
            throw new FormatException(file + ": truncated: " + dtype + shape + " takes " + bytes + " bytes, got "
                    + data.length);
        }
        if (in.read() >= 0) {
            throw new FormatException(file + ": longer than " + dtype + shape + ", which takes " + bytes + " bytes");
        }
        return Tensor.wrap(elements(dtype, data), shape);
    }

    private static HeapStorage elements(DType dtype, byte[] data) {
        ByteBuffer b = ByteBuffer.wrap(data);
        HeapStorage s = dtype == DType.U8 ? HeapStorage.of(DType.U8, data)
                : HeapStorage.allocate(dtype, data.length / dtype.blockBytes());
        switch (dtype) {
            case I32 -> b.asIntBuffer().get(s.ints());
            case F32 -> b.asFloatBuffer().get(s.floats());
            case F64 -> b.asDoubleBuffer().get(s.doubles());
            default -> {
                return s;
            }
        }
        return s;
    }
}
