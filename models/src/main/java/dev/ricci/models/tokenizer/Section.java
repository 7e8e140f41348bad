package dev.ricci.models.tokenizer;

import dev.ricci.tensor.FormatException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * An object of a JSON file that is read key by key. {@link #end} refuses keys that nobody asked for: they would change
 * what the tokenizer does.
 */
final class Section {
    private final Map<?, ?> values;
    private final String where;
    private final Set<String> known = new HashSet<>();

    Section(Map<?, ?> values, String where) {
        this.values = values;
        this.where = where;
    }

    /** The file and the path inside it, for errors. */
    String where() {
        return where;
    }

    /** An error about this section. */
    FormatException error(String what) {
        return new FormatException(where + ": " + what);
    }

    private Object value(String key) {
        known.add(key);
        return values.get(key);
    }

    private FormatException mistyped(String key, String type) {
        String shown = String.valueOf(values.get(key));
        return error("'" + key + "' must be " + type + ", is "
                + (shown.length() <= 60 ? shown : shown.substring(0, 60) + "..."));
    }

    /** Whether a key is there and not null. */
    boolean has(String key) {
        return value(key) != null;
    }

    /** Whether the value of a key is of a type. */
    boolean is(String key, Class<?> type) {
        return type.isInstance(value(key));
    }

    /** Reads over keys that are known not to matter. */
    void ignore(String... keys) {
        known.addAll(List.of(keys));
    }

    String text(String key) {
        if (value(key) instanceof String s) {
            return s;
        }
        throw mistyped(key, "a string");
    }

    String text(String key, String otherwise) {
        return has(key) ? text(key) : otherwise;
    }

    boolean flag(String key, boolean otherwise) {
        if (!has(key)) {
            return otherwise;
        }
        if (value(key) instanceof Boolean b) {
            return b;
        }
        throw mistyped(key, "true or false");
    }

    int integer(String key) {
        long n = whole(value(key));
        if (n >= 0 && n <= Integer.MAX_VALUE) {
            return (int) n;
        }
        throw mistyped(key, "an integer from 0 to " + Integer.MAX_VALUE);
    }

    /** An integer that is not negative, as files or programs write it; else -1. */
    static long whole(Object value) {
        return value instanceof Long || value instanceof Integer ? Math.max(-1, ((Number) value).longValue()) : -1;
    }

    /** The character of a string of one. */
    char character(String key) {
        String s = text(key);
        if (s.length() != 1) {
            throw mistyped(key, "one character of the basic plane");
        }
        return s.charAt(0);
    }

    Section section(String key) {
        if (value(key) instanceof Map<?, ?> m) {
            return new Section(m, where + "." + key);
        }
        throw mistyped(key, "an object");
    }

    Map<?, ?> map(String key) {
        if (value(key) instanceof Map<?, ?> m) {
            return m;
        }
        throw mistyped(key, "an object");
    }

    List<?> list(String key) {
        if (value(key) instanceof List<?> l) {
            return l;
        }
        throw mistyped(key, "a list");
    }

    /** The objects of a list. */
    List<Section> sections(String key) {
        List<Section> all = new ArrayList<>();
        for (Object o : list(key)) {
            String name = where + "." + key + "[" + all.size() + "]";
            if (!(o instanceof Map<?, ?> m)) {
                throw new FormatException(name + ": must be an object");
            }
            all.add(new Section(m, name));
        }
        return all;
    }

    /** Refuses a value other than null, false, 0 and the empty string. */
    void refuse(String key, String why) {
        Object v = value(key);
        boolean off = v == null || Boolean.FALSE.equals(v) || "".equals(v) || v instanceof Number n && n.doubleValue() == 0;
        if (!off) {
            throw error("'" + key + "' is not supported: " + why);
        }
    }

    /** Refuses keys that were not read. */
    void end() {
        for (Object key : values.keySet()) {
            if (!known.contains(key)) {
                throw error("unknown key '" + key + "'; ignoring it could change the ids");
            }
        }
    }
}
