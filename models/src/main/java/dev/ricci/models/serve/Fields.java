package dev.ricci.models.serve;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The fields of a request: each is asked for by name, and what nobody asked for is refused. A null counts as absent. */
final class Fields {
    private final Map<String, Object> json;
    private final String prefix;
    private final Set<String> known = new HashSet<>();

    Fields(Map<String, Object> json, String prefix) {
        this.json = json;
        this.prefix = prefix;
    }

    /** The value, or null. */
    Object value(String name) {
        known.add(name);
        return json.get(name);
    }

    boolean has(String name) {
        return value(name) != null;
    }

    ApiException wrong(String name, String what) {
        return ApiException.field(prefix + name, what);
    }

    String text(String name, String otherwise) {
        return switch (value(name)) {
            case null -> otherwise;
            case String s -> s;
            default -> throw wrong(name, "must be a string");
        };
    }

    boolean truth(String name, boolean otherwise) {
        return switch (value(name)) {
            case null -> otherwise;
            case Boolean b -> b;
            default -> throw wrong(name, "must be true or false");
        };
    }

    double number(String name, double least, double most, double otherwise) {
        return switch (value(name)) {
            case null -> otherwise;
            case Number n when n.doubleValue() >= least && n.doubleValue() <= most -> n.doubleValue();
            case Number n -> throw wrong(name, "must lie in " + least + " .. " + most + ", got " + n);
            default -> throw wrong(name, "must be a number");
        };
    }

    long whole(String name, long least, long most, long otherwise) {
        return switch (value(name)) {
            case null -> otherwise;
            case Long n when n >= least && n <= most -> n;
            case Long n -> throw wrong(name, "must lie in " + least + " .. " + most + ", got " + n);
            default -> throw wrong(name, "must be a whole number");
        };
    }

    List<?> list(String name) {
        if (value(name) instanceof List<?> l) {
            return l;
        }
        throw wrong(name, has(name) ? "must be an array" : "is missing");
    }

    @SuppressWarnings("unchecked") // the keys of JSON are strings
    static Fields of(Object value, String name) {
        if (value instanceof Map<?, ?> m) {
            return new Fields((Map<String, Object>) m, name + ".");
        }
        throw ApiException.field(name, "must be an object");
    }

    /** Takes fields that change nothing here. */
    void ignore(String... names) {
        known.addAll(Set.of(names));
    }

    /** Takes a field with the one value that asks for nothing. */
    void onlyNeutral(String name, boolean neutral) {
        if (has(name) && !neutral) {
            throw wrong(name, "is not supported by this server; leave it out");
        }
    }

    /** Refuses a field that nobody asked for. */
    void end() {
        json.keySet().stream().filter(k -> !known.contains(k)).sorted().findFirst().ifPresent(k -> {
            throw wrong(k, "is not a field that this server knows; leave it out");
        });
    }
}
