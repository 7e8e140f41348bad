package dev.ricci.tensor.io;

import dev.ricci.tensor.FormatException;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Writes JSON; the same value gives the same text everywhere. */
final class JsonWriter {
    private final Json.Style style;
    private final StringBuilder out = new StringBuilder();

    JsonWriter(Json.Style style) {
        this.style = style;
    }

    String document(Object value) {
        append(value, 0);
        if (style.pretty()) {
            out.append('\n');
        }
        return out.toString();
    }

    private void append(Object value, int depth) {
        if (depth > Json.MAX_DEPTH) {
            throw new FormatException("json: cannot write values nested deeper than " + Json.MAX_DEPTH
                    + "; does one contain itself?");
        }
        switch (value) {
            case null -> out.append("null");
            case String s -> quote(s);
            case Boolean b -> out.append(b.booleanValue());
            case Double d -> append(d, Double.toString(d));
            case Float f -> append(f, Float.toString(f));
            case Long n -> out.append(n.longValue());
            case Integer n -> out.append(n.intValue());
            case Short n -> out.append(n.shortValue());
            case Byte n -> out.append(n.byteValue());
            case Map<?, ?> map -> object(map, depth);
            case Iterable<?> list -> array(list, depth);
            default -> throw new FormatException("json: cannot write a " + value.getClass().getName()
                    + "; use maps with string keys, lists, strings, numbers, truth values and null");
        }
    }

    private void append(double value, String digits) {
        if (!Double.isFinite(value)) {
            throw new FormatException("json: has no " + value + "; write null or a string in its place");
        }
        out.append(digits);
    }

    private void object(Map<?, ?> map, int depth) {
        List<Map.Entry<String, Object>> entries = new ArrayList<>();
        map.forEach((k, v) -> {
            if (!(k instanceof String key)) {
                throw new FormatException("json: keys must be strings, got " + k);
            }
            entries.add(new AbstractMap.SimpleEntry<>(key, v));
        });
        if (style.sortedKeys()) {
            entries.sort(Map.Entry.comparingByKey());
        }
        out.append('{');
        for (Iterator<Map.Entry<String, Object>> i = entries.iterator(); i.hasNext();) {
            Map.Entry<String, Object> entry = i.next();
            line(depth + 1);
            quote(entry.getKey());
            out.append(style.pretty() ? ": " : ":");
            append(entry.getValue(), depth + 1);
            out.append(i.hasNext() ? "," : "");
        }
        if (!entries.isEmpty()) {
            line(depth);
        }
        out.append('}');
    }

    private void array(Iterable<?> list, int depth) {
        out.append('[');
        boolean any = false;
        for (Iterator<?> i = list.iterator(); i.hasNext();) {
            any = true;
            line(depth + 1);
            append(i.next(), depth + 1);
            out.append(i.hasNext() ? "," : "");
        }
        if (any) {
            line(depth);
        }
        out.append(']');
    }

    private void line(int depth) {
        if (style.pretty()) {
            out.append('\n').repeat("  ", depth);
        }
    }

    private void quote(String s) {
        out.append('"');
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < ' ' || c == 0x7F || c == 0x2028 || c == 0x2029) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else if (!Character.isSurrogate(c)) {
                        out.append(c);
                    } else if (Character.isHighSurrogate(c) && i + 1 < s.length()
                            && Character.isLowSurrogate(s.charAt(i + 1))) {
                        out.append(c).append(s.charAt(++i));
                    } else {
                        throw new FormatException("json: cannot write a string with a lone surrogate");
                    }
                }
            }
        }
        out.append('"');
    }
}
