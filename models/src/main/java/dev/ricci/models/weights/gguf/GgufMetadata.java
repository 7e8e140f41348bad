package dev.ricci.models.weights.gguf;

import dev.ricci.tensor.FormatException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/** The key-value pairs of a GGUF file, in their order. A value: {@link #with} gives a new one. */
public final class GgufMetadata {
    /** The key of the alignment of the tensors' bytes. */
    static final String ALIGNMENT = "general.alignment";
    private static final GgufMetadata EMPTY = new GgufMetadata(Map.of());

    private final Map<String, GgufValue> values;

    private GgufMetadata(Map<String, GgufValue> values) {
        this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }

    /** Without any pair. */
    public static GgufMetadata empty() {
        return EMPTY;
    }

    /** With these pairs, in the map's order. */
    public static GgufMetadata of(Map<String, GgufValue> values) {
        return new GgufMetadata(values);
    }

    /** These pairs and one more, which replaces the value of the same key. */
    public GgufMetadata with(String key, GgufValue value) {
        Map<String, GgufValue> more = new LinkedHashMap<>(values);
        more.put(key, value);
        return new GgufMetadata(more);
    }

    /** All pairs, unmodifiable, in their order. */
    public Map<String, GgufValue> values() {
        return values;
    }

    /**
     * A text.
     *
     * @return empty if there is no such key
     * @throws FormatException if the value is no text
     */
    public Optional<String> string(String key) {
        GgufValue v = values.get(key);
        if (v == null) {
            return Optional.empty();
        }
        if (v.value() instanceof String s) {
            return Optional.of(s);
        }
        throw wrong(key, "a text");
    }

    /**
     * An integer of any width.
     *
     * @return empty if there is no such key
     * @throws FormatException if the value is no integer
     */
    public OptionalLong integer(String key) {
        GgufValue v = values.get(key);
        if (v == null) {
            return OptionalLong.empty();
        }
        if (v.value() instanceof Long n) {
            return OptionalLong.of(n);
        }
        throw wrong(key, "an integer");
    }

    /**
     * A number of any type.
     *
     * @return empty if there is no such key
     * @throws FormatException if the value is no number
     */
    public OptionalDouble number(String key) {
        GgufValue v = values.get(key);
        if (v == null) {
            return OptionalDouble.empty();
        }
        if (v.value() instanceof Number n) {
            return OptionalDouble.of(n.doubleValue());
        }
        throw wrong(key, "a number");
    }

    /**
     * A truth value.
     *
     * @return empty if there is no such key
     * @throws FormatException if the value is none
     */
    public Optional<Boolean> truth(String key) {
        GgufValue v = values.get(key);
        if (v == null) {
            return Optional.empty();
        }
        if (v.value() instanceof Boolean b) {
            return Optional.of(b);
        }
        throw wrong(key, "a truth value");
    }

    /**
     * An array of texts.
     *
     * @return empty if there is no such key
     * @throws FormatException if the value is none
     */
    public Optional<List<String>> strings(String key) {
        GgufValue v = values.get(key);
        if (v == null) {
            return Optional.empty();
        }
        if (v.elements() == GgufValueType.STRING) {
            return Optional.of(((List<?>) v.value()).stream().map(String.class::cast).collect(Collectors.toList()));
        }
        throw wrong(key, "an array of texts");
    }

    /**
     * A copy of an array of 32-bit floats.
     *
     * @return empty if there is no such key
     * @throws FormatException if the value is none
     */
    public Optional<float[]> floats(String key) {
        GgufValue v = values.get(key);
        if (v == null) {
            return Optional.empty();
        }
        if (v.value() instanceof float[] a) {
            return Optional.of(a.clone());
        }
        throw wrong(key, "an array of 32-bit floats");
    }

    /**
     * A copy of an array of integers of any width.
     *
     * @return empty if there is no such key
     * @throws FormatException if the value is none
     */
    public Optional<long[]> integers(String key) {
        GgufValue v = values.get(key);
        if (v == null) {
            return Optional.empty();
        }
        if (v.value() instanceof long[] a) {
            return Optional.of(a.clone());
        }
        throw wrong(key, "an array of integers");
    }

    private FormatException wrong(String key, String expected) {
        return new FormatException("gguf metadata: '" + key + "' must be " + expected + ", got "
                + GgufReader.abbreviate(values.get(key).toString()));
    }

    /**
     * To what multiple the tensors' bytes are aligned: {@code general.alignment}, or 32.
     *
     * @throws FormatException if it is not a power of two up to 1 MiB
     */
    public int alignment() {
        long a = integer(ALIGNMENT).orElse(32);
        if (a < 1 || a > 1 << 20 || Long.bitCount(a) != 1) {
            throw new FormatException("gguf metadata: " + ALIGNMENT + " must be a power of two up to 1048576, got " + a);
        }
        return (int) a;
    }

    /** One pair a line, arrays by type and size. */
    @Override
    public String toString() {
        return values.entrySet().stream().map(e -> e.getKey() + " = " + e.getValue())
                .collect(Collectors.joining("\n"));
    }
}
