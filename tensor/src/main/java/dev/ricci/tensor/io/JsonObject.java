package dev.ricci.tensor.io;

import dev.ricci.tensor.FormatException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * An object of a JSON file, as {@link Json} reads it or a program makes it, that is read key by key. {@link #end} refuses
 * keys that nobody asked for: what is ignored may change what the file means. All methods that read throw a
 * {@link FormatException} that names the file, the key and what is expected. Not thread-safe.
 */
public final class JsonObject {
    private static final int SHOWN = 60;

    private final Map<?, ?> values;
    private final String where;
    private final String risk;
    private final boolean nullsCount;
    private final Set<String> known = new HashSet<>();

    private JsonObject(Map<?, ?> values, String where, String risk, boolean nullsCount) {
        this.values = values;
        this.where = where;
        this.risk = risk;
        this.nullsCount = nullsCount;
    }

    /**
     * An object of which every key must be read.
     *
     * @param where the file and the path inside it, for errors
     * @param risk what ignoring a key could do, such as {@code change the ids}
     */
    public static JsonObject ofAll(Map<?, ?> values, String where, String risk) {
        return new JsonObject(values, where, risk, true);
    }

    /** As {@link #ofAll}, but a key whose value is null counts as absent. */
    public static JsonObject ofPresent(Map<?, ?> values, String where, String risk) {
        return new JsonObject(values, where, risk, false);
    }

    /** The file and the path inside it. */
    public String where() {
        return where;
    }

    /** An error about this object. */
    public FormatException error(String what) {
        return new FormatException(where + ": " + what);
    }

    /** An error about a value that is missing or of the wrong kind. */
    public FormatException wrong(String key, String expected) {
        if (values.get(key) == null) {
            return error("'" + key + "' is missing; it must be " + expected);
        }
        String shown = String.valueOf(values.get(key));
        return error("'" + key + "' must be " + expected + ", got "
                + (shown.length() <= SHOWN ? shown : shown.substring(0, SHOWN) + "..."));
    }

    private Object value(String key) {
        known.add(key);
        return values.get(key);
    }

    /** Whether a key is there and not null. */
    public boolean has(String key) {
        return value(key) != null;
    }

    /** Whether the value of a key is of a type. */
    public boolean is(String key, Class<?> type) {
        return type.isInstance(value(key));
    }

    /** A string. */
    public String text(String key) {
        if (value(key) instanceof String s) {
            return s;
        }
        throw wrong(key, "a string");
    }

    /** A string, if it is there. */
    public String text(String key, String otherwise) {
        return has(key) ? text(key) : otherwise;
    }

    /** True or false. */
    public boolean flag(String key) {
        if (value(key) instanceof Boolean b) {
            return b;
        }
        throw wrong(key, "true or false");
    }

    /** True or false, if it is there. */
    public boolean flag(String key, boolean otherwise) {
        return has(key) ? flag(key) : otherwise;
    }

    /** A whole number of 32 bits. */
    public int integer(String key) {
        Object v = value(key);
        if ((v instanceof Long || v instanceof Integer) && ((Number) v).longValue() == ((Number) v).intValue()) {
            return ((Number) v).intValue();
        }
        throw wrong(key, "a whole number of 32 bits");
    }

    /** A whole number of 32 bits, if it is there. */
    public int integer(String key, int otherwise) {
        return has(key) ? integer(key) : otherwise;
    }

    /** A whole number from 0 to 2^31 - 1. */
    public int index(String key) {
        long n = index(value(key));
        if (n >= 0 && n <= Integer.MAX_VALUE) {
            return (int) n;
        }
        throw wrong(key, "a whole number from 0 to " + Integer.MAX_VALUE);
    }

    /** A whole number that is not negative, as files or programs write it; else -1. */
    public static long index(Object value) {
        return value instanceof Long || value instanceof Integer ? Math.max(-1, ((Number) value).longValue()) : -1;
    }

    /** A number. */
    public double number(String key) {
        if (value(key) instanceof Number v) {
            return v.doubleValue();
        }
        throw wrong(key, "a number");
    }

    /** A number, if it is there. */
    public double number(String key, double otherwise) {
        return has(key) ? number(key) : otherwise;
    }

    /** A list. */
    public List<?> list(String key) {
        if (value(key) instanceof List<?> l) {
            return l;
        }
        throw wrong(key, "a list");
    }

    /** An object whose keys are data. */
    public Map<?, ?> map(String key) {
        if (value(key) instanceof Map<?, ?> m) {
            return m;
        }
        throw wrong(key, "an object");
    }

    /** An object; its own keys are to be read and ended. */
    public JsonObject object(String key) {
        return new JsonObject(map(key), where + "." + key, risk, nullsCount);
    }

    /** The objects of a list. */
    public List<JsonObject> objects(String key) {
        List<JsonObject> all = new ArrayList<>();
        for (Object o : list(key)) {
            String name = where + "." + key + "[" + all.size() + "]";
            if (!(o instanceof Map<?, ?> m)) {
                throw new FormatException(name + ": must be an object");
            }
            all.add(new JsonObject(m, name, risk, nullsCount));
        }
        return all;
    }

    /** Refuses any value but one, null and absence. */
    public void only(String key, Object supported) {
        Object v = value(key);
        boolean same = v instanceof Number a && supported instanceof Number b ? a.doubleValue() == b.doubleValue()
                : Objects.equals(v, supported);
        if (v != null && !same) {
            throw error("'" + key + "' = " + v + " is not supported" + (supported == null ? "" : "; supported is "
                    + supported));
        }
    }

    /** Refuses a value other than null, false, 0 and the empty string. */
    public void refuse(String key, String why) {
        Object v = value(key);
        boolean off = v == null || Boolean.FALSE.equals(v) || "".equals(v) || v instanceof Number n && n.doubleValue() == 0;
        if (!off) {
            throw error("'" + key + "' is not supported: " + why);
        }
    }

    /** Reads over keys that are known not to matter. */
    public void ignore(String... keys) {
        ignore(List.of(keys));
    }

    /** Reads over keys that are known not to matter. */
    public void ignore(Collection<String> keys) {
        known.addAll(keys);
    }

    /**
     * Refuses what nobody asked for.
     *
     * @throws FormatException naming all unknown keys
     */
    public void end() {
        List<String> unknown = values.entrySet().stream()
                .filter(e -> !known.contains(String.valueOf(e.getKey())) && (nullsCount || e.getValue() != null))
                .map(e -> "'" + e.getKey() + "'").sorted().toList();
        if (!unknown.isEmpty()) {
            throw error("unknown key" + (unknown.size() == 1 ? " " : "s ") + String.join(", ", unknown)
                    + "; ignoring what is not known could " + risk);
        }
    }
}
