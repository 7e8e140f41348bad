package dev.ricci.models.chat.jinja;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a function, filter or method was given, by place or by name; what it does not take is an error. */
final class Arguments {
    private final String of;
    private final List<Object> positional;
    private final Map<String, Object> named;
    private final Set<String> taken = new HashSet<>();
    private int places;

    Arguments(String of, List<Object> positional, Map<String, Object> named) {
        this.of = of;
        this.positional = positional;
        this.named = named;
    }

    /** The next one, or another value. */
    Object next(String name, Object otherwise) {
        taken.add(name);
        int place = places++;
        return place < positional.size() ? positional.get(place) : named.getOrDefault(name, otherwise);
    }

    /** The next one, which must be there. */
    Object next(String name) {
        Object value = next(name, null);
        if (value == null) {
            throw Values.error("'" + of + "' needs the argument '" + name + "'");
        }
        return value;
    }

    /** The next one, which must be a text if it is there; null for none. */
    String text(String name) {
        Object value = next(name, Values.NONE);
        if (value == Values.NONE) {
            return null;
        }
        if (value instanceof Text t) {
            return t.chars();
        }
        throw Values.error("'" + of + "': '" + name + "' must be a text, got " + Values.kind(value));
    }

    /** The next one as a whole number. */
    long whole(String name, long otherwise) {
        if (next(name, otherwise) instanceof Long n) {
            return n;
        }
        throw Values.error("'" + of + "': '" + name + "' must be a whole number");
    }

    /** No more than was taken may be there. */
    void end() {
        if (positional.size() > places || !taken.containsAll(named.keySet())) {
            throw Values.error("'" + of + "' takes no more than " + taken.stream().sorted().toList() + ", got "
                    + positional.size() + " arguments and " + named.keySet());
        }
    }
}
