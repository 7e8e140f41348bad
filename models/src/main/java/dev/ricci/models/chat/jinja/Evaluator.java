package dev.ricci.models.chat.jinja;

import dev.ricci.models.chat.jinja.Interpreter.Scope;
import dev.ricci.models.chat.jinja.Values.Function;
import dev.ricci.models.chat.jinja.Values.Loop;
import dev.ricci.models.chat.jinja.Values.Namespace;
import dev.ricci.models.chat.jinja.Values.Undefined;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Gives expressions their values. */
final class Evaluator {
    private final Budget budget;
    private final Methods methods;
    private final Filters filters;

    Evaluator(Budget budget) {
        this.budget = budget;
        this.methods = new Methods(budget);
        this.filters = new Filters(budget, methods);
    }

    Object value(Expression e, Scope scope) {
        budget.enter();
        Object value = switch (e) {
            case Expression.Literal l -> l.value();
            case Expression.Name n -> scope.find(n.name());
            case Expression.ListOf l -> values(l.items(), scope);
            case Expression.DictOf d -> {
                Map<Object, Object> map = new LinkedHashMap<>();
                d.entries().forEach(x -> map.put(value(x.key(), scope), value(x.value(), scope)));
                yield map;
            }
            case Expression.Attribute a -> attribute(value(a.of(), scope), a.name());
            case Expression.Item i -> item(value(i.of(), scope), value(i.key(), scope));
            case Expression.Slice s -> slice(value(s.of(), scope), part(s.from(), scope), part(s.to(), scope),
                    part(s.step(), scope));
            case Expression.Call c -> call(c, scope);
            case Expression.Filter f -> filters.apply(f.name(), value(f.input(), scope),
                    values(f.arguments().positional(), scope), named(f.arguments(), scope));
            case Expression.Test t -> {
                if (!t.arguments().named().isEmpty()) {
                    throw Values.error("the test '" + t.name() + "' takes no named arguments");
                }
                yield Tests.holds(t.name(), value(t.input(), scope), values(t.arguments().positional(), scope));
            }
            case Expression.Not n -> !Values.isTrue(value(n.of(), scope));
            case Expression.Negative n -> Arithmetic.apply("-", 0L, value(n.of(), scope), budget);
            case Expression.Binary b -> Arithmetic.apply(b.operator(), defined(value(b.left(), scope), b.operator()),
                    defined(value(b.right(), scope), b.operator()), budget);
            case Expression.Compare c -> compare(c, scope);
            case Expression.And a -> {
                Object left = value(a.left(), scope);
                yield Values.isTrue(left) ? value(a.right(), scope) : left;
            }
            case Expression.Or o -> {
                Object left = value(o.left(), scope);
                yield Values.isTrue(left) ? left : value(o.right(), scope);
            }
            case Expression.Choice c -> Values.isTrue(value(c.condition(), scope)) ? value(c.then(), scope)
                    : c.otherwise() == null ? new Undefined("the value of an if without an else")
                    : value(c.otherwise(), scope);
        };
        budget.leave();
        return value;
    }

    /** Only {@code ~} takes what is undefined, as an empty text. */
    private static Object defined(Object value, String operator) {
        if (value instanceof Undefined && !operator.equals("~")) {
            throw Values.error("'" + operator + "' does not take " + Values.kind(value));
        }
        return value;
    }

    private List<Object> values(List<Expression> expressions, Scope scope) {
        List<Object> values = new ArrayList<>(expressions.size());
        expressions.forEach(x -> values.add(value(x, scope)));
        return values;
    }

    private Map<String, Object> named(Expression.CallArguments arguments, Scope scope) {
        Map<String, Object> named = new LinkedHashMap<>();
        arguments.named().forEach((name, x) -> named.put(name, value(x, scope)));
        return named;
    }

    private Object call(Expression.Call c, Scope scope) {
        Object callee;
        String name;
        if (c.callee() instanceof Expression.Attribute a) {
            Object of = value(a.of(), scope);
            name = a.name();
            callee = of instanceof Loop loop && name.equals("cycle") ? cycle(loop)
                    : attribute(of, name) instanceof Function f ? f : null;
            if (callee == null) {
                return methods.call(of, name,
                        new Arguments(name, values(c.arguments().positional(), scope), named(c.arguments(), scope)));
            }
        } else {
            callee = value(c.callee(), scope);
        }
        if (!(callee instanceof Function f)) {
            throw Values.error("cannot call " + Values.kind(callee));
        }
        return f.call(values(c.arguments().positional(), scope), named(c.arguments(), scope));
    }

    private static Function cycle(Loop loop) {
        return (positional, named) -> {
            if (positional.isEmpty()) {
                throw Values.error("'loop.cycle' needs an argument");
            }
            return positional.get(loop.index() % positional.size());
        };
    }

    private static Object attribute(Object of, String name) {
        return switch (of) {
            case Map<?, ?> m -> entry(m, Text.own(name), name);
            case Loop l -> l.attribute(name);
            case Namespace n -> n.values().getOrDefault(name, new Undefined(name));
            case Undefined u -> throw Values.error("'" + name + "' is asked of " + Values.kind(u));
            default -> new Undefined(name);
        };
    }

    private static Object entry(Map<?, ?> m, Object key, String name) {
        Object value = m.get(key);
        return value == null ? new Undefined(name) : value;
    }

    private static Object item(Object of, Object key) {
        return switch (of) {
            case Map<?, ?> m -> entry(m, key, key.toString());
            case Namespace n -> n.values().getOrDefault(key.toString(), new Undefined(key.toString()));
            case List<?> l when key instanceof Long n -> n < -l.size() || n >= l.size() ? new Undefined("[" + n + "]")
                    : l.get((int) (n < 0 ? n + l.size() : n));
            case Text t when key instanceof Long n -> {
                long length = Values.length(t);
                long place = n < 0 ? n + length : n;
                yield place < 0 || place >= length ? new Undefined("[" + n + "]") : cut(t, (int) place, (int) place + 1);
            }
            case Undefined u -> throw Values.error("an item is asked of " + Values.kind(u));
            default -> new Undefined("[" + Values.kind(key) + "]");
        };
    }

    private static Text cut(Text t, int from, int to) {
        int start = t.chars().offsetByCodePoints(0, from);
        return t.cut(start, t.chars().offsetByCodePoints(start, to - from));
    }

    private Long part(Expression e, Scope scope) {
        if (e == null) {
            return null;
        }
        Object value = value(e, scope);
        if (value == Values.NONE) {
            return null;
        }
        if (value instanceof Long n) {
            return n;
        }
        throw Values.error("a slice needs whole numbers, got " + Values.kind(value));
    }

    private Object slice(Object of, Long from, Long to, Long step) {
        long by = step == null ? 1 : step;
        if (by != 1 && by != -1) {
            throw Values.error("a slice with the step " + by + " is not supported; supported are 1 and -1");
        }
        int n = (int) Values.length(of);
        budget.spend(n);
        if (by == 1) {
            int start = place(from, n, 0, 0, n);
            int end = Math.max(start, place(to, n, n, 0, n));
            return of instanceof Text t ? cut(t, start, end) : List.copyOf(list(of).subList(start, end));
        }
        // Backwards from start, inclusive, to end, exclusive; -1 is before the first item.
        int start = place(from, n, n - 1, -1, n - 1);
        int end = Math.min(start, place(to, n, -1, -1, n - 1));
        if (of instanceof Text t) {
            List<Object> characters = List.copyOf(cut(t, end + 1, start + 1).characters().reversed());
            return methods.join(Text.EMPTY, characters);
        }
        return List.copyOf(list(of).subList(end + 1, start + 1).reversed());
    }

    private static int place(Long given, int n, int otherwise, int least, int most) {
        return given == null ? otherwise : Math.clamp(given < 0 ? given + n : given, least, Math.max(least, most));
    }

    private static List<?> list(Object of) {
        if (of instanceof List<?> l) {
            return l;
        }
        throw Values.error("cannot take a slice of " + Values.kind(of));
    }

    private Object compare(Expression.Compare c, Scope scope) {
        Object left = value(c.first(), scope);
        for (Expression.Comparison step : c.others()) {
            Object right = value(step.value(), scope);
            budget.spend(left instanceof Text t ? t.length() : right instanceof List<?> l ? l.size() : 0);
            boolean holds = switch (step.operator()) {
                case "==" -> Values.equal(left, right);
                case "!=" -> !Values.equal(left, right);
                case "<" -> Values.compare(left, right) < 0;
                case "<=" -> Values.compare(left, right) <= 0;
                case ">" -> Values.compare(left, right) > 0;
                case ">=" -> Values.compare(left, right) >= 0;
                case "in" -> Values.contains(right, left);
                case "not in" -> !Values.contains(right, left);
                default -> throw new AssertionError(step.operator()); // the parser knows them all
            };
            if (!holds) {
                return false;
            }
            left = right;
        }
        return true;
    }
}
