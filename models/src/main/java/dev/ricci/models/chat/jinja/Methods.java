package dev.ricci.models.chat.jinja;

import java.util.List;
import java.util.Map;

/** What can be called on a text, dictionary or list, with the meaning that Python gives it. */
final class Methods {
    private final Budget budget;

    Methods(Budget budget) {
        this.budget = budget;
    }

    Object call(Object on, String name, Arguments in) {
        Object value = switch (on) {
            case Text t -> text(t, name, in);
            case Map<?, ?> m -> dictionary(m, name, in);
            case List<?> l -> list(l, name, in);
            default -> throw Values.error("cannot call '" + name + "' on " + Values.kind(on));
        };
        in.end();
        return value;
    }

    private Object text(Text t, String name, Arguments in) {
        budget.spend(t.length());
        return switch (name) {
            case "strip" -> t.strip(in.text("chars"), true, true);
            case "lstrip" -> t.strip(in.text("chars"), true, false);
            case "rstrip" -> t.strip(in.text("chars"), false, true);
            case "upper" -> t.upper();
            case "lower" -> t.lower();
            case "title" -> t.titled();
            case "capitalize" -> t.capitalized();
            case "startswith" -> anyOf(in.next("prefix"), t.chars()::startsWith);
            case "endswith" -> anyOf(in.next("suffix"), t.chars()::endsWith);
            case "split", "rsplit" -> split(t, name, in);
            case "splitlines" -> paid(t.lines());
            case "replace" -> {
                Text old = needed("old", in);
                yield replace(t, old, needed("new", in), in.whole("count", -1));
            }
            case "find" -> position(t, t.chars().indexOf(needed("sub", in).chars()));
            case "rfind" -> position(t, t.chars().lastIndexOf(needed("sub", in).chars()));
            case "count" -> t.split(notEmpty(needed("sub", in)), Long.MAX_VALUE).size() - 1L;
            case "removeprefix" -> {
                String prefix = needed("prefix", in).chars();
                yield t.chars().startsWith(prefix) ? t.cut(prefix.length(), t.length()) : t;
            }
            case "removesuffix" -> {
                String suffix = needed("suffix", in).chars();
                yield t.chars().endsWith(suffix) ? t.cut(0, t.length() - suffix.length()) : t;
            }
            case "join" -> join(t, Values.items(in.next("iterable"), budget));
            case "isdigit" -> t.length() > 0 && t.chars().codePoints().allMatch(Character::isDigit);
            case "isspace" -> t.length() > 0 && t.chars().codePoints().allMatch(Text::isSpace);
            case "isalpha" -> t.length() > 0 && t.chars().codePoints().allMatch(Character::isLetter);
            default -> throw unknown("a text", name);
        };
    }

    private static Object position(Text t, int at) {
        return at < 0 ? -1L : (long) t.chars().codePointCount(0, at);
    }

    private interface Check {
        boolean test(String part);
    }

    private static Object anyOf(Object parts, Check check) {
        if (parts instanceof Text part) {
            return check.test(part.chars());
        }
        if (parts instanceof List<?> l && l.stream().allMatch(Text.class::isInstance)) {
            return l.stream().anyMatch(part -> check.test(part.toString()));
        }
        throw Values.error("expected a text or a tuple of texts, got " + Values.kind(parts));
    }

    private static Text needed(String name, Arguments in) {
        if (in.next(name) instanceof Text t) {
            return t;
        }
        throw Values.error("the argument '" + name + "' must be a text");
    }

    private static String notEmpty(Text t) {
        if (t.length() == 0) {
            throw Values.error("an empty separator");
        }
        return t.chars();
    }

    private Object split(Text t, String name, Arguments in) {
        String separator = in.text("sep");
        long most = in.whole("maxsplit", -1);
        if (separator == null) {
            if (most >= 0) {
                throw Values.error("'" + name + "' at white space with a limit is not supported");
            }
            return paid(t.words());
        }
        String by = notEmpty(Text.own(separator));
        long limit = most < 0 ? Long.MAX_VALUE : most;
        return paid(name.equals("split") ? t.split(by, limit) : t.splitFromRight(by, limit));
    }

    /** Pieces are objects: they cost more than their characters. */
    private List<Text> paid(List<Text> pieces) {
        budget.spend(20L * pieces.size());
        return pieces;
    }

    /** Every occurrence replaced, or the first so many. */
    Text replace(Text t, Text old, Text by, long count) {
        return join(by, List.copyOf(t.split(notEmpty(old), count < 0 ? Long.MAX_VALUE : count)));
    }

    Text join(Text separator, List<Object> items) {
        Text.Builder out = new Text.Builder(budget);
        for (int i = 0; i < items.size(); i++) {
            if (i > 0) {
                out.add(separator);
            }
            out.add(Values.text(items.get(i), budget));
        }
        return out.text();
    }

    private Object dictionary(Map<?, ?> m, String name, Arguments in) {
        budget.spend(m.size());
        return switch (name) {
            case "get" -> {
                Object value = m.get(in.next("key"));
                Object otherwise = in.next("default", Values.NONE);
                yield value == null ? otherwise : value;
            }
            case "items" -> m.entrySet().stream().<Object>map(e -> List.of(e.getKey(), e.getValue())).toList();
            case "keys" -> List.copyOf(m.keySet());
            case "values" -> List.copyOf(m.values());
            default -> throw unknown("a dictionary", name);
        };
    }

    private static Object list(List<?> l, String name, Arguments in) {
        return switch (name) {
            case "count" -> {
                Object item = in.next("item");
                yield l.stream().filter(x -> Values.equal(x, item)).count();
            }
            case "index" -> {
                Object item = in.next("item");
                for (int i = 0; i < l.size(); i++) {
                    if (Values.equal(l.get(i), item)) {
                        yield (long) i;
                    }
                }
                throw Values.error("'index': the item is not in the list");
            }
            // Lists are values here, as they are in the sandbox that chat templates are usually rendered in.
            default -> throw unknown("a list", name);
        };
    }

    private static RuntimeException unknown(String kind, String name) {
        return Values.error("the method '" + name + "' of " + kind + " is not supported");
    }
}
