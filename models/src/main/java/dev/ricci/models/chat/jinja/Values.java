package dev.ricci.models.chat.jinja;

import dev.ricci.tensor.TensorException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What values mean. There are {@link Text}, {@link Long}, {@link Double}, {@link Boolean}, {@link List}, {@link Map} with
 * values as keys, {@link #NONE}, {@link Undefined}, {@link Namespace}, {@link Loop} and {@link Function}: nothing that
 * leads to Java's own objects.
 */
final class Values {
    /** Nothing. */
    static final Object NONE = new Object() {
        @Override
        public String toString() {
            return "None";
        }
    };

    private Values() {
    }

    /** What a name or key without a value gives: empty as text, false, and an error where it is used otherwise. */
    record Undefined(String name) {
    }

    /** Variables that loops may change. */
    record Namespace(Map<String, Object> values) {
    }

    /** What can be called. */
    interface Function {
        /** Its value. */
        Object call(List<Object> positional, Map<String, Object> named);
    }

    /** What {@code loop} says in the body of a loop. */
    record Loop(List<Object> items, int index) {
        Object attribute(String name) {
            return switch (name) {
                case "index0" -> (long) index;
                case "index" -> index + 1L;
                case "first" -> index == 0;
                case "last" -> index == items.size() - 1;
                case "length" -> (long) items.size();
                case "revindex0" -> items.size() - 1L - index;
                case "revindex" -> (long) items.size() - index;
                case "previtem" -> index == 0 ? new Undefined("loop.previtem") : items.get(index - 1);
                case "nextitem" -> index == items.size() - 1 ? new Undefined("loop.nextitem") : items.get(index + 1);
                default -> new Undefined("loop." + name);
            };
        }
    }

    /** JSON values, texts and collections of such as values of a template; what they say is foreign. */
    static Object foreign(Object value) {
        return switch (value) {
            case null -> NONE;
            case String s -> Text.foreign(s);
            case Boolean b -> b;
            case Integer n -> n.longValue();
            case Long n -> n;
            case Number n -> n.doubleValue();
            case List<?> l -> l.stream().map(Values::foreign).toList();
            case Map<?, ?> m -> {
                Map<Object, Object> all = new LinkedHashMap<>();
                m.forEach((k, v) -> all.put(foreign(k), foreign(v)));
                yield all;
            }
            default -> throw new TensorException("chat template: a variable of type " + value.getClass().getSimpleName()
                    + " is not supported; use texts, numbers, truth values, lists and maps");
        };
    }

    static boolean isTrue(Object value) {
        return switch (value) {
            case Boolean b -> b;
            case Text t -> t.length() > 0;
            case Long n -> n != 0;
            case Double d -> d != 0;
            case List<?> l -> !l.isEmpty();
            case Map<?, ?> m -> !m.isEmpty();
            case Undefined u -> false;
            default -> value != NONE;
        };
    }

    static boolean equal(Object a, Object b) {
        if (isNumber(a) && isNumber(b)) {
            return a instanceof Long && b instanceof Long ? a.equals(b) : number(a) == number(b);
        }
        return a instanceof Undefined ? b instanceof Undefined : a.equals(b);
    }

    /** Truth values count as 0 and 1. */
    static boolean isNumber(Object value) {
        return value instanceof Long || value instanceof Double || value instanceof Boolean;
    }

    static double number(Object value) {
        return switch (value) {
            case Long n -> n;
            case Double d -> d;
            case Boolean b -> b ? 1 : 0;
            default -> throw error("expected a number, got " + kind(value));
        };
    }

    static int compare(Object a, Object b) {
        if (isNumber(a) && isNumber(b)) {
            return a instanceof Long x && b instanceof Long y ? Long.compare(x, y) : Double.compare(number(a), number(b));
        }
        if (a instanceof Text x && b instanceof Text y) {
            return x.compareTo(y);
        }
        throw error("cannot compare " + kind(a) + " with " + kind(b));
    }

    static boolean contains(Object container, Object item) {
        return switch (container) {
            case Text t when item instanceof Text part -> t.chars().contains(part.chars());
            case List<?> l -> l.stream().anyMatch(x -> equal(x, item));
            case Map<?, ?> m -> m.containsKey(item);
            case Undefined u -> false;
            default -> throw error("cannot look for " + kind(item) + " in " + kind(container));
        };
    }

    /** The items that a loop goes over. */
    static List<Object> items(Object value, Budget budget) {
        List<Object> items = switch (value) {
            case List<?> l -> new ArrayList<>(l);
            case Map<?, ?> m -> new ArrayList<>(m.keySet());
            case Text t -> {
                budget.spend(20L * t.length());
                yield new ArrayList<>(t.characters());
            }
            case Undefined u -> List.of();
            default -> throw error("cannot go over the items of " + kind(value));
        };
        budget.spend(items.size());
        return items;
    }

    static long length(Object value) {
        return switch (value) {
            case Text t -> t.chars().codePointCount(0, t.length());
            case List<?> l -> l.size();
            case Map<?, ?> m -> m.size();
            case Undefined u -> 0;
            default -> throw error(kind(value) + " has no length");
        };
    }

    /** What a value is written as. */
    static Text text(Object value, Budget budget) {
        return switch (value) {
            case Text t -> t;
            case Undefined u -> Text.EMPTY;
            default -> {
                Text.Builder out = new Text.Builder(budget);
                show(value, out, budget);
                yield out.text();
            }
        };
    }

    /** As Python shows it inside a list. */
    private static void show(Object value, Text.Builder out, Budget budget) {
        budget.enter();
        switch (value) {
            case Text t -> out.add(t.like(quoted(t.chars())));
            case Long n -> out.own(n.toString());
            case Double d -> out.own(written(d));
            case Boolean b -> out.own(b ? "True" : "False");
            case List<?> l -> {
                out.own("[");
                for (int i = 0; i < l.size(); i++) {
                    out.own(i == 0 ? "" : ", ");
                    show(l.get(i), out, budget);
                }
                out.own("]");
            }
            case Map<?, ?> m -> {
                out.own("{");
                String separator = "";
                for (Map.Entry<?, ?> e : m.entrySet()) {
                    out.own(separator);
                    show(e.getKey(), out, budget);
                    out.own(": ");
                    show(e.getValue(), out, budget);
                    separator = ", ";
                }
                out.own("}");
            }
            default -> {
                if (value != NONE) {
                    throw error("cannot write " + kind(value) + " as text");
                }
                out.own("None");
            }
        }
        budget.leave();
    }

    private static String quoted(String s) {
        char quote = s.indexOf('\'') >= 0 && s.indexOf('"') < 0 ? '"' : '\'';
        StringBuilder out = new StringBuilder().append(quote);
        s.codePoints().forEach(c -> {
            switch (c) {
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\\' -> out.append("\\\\");
                default -> {
                    if (c == quote) {
                        out.append('\\').append(quote);
                    } else if (c < 0x20 || c == 0x7F) {
                        out.append(String.format("\\x%02x", c));
                    } else {
                        out.appendCodePoint(c);
                    }
                }
            }
        });
        return out.append(quote).toString();
    }

    /** The shortest digits that give the number, as Python writes them. */
    static String written(double d) {
        if (Double.isNaN(d)) {
            return "nan";
        }
        if (Double.isInfinite(d)) {
            return d > 0 ? "inf" : "-inf";
        }
        double size = Math.abs(d);
        if (size != 0 && (size < 1e-4 || size >= 1e16)) {
            String[] parts = Double.toString(d).split("E");
            int exponent = Integer.parseInt(parts[1]);
            return (parts[0].endsWith(".0") ? parts[0].substring(0, parts[0].length() - 2) : parts[0])
                    + (exponent < 0 ? "e-" : "e+") + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
        }
        String plain = new BigDecimal(Double.toString(d)).toPlainString();
        return plain.contains(".") ? plain : plain + ".0";
    }

    /** What a value is, for errors. */
    static String kind(Object value) {
        return switch (value) {
            case Text t -> "a text";
            case Long n -> "the number " + n;
            case Double d -> "the number " + written(d);
            case Boolean b -> b ? "true" : "false";
            case List<?> l -> "a list";
            case Map<?, ?> m -> "a dictionary";
            case Undefined u -> "'" + u.name + "', which is undefined";
            case Namespace n -> "a namespace";
            case Loop l -> "loop";
            case Function f -> "a function";
            default -> "none";
        };
    }

    static TensorException error(String what) {
        return new TensorException("chat template: " + what);
    }
}
