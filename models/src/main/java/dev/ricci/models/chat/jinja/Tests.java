package dev.ricci.models.chat.jinja;

import dev.ricci.models.chat.jinja.Values.Function;
import dev.ricci.models.chat.jinja.Values.Undefined;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What {@code is} asks. */
final class Tests {
    static final Set<String> NAMES = Set.of("defined", "undefined", "none", "string", "mapping", "iterable", "sequence",
            "number", "integer", "float", "boolean", "true", "false", "callable", "equalto", "eq", "==", "ne", "lt", "le",
            "gt", "ge", "in", "odd", "even", "divisibleby", "sameas", "lower", "upper");

    private Tests() {
    }

    static boolean holds(String name, Object value, List<Object> arguments) {
        return switch (name) {
            case "defined" -> !(value instanceof Undefined);
            case "undefined" -> value instanceof Undefined;
            case "none" -> value == Values.NONE;
            case "string" -> value instanceof Text;
            case "mapping" -> value instanceof Map<?, ?>;
            case "iterable" -> value instanceof Text || value instanceof List<?> || value instanceof Map<?, ?>
                    || value instanceof Undefined;
            case "sequence" -> value instanceof Text || value instanceof List<?> || value instanceof Map<?, ?>
                    || value instanceof Undefined;
            case "number" -> Values.isNumber(value);
            case "integer" -> value instanceof Long;
            case "float" -> value instanceof Double;
            case "boolean" -> value instanceof Boolean;
            case "true", "false" -> value instanceof Boolean b && b == name.equals("true");
            case "callable" -> value instanceof Function;
            case "equalto", "eq", "==" -> Values.equal(value, only(name, arguments));
            case "ne" -> !Values.equal(value, only(name, arguments));
            case "lt" -> Values.compare(value, only(name, arguments)) < 0;
            case "le" -> Values.compare(value, only(name, arguments)) <= 0;
            case "gt" -> Values.compare(value, only(name, arguments)) > 0;
            case "ge" -> Values.compare(value, only(name, arguments)) >= 0;
            case "in" -> Values.contains(only(name, arguments), value);
            case "odd" -> Math.floorMod(whole(value), 2L) == 1;
            case "even" -> Math.floorMod(whole(value), 2L) == 0;
            case "divisibleby" -> {
                long by = whole(only(name, arguments));
                if (by == 0) {
                    throw Values.error("'divisibleby' 0");
                }
                yield whole(value) % by == 0;
            }
            case "sameas" -> value == only(name, arguments) || !(value instanceof List<?>) && !(value instanceof Map<?, ?>)
                    && value.equals(only(name, arguments));
            case "lower" -> value instanceof Text t && t.chars().equals(t.lower().chars());
            case "upper" -> value instanceof Text t && t.chars().equals(t.upper().chars());
            default -> throw new AssertionError(name); // the parser knows them all
        };
    }

    private static Object only(String name, List<Object> arguments) {
        if (arguments.size() != 1) {
            throw Values.error("the test '" + name + "' takes one argument, got " + arguments.size());
        }
        return arguments.getFirst();
    }

    private static long whole(Object value) {
        if (value instanceof Long n) {
            return n;
        }
        throw Values.error("expected a whole number, got " + Values.kind(value));
    }
}
