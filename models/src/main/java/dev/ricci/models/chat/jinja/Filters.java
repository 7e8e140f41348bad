package dev.ricci.models.chat.jinja;

import dev.ricci.models.chat.jinja.Values.Undefined;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** What {@code |} makes of a value. */
final class Filters {
    static final Set<String> NAMES = Set.of("trim", "length", "count", "tojson", "default", "d", "join", "list", "first",
            "last", "upper", "lower", "capitalize", "title", "replace", "items", "dictsort", "sort", "reverse", "unique",
            "indent", "string", "int", "float", "abs", "min", "max", "sum", "safe", "map", "select", "reject",
            "selectattr", "rejectattr");

    private final Budget budget;
    private final Methods methods;

    Filters(Budget budget, Methods methods) {
        this.budget = budget;
        this.methods = methods;
    }

    Object apply(String name, Object value, List<Object> positional, Map<String, Object> named) {
        switch (name) {
            case "select", "reject" -> {
                String test = positional.isEmpty() ? null : textOf(positional.getFirst());
                Predicate<Object> holds = test(test, positional, 1);
                return kept(value, x -> holds.test(x) == name.equals("select"));
            }
            case "selectattr", "rejectattr" -> {
                String attribute = textOf(positional.isEmpty() ? Values.NONE : positional.getFirst());
                Predicate<Object> holds = test(positional.size() < 2 ? null : textOf(positional.get(1)), positional, 2);
                return kept(value, x -> holds.test(attribute(x, attribute)) == name.equals("selectattr"));
            }
            default -> {
                Arguments in = new Arguments(name, positional, named);
                Object result = name.equals("map") ? mapped(value, positional, named) : apply(name, value, in);
                if (!name.equals("map")) {
                    in.end();
                }
                return result;
            }
        }
    }

    private Object apply(String name, Object value, Arguments in) {
        return switch (name) {
            case "trim" -> text(value).strip(in.text("chars"), true, true);
            case "length", "count" -> Values.length(value);
            case "tojson" -> JsonText.of(value, in, budget);
            case "default", "d" -> {
                Object otherwise = in.next("default_value", Text.EMPTY);
                boolean alsoFalse = Values.isTrue(in.next("boolean", false));
                yield value instanceof Undefined || alsoFalse && !Values.isTrue(value) ? otherwise : value;
            }
            case "join" -> {
                Text separator = text(in.next("d", Text.EMPTY));
                String attribute = in.text("attribute");
                List<Object> items = items(value);
                yield methods.join(separator,
                        attribute == null ? items : items.stream().map(x -> attribute(x, attribute)).toList());
            }
            case "list" -> items(value);
            case "first" -> items(value).isEmpty() ? new Undefined("first") : items(value).getFirst();
            case "last" -> items(value).isEmpty() ? new Undefined("last") : items(value).getLast();
            case "upper" -> text(value).upper();
            case "lower" -> text(value).lower();
            case "capitalize" -> text(value).capitalized();
            case "title" -> text(value).titled();
            case "replace" -> {
                Text old = text(in.next("old"));
                yield methods.replace(text(value), old, text(in.next("new")), in.whole("count", -1));
            }
            case "items" -> value instanceof Undefined ? List.of() : methods.call(value, "items", in);
            case "dictsort" -> sorted(items(methods.call(value, "items", in)),
                    Comparator.comparing(e -> ((List<?>) e).getFirst(), Filters::ignoringCase), false);
            case "sort" -> sort(value, in);
            case "reverse" -> value instanceof Text t ? methods.join(Text.EMPTY, List.copyOf(items(t).reversed()))
                    : List.copyOf(items(value).reversed());
            case "unique" -> unique(items(value));
            case "indent" -> indent(text(value), in);
            case "string", "safe" -> text(value);
            case "int" -> whole(value, in.next("default", 0L));
            case "float" -> real(value, in.next("default", 0.0));
            case "abs" -> value instanceof Long n ? (Object) Math.absExact(n) : (Object) Math.abs(Values.number(value));
            case "min" -> items(value).stream().min(Values::compare).orElse(new Undefined("min"));
            case "max" -> items(value).stream().max(Values::compare).orElse(new Undefined("max"));
            case "sum" -> {
                Object sum = 0L;
                for (Object x : items(value)) {
                    sum = Arithmetic.add(sum, x, budget);
                }
                yield sum;
            }
            default -> throw new AssertionError(name); // the parser knows them all
        };
    }

    private Text text(Object value) {
        Text t = Values.text(value, budget);
        budget.spend(t.length());
        return t;
    }

    private static String textOf(Object value) {
        if (value instanceof Text t) {
            return t.chars();
        }
        throw Values.error("expected a name, got " + Values.kind(value));
    }

    private List<Object> items(Object value) {
        return Values.items(value, budget);
    }

    /** The attribute of an item; a path may have several names with dots between them. */
    private static Object attribute(Object of, String path) {
        Object value = of;
        for (String name : path.split("\\.")) {
            value = value instanceof Map<?, ?> m && m.containsKey(Text.own(name)) ? m.get(Text.own(name))
                    : new Undefined(name);
        }
        return value;
    }

    private List<Object> kept(Object value, Predicate<Object> holds) {
        return List.copyOf(items(value).stream().filter(holds).toList());
    }

    private static Predicate<Object> test(String name, List<Object> arguments, int skip) {
        if (name == null) {
            return Values::isTrue;
        }
        if (!Tests.NAMES.contains(name)) {
            throw Values.error("the test '" + name + "' is not supported");
        }
        List<Object> others = arguments.subList(skip, arguments.size());
        return x -> Tests.holds(name, x, others);
    }

    private Object mapped(Object value, List<Object> positional, Map<String, Object> named) {
        if (positional.isEmpty()) {
            Arguments in = new Arguments("map", List.of(), named);
            String attribute = textOf(named.getOrDefault("attribute", Values.NONE));
            Object otherwise = named.get("default");
            named.keySet().stream().filter(k -> !k.equals("attribute") && !k.equals("default")).findAny()
                    .ifPresent(k -> in.end());
            return items(value).stream().map(x -> attribute(x, attribute))
                    .map(x -> x instanceof Undefined && otherwise != null ? otherwise : x).toList();
        }
        String filter = textOf(positional.getFirst());
        if (!NAMES.contains(filter) || filter.equals("map")) {
            throw Values.error("the filter '" + filter + "' is not supported");
        }
        List<Object> others = positional.subList(1, positional.size());
        return items(value).stream().map(x -> apply(filter, x, others, named)).toList();
    }

    private Object sort(Object value, Arguments in) {
        boolean reverse = Values.isTrue(in.next("reverse", false));
        boolean exactCase = Values.isTrue(in.next("case_sensitive", false));
        String attribute = in.text("attribute");
        Comparator<Object> order = exactCase ? Values::compare : Filters::ignoringCase;
        return sorted(items(value), attribute == null ? order
                : (a, b) -> order.compare(attribute(a, attribute), attribute(b, attribute)), reverse);
    }

    private List<Object> sorted(List<Object> items, Comparator<Object> order, boolean reverse) {
        budget.spend(20L * items.size());
        List<Object> all = new ArrayList<>(items);
        all.sort(reverse ? order.reversed() : order);
        return List.copyOf(all);
    }

    private static int ignoringCase(Object a, Object b) {
        return a instanceof Text x && b instanceof Text y ? x.lower().compareTo(y.lower()) : Values.compare(a, b);
    }

    private static List<Object> unique(List<Object> items) {
        Map<Object, Object> first = new LinkedHashMap<>();
        items.forEach(x -> first.putIfAbsent(x instanceof Text t ? t.lower() : x, x));
        return List.copyOf(first.values());
    }

    private Text indent(Text t, Arguments in) {
        Object width = in.next("width", 4L);
        boolean first = Values.isTrue(in.next("first", false));
        boolean blank = Values.isTrue(in.next("blank", false));
        Text space = width instanceof Text w ? w
                : (Text) Arithmetic.multiply(Text.own(" "), width, budget);
        Text.Builder out = new Text.Builder(budget);
        List<Text> lines = t.split("\n", Long.MAX_VALUE);
        for (int i = 0; i < lines.size(); i++) {
            out.own(i == 0 ? "" : "\n");
            if (i == 0 ? first : blank || lines.get(i).length() > 0) {
                out.add(space);
            }
            out.add(lines.get(i));
        }
        return out.text();
    }

    private static Object whole(Object value, Object otherwise) {
        try {
            return switch (value) {
                case Text t -> (long) Double.parseDouble(t.chars().strip());
                case Double d -> (long) (double) d;
                default -> Values.isNumber(value) ? (Object) (long) Values.number(value) : otherwise;
            };
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }

    private static Object real(Object value, Object otherwise) {
        try {
            return value instanceof Text t ? (Object) Double.parseDouble(t.chars().strip())
                    : Values.isNumber(value) ? (Object) Values.number(value) : otherwise;
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }
}
