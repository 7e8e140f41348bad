package dev.ricci.tensor.io;

import dev.ricci.tensor.FormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * JSON (RFC 8259), read strictly and written deterministically. Values are {@code Map<String, Object>} (in order of
 * appearance), {@code List<Object>}, {@link String}, {@link Long} (numbers without fraction and exponent),
 * {@link Double}, {@link Boolean} and null.
 *
 * <p>The reader refuses what readers disagree about: duplicate keys, text after the value, lone surrogates, integers
 * beyond 64 bits, numbers beyond the doubles, and nesting deeper than {@link #MAX_DEPTH}.
 */
public final class Json {
    /** The deepest nesting that is read or written. */
    public static final int MAX_DEPTH = 64;
    /** The largest file that {@link #read} takes, in bytes. */
    public static final long MAX_FILE_BYTES = 256L << 20;

    private Json() {
    }

    /**
     * How to write.
     *
     * @param pretty one entry a line, indented by two spaces; else no space at all
     * @param sortedKeys keys in ascending order of their UTF-16 units; else in the map's order
     */
    public record Style(boolean pretty, boolean sortedKeys) {
        /** No spaces, keys in the map's order. */
        public static final Style COMPACT = new Style(false, false);
        /** Indented, keys sorted: for files that people read and that must be equal byte for byte. */
        public static final Style CANONICAL = new Style(true, true);
    }

    /**
     * Reads one value.
     *
     * @throws FormatException if the text is not strict JSON, with the position
     */
    public static Object parse(String text) {
        return parse(text, "json");
    }

    /**
     * Reads one value.
     *
     * @param source where the text is from, for errors
     * @throws FormatException if the text is not strict JSON, with the position
     */
    public static Object parse(String text, String source) {
        return new JsonReader(text, source).document();
    }

    /**
     * Reads one object.
     *
     * @param source where the text is from, for errors
     * @throws FormatException if the text is not strict JSON, or not an object
     */
    public static Map<String, Object> parseObject(String text, String source) {
        return object(parse(text, source), source);
    }

    /**
     * Reads a file that holds one object, in UTF-8.
     *
     * @throws FormatException if it is not strict JSON, not an object, or larger than {@link #MAX_FILE_BYTES}
     */
    public static Map<String, Object> read(Path file) throws IOException {
        long size = Files.size(file);
        if (size > MAX_FILE_BYTES) {
            throw new FormatException(file + ": " + size + " bytes are too many for a JSON file, the limit is "
                    + MAX_FILE_BYTES);
        }
        return parseObject(utf8(ByteBuffer.wrap(Files.readAllBytes(file)), file.toString()), file.toString());
    }

    /** A value that must be an object. */
    @SuppressWarnings("unchecked") // the reader puts only strings as keys
    static Map<String, Object> object(Object value, String source) {
        if (value instanceof Map<?, ?> map) {
            return (Map<String, Object>) map;
        }
        throw new FormatException(source + ": expected a JSON object, got " + kind(value));
    }

    /** What a value is, in JSON's words. */
    static String kind(Object value) {
        return switch (value) {
            case null -> "null";
            case Map<?, ?> m -> "an object";
            case Iterable<?> l -> "an array";
            case String s -> "a string";
            case Boolean b -> "a truth value";
            case Number n -> "the number " + n;
            default -> value.getClass().getName();
        };
    }

    /** A text from a file, short enough for an error. */
    static String abbreviate(String s) {
        return s.length() <= 200 ? s : s.substring(0, 200) + "...";
    }

    /** Bytes as text; malformed UTF-8 is refused. */
    static String utf8(ByteBuffer bytes, String source) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new FormatException(source + ": not valid UTF-8 at byte " + bytes.position(), e);
        }
    }

    /**
     * Writes a value without spaces, keys in the map's order. Takes what the reader gives, and other
     * {@link Iterable}s and boxed numbers.
     *
     * @throws FormatException on NaN, infinities, lone surrogates, keys that are not strings, other types of values,
     *     and nesting deeper than {@link #MAX_DEPTH}
     */
    public static String write(Object value) {
        return write(value, Style.COMPACT);
    }

    /**
     * Writes a value. A pretty text ends with a line feed.
     *
     * @throws FormatException as {@link #write(Object)}
     */
    public static String write(Object value, Style style) {
        return new JsonWriter(style).document(value);
    }
}
