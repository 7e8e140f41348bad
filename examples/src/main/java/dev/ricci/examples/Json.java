package dev.ricci.examples;

import java.util.Iterator;
import java.util.Map;

/** Results as one line of JSON. */
final class Json {
    private Json() {
    }

    static String write(Map<String, ?> results) {
        StringBuilder line = new StringBuilder();
        append(line, results);
        return line.toString();
    }

    private static void append(StringBuilder line, Object value) {
        switch (value) {
            case null -> line.append("null");
            case Map<?, ?> map -> {
                line.append('{');
                for (Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator(); entries.hasNext();) {
                    Map.Entry<?, ?> entry = entries.next();
                    quote(line, (String) entry.getKey());
                    line.append(": ");
                    append(line, entry.getValue());
                    line.append(entries.hasNext() ? ", " : "");
                }
                line.append('}');
            }
            case Iterable<?> list -> {
                line.append('[');
                for (Iterator<?> items = list.iterator(); items.hasNext();) {
                    append(line, items.next());
                    line.append(items.hasNext() ? ", " : "");
                }
                line.append(']');
            }
            case Boolean flag -> line.append(flag);
            case Number number when Double.isFinite(number.doubleValue()) -> line.append(number);
            case Number number -> throw new IllegalArgumentException("JSON has no " + number);
            default -> quote(line, value.toString());
        }
    }

    private static void quote(StringBuilder line, String text) {
        line.append('"');
        text.chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                line.append('\\').append((char) c);
            } else if (c < ' ' || c > '~') {
                line.append(String.format("\\u%04x", c));
            } else {
                line.append((char) c);
            }
        });
        line.append('"');
    }
}
