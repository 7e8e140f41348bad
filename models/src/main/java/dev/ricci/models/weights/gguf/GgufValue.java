package dev.ricci.models.weights.gguf;

import dev.ricci.tensor.TensorException;
import java.util.List;

/**
 * One metadata value with its type in the file, so that what was read is written the same.
 *
 * <p>The Java value is a {@link Long} for integers of any width, {@link Float}, {@link Double}, {@link Boolean} or
 * {@link String}; for arrays of integers {@code long[]}, of floats {@code float[]} or {@code double[]}, of truth values
 * {@code boolean[]}, of strings {@code List<String>}, of arrays {@code List<GgufValue>}.
 */
public final class GgufValue {
    private final GgufValueType type;
    private final GgufValueType elements;
    private final Object value;

    /**
     * @param type of the value
     * @param elements of an array's elements; else null
     * @param value as described above, not copied
     */
    private GgufValue(GgufValueType type, GgufValueType elements, Object value) {
        this.type = type;
        this.elements = elements;
        this.value = value;
    }

    /**
     * A single value.
     *
     * @param value as the class describes it
     * @throws TensorException if it is not of this type, or outside its range
     */
    public static GgufValue of(GgufValueType type, Object value) {
        boolean fits = switch (type) {
            case FLOAT32 -> value instanceof Float;
            case FLOAT64 -> value instanceof Double;
            case BOOL -> value instanceof Boolean;
            case STRING -> value instanceof String;
            case ARRAY -> false;
            case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> value instanceof Long v && inRange(type, v);
        };
        if (!fits) {
            throw new TensorException("gguf: " + type + " does not hold " + value
                    + (value == null ? "" : " (" + value.getClass().getSimpleName() + ")"));
        }
        return new GgufValue(type, null, value);
    }

    /**
     * An array.
     *
     * @param elements type of its elements
     * @param value as the class describes it, not copied
     * @throws TensorException if its elements are not of this type, or outside its range
     */
    public static GgufValue array(GgufValueType elements, Object value) {
        boolean fits = switch (elements) {
            case FLOAT32 -> value instanceof float[];
            case FLOAT64 -> value instanceof double[];
            case BOOL -> value instanceof boolean[];
            case STRING -> value instanceof List<?> l && l.stream().allMatch(String.class::isInstance);
            case ARRAY -> value instanceof List<?> l
                    && l.stream().allMatch(v -> v instanceof GgufValue g && g.type == GgufValueType.ARRAY);
            case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 ->
                value instanceof long[] v && inRange(elements, v);
        };
        if (!fits) {
            throw new TensorException("gguf: an array of " + elements + " cannot be made of "
                    + (value == null ? "null" : value.getClass().getSimpleName()) + ", or an element is out of range");
        }
        return new GgufValue(GgufValueType.ARRAY, elements, value);
    }

    /** An unsigned 32-bit integer, the usual type of sizes. */
    public static GgufValue of(int size) {
        return of(GgufValueType.UINT32, (long) size);
    }

    /** A 32-bit float. */
    public static GgufValue of(float value) {
        return of(GgufValueType.FLOAT32, value);
    }

    /** A truth value. */
    public static GgufValue of(boolean value) {
        return of(GgufValueType.BOOL, value);
    }

    /** A text. */
    public static GgufValue of(String value) {
        return of(GgufValueType.STRING, value);
    }

    /** An array of texts. */
    public static GgufValue strings(List<String> values) {
        return array(GgufValueType.STRING, List.copyOf(values));
    }

    /** An array of 32-bit floats. */
    public static GgufValue floats(float... values) {
        return array(GgufValueType.FLOAT32, values.clone());
    }

    /** An array of signed 32-bit integers. */
    public static GgufValue ints(long... values) {
        return array(GgufValueType.INT32, values.clone());
    }

    private static boolean inRange(GgufValueType type, long... values) {
        int bits = 8 * type.minimalBytes();
        boolean signed = switch (type) {
            case INT8, INT16, INT32, INT64 -> true;
            default -> false;
        };
        long max = signed || bits == 64 ? Long.MAX_VALUE >>> 64 - bits : (1L << bits) - 1;
        long min = signed ? -max - 1 : 0;
        for (long v : values) {
            if (v < min || v > max) {
                return false;
            }
        }
        return true;
    }

    /** Type of the value. */
    public GgufValueType type() {
        return type;
    }

    /** Type of an array's elements; null if this is no array. */
    public GgufValueType elements() {
        return elements;
    }

    /** The value as the class describes it; an array is not copied and must not be changed. */
    public Object value() {
        return value;
    }

    /** Elements of an array; 1 for a single value. */
    public int size() {
        return switch (value) {
            case long[] a -> a.length;
            case float[] a -> a.length;
            case double[] a -> a.length;
            case boolean[] a -> a.length;
            case List<?> l -> l.size();
            default -> 1;
        };
    }

    /** Type and value; of an array type and size. */
    @Override
    public String toString() {
        return elements == null ? type + " " + value : elements + "[" + size() + "]";
    }
}
