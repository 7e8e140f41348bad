package dev.ricci.models.weights.gguf;

import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.TensorException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The checked head of a GGUF file. Nothing in it is believed before it is checked against the bytes that are left: a
 * count times the fewest bytes of one element must fit before anything is allocated for it.
 */
final class GgufReader {
    static final int MAGIC = 0x46554747; // "GGUF"
    static final int MAX_RANK = 4;
    static final int MAX_DEPTH = 8;
    private static final int PAIR_BYTES = 8 + 4 + 1;
    private static final int INFO_BYTES = 8 + 4 + 4 + 8;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment file;
    private final String source;
    private long at;

    private GgufReader(MemorySegment file, String source) {
        this.file = file;
        this.source = source;
    }

    /**
     * What stands before the tensors' bytes.
     *
     * @param version of the format
     * @param metadata key-value pairs
     * @param tensors by name, in the file's order
     * @param dataStart where the tensors' bytes begin
     */
    record Head(int version, GgufMetadata metadata, Map<String, GgufTensorInfo> tensors, long dataStart) {
    }

    static Head read(MemorySegment file, String source) {
        return new GgufReader(file, source).head();
    }

    private Head head() {
        if (file.byteSize() < 24 || file.get(INT, 0) != MAGIC) {
            throw new FormatException(source + ": not a GGUF file: it does not begin with GGUF and a header of 24 bytes");
        }
        at = 4;
        int version = u32();
        if (version == Integer.reverseBytes(2) || version == Integer.reverseBytes(3)) {
            throw new FormatException(source + ": a big-endian GGUF file, which is not read; convert it to little-endian");
        }
        if (version != 2 && version != 3) {
            throw new FormatException(source + ": GGUF version " + Integer.toUnsignedString(version)
                    + " is not read, only 2 and 3; write it anew with a current tool");
        }
        int tensors = count("tensors", INFO_BYTES);
        int pairs = count("metadata pairs", PAIR_BYTES);
        Map<String, GgufValue> values = new LinkedHashMap<>();
        for (int i = 0; i < pairs; i++) {
            String key = string("a metadata key");
            GgufValue value = value(valueType(key), key, 0);
            if (values.put(key, value) != null) {
                throw new FormatException(source + ": the metadata have '" + abbreviate(key) + "' twice");
            }
        }
        GgufMetadata metadata = GgufMetadata.of(values);
        int alignment;
        try {
            alignment = metadata.alignment();
        } catch (FormatException e) {
            throw new FormatException(source + ": " + e.getMessage(), e);
        }
        Map<String, GgufTensorInfo> infos = new LinkedHashMap<>();
        for (int i = 0; i < tensors; i++) {
            GgufTensorInfo info = info(alignment);
            if (infos.put(info.name(), info) != null) {
                throw new FormatException(source + ": two tensors are called '" + abbreviate(info.name()) + "'");
            }
        }
        long dataStart = Math.min(-Math.floorDiv(-at, alignment) * alignment, file.byteSize());
        checkOffsets(infos, file.byteSize() - dataStart);
        return new Head(version, metadata, infos, dataStart);
    }

    private GgufTensorInfo info(int alignment) {
        String name = string("a tensor's name");
        String where = source + ": tensor '" + abbreviate(name) + "'";
        int rank = u32();
        if (rank < 0 || rank > MAX_RANK) {
            throw new FormatException(where + ": " + Integer.toUnsignedString(rank) + " axes, at most " + MAX_RANK
                    + " are allowed");
        }
        int[] dims = new int[rank];
        for (int i = rank - 1; i >= 0; i--) {
            long d = u64();
            if (d < 0 || d > Integer.MAX_VALUE) {
                throw new FormatException(where + ": a size of " + Long.toUnsignedString(d) + ", sizes must lie in 0 .. "
                        + Integer.MAX_VALUE);
            }
            dims[i] = (int) d;
        }
        GgufType type = GgufType.of(u32(), where);
        long offset = u64();
        Shape shape;
        try {
            shape = Shape.of(dims);
        } catch (TensorException e) {
            throw new FormatException(where + ": " + e.getMessage(), e);
        }
        if (type.isQuantised() && (rank == 0 || dims[rank - 1] % type.blockElements() != 0)) {
            throw new FormatException(where + ": " + type + shape + ": rows of " + type + " must be a multiple of "
                    + type.blockElements() + " elements");
        }
        if (offset < 0 || offset % alignment != 0) {
            throw new FormatException(where + ": begins at byte " + Long.toUnsignedString(offset)
                    + " of the data, which is not a multiple of the alignment " + alignment);
        }
        return new GgufTensorInfo(name, type, shape, offset);
    }

    /** Tensors must lie within the file and not overlap: so that reading all of them takes no more than a fixed factor. */
    private void checkOffsets(Map<String, GgufTensorInfo> infos, long available) {
        List<GgufTensorInfo> ordered = new ArrayList<>(infos.values());
        ordered.sort(Comparator.comparingLong(GgufTensorInfo::offset).thenComparingLong(GgufTensorInfo::bytes));
        long end = 0;
        for (GgufTensorInfo t : ordered) {
            if (t.bytes() > available - t.offset()) {
                throw new FormatException(source + ": truncated: " + abbreviate(t.toString()) + " takes " + t.bytes()
                        + " bytes from byte " + t.offset() + " of the data, the file has " + available);
            }
            if (t.offset() < end && t.bytes() > 0) {
                throw new FormatException(source + ": " + abbreviate(t.toString()) + " begins at byte " + t.offset()
                        + " of the data and overlaps the one before it, which ends at " + end);
            }
            end = Math.max(end, t.offset() + t.bytes());
        }
    }

    // ---------------------------------------------------------------- values

    private GgufValueType valueType(String key) {
        int type = u32();
        if (type < 0 || type >= GgufValueType.values().length) {
            throw new FormatException(source + ": metadata '" + abbreviate(key) + "': unknown type of value "
                    + Integer.toUnsignedString(type) + "; known are " + Arrays.toString(GgufValueType.values()));
        }
        return GgufValueType.values()[type];
    }

    private GgufValue value(GgufValueType type, String key, int depth) {
        return switch (type) {
            case FLOAT32 -> GgufValue.of(Float.intBitsToFloat(u32()));
            case FLOAT64 -> GgufValue.of(type, Double.longBitsToDouble(u64()));
            case BOOL -> GgufValue.of(truth(key));
            case STRING -> GgufValue.of(string("metadata '" + abbreviate(key) + "'"));
            case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> GgufValue.of(type, integer(type, key));
            case ARRAY -> {
                if (depth == MAX_DEPTH) {
                    throw new FormatException(source + ": metadata '" + abbreviate(key) + "': arrays are nested deeper"
                            + " than " + MAX_DEPTH);
                }
                GgufValueType elements = valueType(key);
                int n = count(key, elements.minimalBytes());
                yield GgufValue.array(elements, elements(elements, n, key, depth));
            }
        };
    }

    private Object elements(GgufValueType type, int n, String key, int depth) {
        return switch (type) {
            case FLOAT32 -> {
                float[] a = new float[n];
                for (int i = 0; i < n; i++) {
                    a[i] = Float.intBitsToFloat(u32());
                }
                yield a;
            }
            case FLOAT64 -> {
                double[] a = new double[n];
                for (int i = 0; i < n; i++) {
                    a[i] = Double.longBitsToDouble(u64());
                }
                yield a;
            }
            case BOOL -> {
                boolean[] a = new boolean[n];
                for (int i = 0; i < n; i++) {
                    a[i] = truth(key);
                }
                yield a;
            }
            case STRING -> {
                String[] a = new String[n];
                String what = "an element of '" + abbreviate(key) + "'";
                for (int i = 0; i < n; i++) {
                    a[i] = string(what);
                }
                yield List.of(a);
            }
            case ARRAY -> {
                GgufValue[] a = new GgufValue[n];
                for (int i = 0; i < n; i++) {
                    a[i] = value(GgufValueType.ARRAY, key, depth + 1);
                }
                yield List.of(a);
            }
            case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> {
                long[] a = new long[n];
                for (int i = 0; i < n; i++) {
                    a[i] = integer(type, key);
                }
                yield a;
            }
        };
    }

    private long integer(GgufValueType type, String key) {
        return switch (type) {
            case UINT8 -> u8() & 0xFF;
            case INT8 -> u8();
            case UINT16 -> u16() & 0xFFFF;
            case INT16 -> u16();
            case UINT32 -> u32() & 0xFFFFFFFFL;
            case INT32 -> u32();
            case INT64 -> u64();
            case UINT64 -> {
                long v = u64();
                if (v < 0) {
                    throw new FormatException(source + ": metadata '" + abbreviate(key) + "': "
                            + Long.toUnsignedString(v) + " is too large, integers must be below 2^63");
                }
                yield v;
            }
            case FLOAT32, BOOL, STRING, ARRAY, FLOAT64 -> throw new AssertionError(type);
        };
    }

    private boolean truth(String key) {
        byte b = u8();
        if (b != 0 && b != 1) {
            throw new FormatException(source + ": metadata '" + abbreviate(key) + "': a truth value must be 0 or 1, got "
                    + (b & 0xFF));
        }
        return b == 1;
    }

    // ---------------------------------------------------------------- bytes

    /**
     * A 64-bit count of things that take so many bytes each, at least, and lie ahead.
     *
     * @param of what is counted, for errors
     */
    private int count(String of, int bytesEach) {
        long n = u64();
        if (n < 0 || n > (file.byteSize() - at) / bytesEach || n > Integer.MAX_VALUE - 64) {
            throw new FormatException(source + ": truncated, or not a GGUF file: " + abbreviate(of) + ": "
                    + Long.toUnsignedString(n) + " of at least " + bytesEach + " bytes each do not fit in the "
                    + (file.byteSize() - at) + " that are left");
        }
        return (int) n;
    }

    private String string(String what) {
        int length = count(what, 1);
        byte[] bytes = new byte[length];
        MemorySegment.copy(file, ValueLayout.JAVA_BYTE, at, bytes, 0, length);
        at += length;
        String s = new String(bytes, StandardCharsets.UTF_8);
        // The replacement character stands for what was malformed, or for itself.
        if (s.indexOf('\uFFFD') >= 0) {
            try {
                StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            } catch (CharacterCodingException e) {
                throw new FormatException(source + ": " + what + ": not valid UTF-8", e);
            }
        }
        return s;
    }

    private void need(int bytes) {
        if (file.byteSize() - at < bytes) {
            throw new FormatException(source + ": truncated: it ends at byte " + file.byteSize()
                    + " within its header");
        }
    }

    private byte u8() {
        need(1);
        return file.get(ValueLayout.JAVA_BYTE, at++);
    }

    private short u16() {
        need(2);
        at += 2;
        return file.get(SHORT, at - 2);
    }

    private int u32() {
        need(4);
        at += 4;
        return file.get(INT, at - 4);
    }

    private long u64() {
        need(8);
        at += 8;
        return file.get(LONG, at - 8);
    }

    /** A text from a file, short enough for an error. */
    static String abbreviate(String s) {
        return s.length() <= 200 ? s : s.substring(0, 200) + "...";
    }
}
