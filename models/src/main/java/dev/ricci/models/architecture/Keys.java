package dev.ricci.models.architecture;

import dev.ricci.tensor.FormatException;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Hyper-parameters by name, read one by one. {@link #end} refuses names that nobody asked for: they may change the
 * mathematics. A name whose value is null counts as absent.
 */
final class Keys {
    private final Map<String, ?> values;
    private final String where;
    private final Set<String> known = new HashSet<>();

    /**
     * @param values whole numbers as Long, other numbers as Double
     * @param where names the file in errors
     */
    Keys(Map<String, ?> values, String where) {
        this.values = values;
        this.where = where;
    }

    String where() {
        return where;
    }

    FormatException error(String what) {
        return new FormatException(where + ": " + what);
    }

    FormatException wrong(String key, String expected) {
        return error("'" + key + "' must be " + expected + ", got " + values.get(key));
    }

    private Object value(String key) {
        known.add(key);
        return values.get(key);
    }

    boolean has(String key) {
        return value(key) != null;
    }

    int integer(String key) {
        if (value(key) instanceof Long v && v == v.intValue()) {
            return v.intValue();
        }
        throw has(key) ? wrong(key, "a whole number") : error("'" + key + "' is missing");
    }

    int integer(String key, int otherwise) {
        return has(key) ? integer(key) : otherwise;
    }

    double number(String key) {
        if (value(key) instanceof Number v) {
            return v.doubleValue();
        }
        throw has(key) ? wrong(key, "a number") : error("'" + key + "' is missing");
    }

    double number(String key, double otherwise) {
        return has(key) ? number(key) : otherwise;
    }

    boolean flag(String key, boolean otherwise) {
        if (!has(key)) {
            return otherwise;
        }
        if (value(key) instanceof Boolean v) {
            return v;
        }
        throw wrong(key, "true or false");
    }

    String text(String key) {
        if (value(key) instanceof String v) {
            return v;
        }
        throw has(key) ? wrong(key, "a text") : error("'" + key + "' is missing");
    }

    String text(String key, String otherwise) {
        return has(key) ? text(key) : otherwise;
    }

    List<?> list(String key) {
        if (value(key) instanceof List<?> v) {
            return v;
        }
        throw wrong(key, "a list");
    }

    /** The object under a name; its own names must be read and ended by the caller. */
    Keys object(String key) {
        if (value(key) instanceof Map<?, ?> v && v.keySet().stream().allMatch(String.class::isInstance)) {
            @SuppressWarnings("unchecked")
            Map<String, ?> named = (Map<String, ?>) v;
            return new Keys(named, where + ": '" + key + "'");
        }
        throw wrong(key, "an object");
    }

    /** Refuses any value but one, null and absence. */
    void only(String key, Object supported) {
        Object v = value(key);
        boolean same = v instanceof Number a && supported instanceof Number b ? a.doubleValue() == b.doubleValue()
                : Objects.equals(v, supported);
        if (v != null && !same) {
            throw error("'" + key + "' = " + v + " is not supported" + (supported == null ? "" : "; supported is "
                    + supported));
        }
    }

    /** Reads over names that change nothing in what is computed. */
    void harmless(Collection<String> keys) {
        known.addAll(keys);
    }

    /**
     * Refuses what nobody asked for.
     *
     * @throws FormatException naming all unknown keys
     */
    void end() {
        List<String> unknown = values.keySet().stream().filter(key -> values.get(key) != null && !known.contains(key)).sorted().toList();
        if (!unknown.isEmpty()) {
            throw error("unknown " + unknown + "; what is not known may change what the model computes, so it is not read");
        }
    }
}
