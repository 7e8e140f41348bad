package dev.ricci.models.chat.jinja;

import java.util.ArrayList;
import java.util.List;

/** Operators on two values, with the meaning that Python gives them. */
final class Arithmetic {
    private Arithmetic() {
    }

    static Object apply(String operator, Object a, Object b, Budget budget) {
        try {
            return switch (operator) {
                case "+" -> add(a, b, budget);
                case "~" -> joined(Values.text(a, budget), Values.text(b, budget), budget);
                case "*" -> multiply(a, b, budget);
                case "-" -> bothWhole(a, b) ? (Object) Math.subtractExact(whole(a), whole(b))
                        : (Object) (number(operator, a, b, a) - number(operator, a, b, b));
                case "/" -> number(operator, a, b, a) / divisor(number(operator, a, b, b));
                case "//" -> bothWhole(a, b) ? (Object) Math.floorDiv(whole(a), whole(b))
                        : (Object) Math.floor(number(operator, a, b, a) / divisor(number(operator, a, b, b)));
                case "%" -> bothWhole(a, b) ? (Object) Math.floorMod(whole(a), whole(b)) : remainder(a, b);
                default -> throw new AssertionError(operator); // the parser knows them all
            };
        } catch (ArithmeticException e) {
            throw Values.error(operator + ": " + Values.kind(a) + " and " + Values.kind(b) + ": " + e.getMessage());
        }
    }

    static Object add(Object a, Object b, Budget budget) {
        if (a instanceof Text x && b instanceof Text y) {
            return joined(x, y, budget);
        }
        if (a instanceof List<?> x && b instanceof List<?> y) {
            budget.spend(x.size() + y.size());
            List<Object> all = new ArrayList<>(x);
            all.addAll(y);
            return all;
        }
        return bothWhole(a, b) ? (Object) Math.addExact(whole(a), whole(b))
                : (Object) (number("+", a, b, a) + number("+", a, b, b));
    }

    static Object multiply(Object a, Object b, Budget budget) {
        if (a instanceof Text t && b instanceof Long n) {
            return repeated(t, n, budget);
        }
        if (a instanceof Long n && b instanceof Text t) {
            return repeated(t, n, budget);
        }
        return bothWhole(a, b) ? (Object) Math.multiplyExact(whole(a), whole(b))
                : (Object) (number("*", a, b, a) * number("*", a, b, b));
    }

    private static Text joined(Text a, Text b, Budget budget) {
        return new Text.Builder(budget).add(a).add(b).text();
    }

    private static Text repeated(Text t, long times, Budget budget) {
        Text.Builder out = new Text.Builder(budget);
        for (long i = 0; i < times && t.length() > 0; i++) {
            out.add(t);
        }
        return out.text();
    }

    private static Object remainder(Object a, Object b) {
        if (a instanceof Text) {
            throw Values.error("formatting a text with % is not supported; use ~ or +");
        }
        double by = divisor(number("%", a, b, b));
        double x = number("%", a, b, a);
        return x - Math.floor(x / by) * by;
    }

    private static boolean bothWhole(Object a, Object b) {
        return (a instanceof Long || a instanceof Boolean) && (b instanceof Long || b instanceof Boolean);
    }

    private static long whole(Object value) {
        return value instanceof Long n ? n : (Boolean) value ? 1 : 0;
    }

    private static double divisor(double d) {
        if (d == 0) {
            throw new ArithmeticException("division by zero");
        }
        return d;
    }

    private static double number(String operator, Object a, Object b, Object value) {
        if (!Values.isNumber(a) || !Values.isNumber(b)) {
            throw Values.error("'" + operator + "' does not take " + Values.kind(a) + " and " + Values.kind(b));
        }
        return Values.number(value);
    }
}
