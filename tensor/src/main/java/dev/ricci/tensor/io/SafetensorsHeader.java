package dev.ricci.tensor.io;

import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The checked header of a safetensors file. Nothing in it is believed before it is checked against the file's size.
 *
 * @param dataStart where the tensors' bytes begin
 * @param tensors by name
 * @param metadata free texts
 */
record SafetensorsHeader(long dataStart, Map<String, Entry> tensors, Map<String, String> metadata) {
    private static final int MAX_RANK = 64;
    private static final Set<String> FIELDS = Set.of("dtype", "shape", "data_offsets");

    /**
     * One tensor.
     *
     * @param stored type of the bytes
     * @param spec type and shape of the tensor that is made of them
     * @param begin first byte, counted from {@link #dataStart}
     * @param end byte after the last
     */
    record Entry(StoredType stored, TensorSpec spec, long begin, long end) {
    }

    static SafetensorsHeader read(MemorySegment file, String source) {
        long size = file.byteSize();
        if (size < 8) {
            throw new FormatException(source + ": not a safetensors file: " + size
                    + " bytes do not hold the header's length");
        }
        long length = file.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
        if (length < 2 || length > Safetensors.MAX_HEADER_BYTES) {
            throw new FormatException(source + ": not a safetensors file: the header's length reads "
                    + Long.toUnsignedString(length) + ", it must lie in 2 .. " + Safetensors.MAX_HEADER_BYTES);
        }
        if (length > size - 8) {
            throw new FormatException(source + ": truncated, or not a safetensors file: the header should have "
                    + length + " bytes, the file has " + (size - 8) + " after the length");
        }
        String text = Json.utf8(file.asSlice(8, length).asByteBuffer(), source + ": header");
        Map<String, Object> json = Json.parseObject(text, source + ": header");
        Map<String, Entry> tensors = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        json.forEach((name, value) -> {
            if (name.equals(Safetensors.METADATA)) {
                metadata(source, value, metadata);
            } else {
                tensors.put(name, entry(source + ": tensor '" + Json.abbreviate(name) + "'", value));
            }
        });
        checkOffsets(source, tensors, size - 8 - length);
        return new SafetensorsHeader(8 + length, tensors, metadata);
    }

    private static void metadata(String source, Object value, Map<String, String> into) {
        Json.object(value, source + ": " + Safetensors.METADATA).forEach((k, v) -> {
            if (!(v instanceof String text)) {
                throw new FormatException(source + ": " + Safetensors.METADATA + ": '" + k + "' must be a string, got "
                        + Json.kind(v));
            }
            into.put(k, text);
        });
    }

    private static Entry entry(String source, Object value) {
        Map<String, Object> map = Json.object(value, source);
        if (!map.keySet().equals(FIELDS)) {
            throw new FormatException(source + ": must have dtype, shape and data_offsets, got "
                    + Json.abbreviate(map.keySet().toString()));
        }
        StoredType stored = StoredType.of(source, map.get("dtype"));
        long[] shape = integers(source + ": shape", map.get("shape"));
        long[] offsets = integers(source + ": data_offsets", map.get("data_offsets"));
        if (offsets.length != 2 || offsets[0] < 0 || offsets[1] < offsets[0]) {
            throw new FormatException(source + ": data_offsets must be [begin, end] with 0 <= begin <= end, got "
                    + Json.abbreviate(Arrays.toString(offsets)));
        }
        TensorSpec spec = new TensorSpec(stored.readAs(), shape(source, shape));
        long bytes = (long) spec.shape().size() * stored.bytes();
        if (offsets[1] - offsets[0] != bytes) {
            throw new FormatException(source + ": " + stored + spec.shape() + " takes " + bytes + " bytes, data_offsets "
                    + Arrays.toString(offsets) + " give " + (offsets[1] - offsets[0]));
        }
        return new Entry(stored, spec, offsets[0], offsets[1]);
    }

    private static long[] integers(String source, Object value) {
        if (!(value instanceof List<?> list)) {
            throw new FormatException(source + " must be an array of integers, got " + Json.kind(value));
        }
        long[] out = new long[list.size()];
        for (int i = 0; i < out.length; i++) {
            if (!(list.get(i) instanceof Long n)) {
                throw new FormatException(source + " must hold integers, got " + Json.kind(list.get(i)));
            }
            out[i] = n;
        }
        return out;
    }

    /** Sizes from a file as a shape. */
    static Shape shape(String source, long[] sizes) {
        if (sizes.length > MAX_RANK) {
            throw new FormatException(source + ": a shape of " + sizes.length + " axes, the limit is " + MAX_RANK);
        }
        int[] dims = new int[sizes.length];
        for (int i = 0; i < dims.length; i++) {
            if (sizes[i] < 0 || sizes[i] > Integer.MAX_VALUE) {
                throw new FormatException(source + ": shape " + Arrays.toString(sizes) + ": sizes must lie in 0 .. "
                        + Integer.MAX_VALUE);
            }
            dims[i] = (int) sizes[i];
        }
        try {
            return Shape.of(dims);
        } catch (ShapeException e) {
            throw new FormatException(source + ": shape " + Arrays.toString(sizes) + ": " + e.getMessage(), e);
        }
    }

    /** The tensors must cover the rest of the file, each byte once. */
    private static void checkOffsets(String source, Map<String, Entry> tensors, long available) {
        List<Map.Entry<String, Entry>> ordered = new ArrayList<>(tensors.entrySet());
        ordered.sort(Comparator.comparing((Map.Entry<String, Entry> e) -> e.getValue().begin)
                .thenComparing(e -> e.getValue().end));
        long at = 0;
        for (Map.Entry<String, Entry> e : ordered) {
            Entry entry = e.getValue();
            if (entry.end > available) {
                throw new FormatException(source + ": truncated: tensor '" + e.getKey() + "' ends at byte "
                        + entry.end + " of the data, the file has " + available);
            }
            if (entry.begin != at) {
                throw new FormatException(source + ": tensor '" + e.getKey() + "' begins at byte " + entry.begin
                        + " of the data " + (entry.begin < at ? "and overlaps the one before it, which ends at "
                        : "and leaves a hole after the one before it, which ends at ") + at);
            }
            at = entry.end;
        }
        if (at != available) {
            throw new FormatException(source + ": " + (available - at) + " bytes after the last tensor belong to none");
        }
    }
}
