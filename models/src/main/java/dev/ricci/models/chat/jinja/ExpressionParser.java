package dev.ricci.models.chat.jinja;

import dev.ricci.models.chat.jinja.Expression.CallArguments;
import dev.ricci.models.chat.jinja.Token.Kind;
import dev.ricci.tensor.FormatException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads expressions, with the precedence that Jinja gives its operators. */
final class ExpressionParser {
    private static final int MAX_DEPTH = 100;
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
    /** Words that end a test's argument rather than being one. */
    private static final Set<String> WORDS = Set.of("and", "or", "else", "if", "is", "in", "not");

    private final List<Token> tokens;
    private int at;
    private int depth;

    ExpressionParser(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token peek() {
        return tokens.get(at);
    }

    Token next() {
        Token t = tokens.get(at);
        at += t.kind() == Kind.END ? 0 : 1;
        return t;
    }

    boolean skipOperator(String operator) {
        boolean there = peek().isOperator(operator);
        at += there ? 1 : 0;
        return there;
    }

    boolean skipName(String name) {
        boolean there = peek().isName(name);
        at += there ? 1 : 0;
        return there;
    }

    void expectOperator(String operator) {
        if (!skipOperator(operator)) {
            throw unexpected("'" + operator + "'");
        }
    }

    void expectName(String name) {
        if (!skipName(name)) {
            throw unexpected("'" + name + "'");
        }
    }

    String name() {
        if (peek().kind() != Kind.NAME) {
            throw unexpected("a name");
        }
        return next().text();
    }

    void close() {
        if (next().kind() != Kind.CLOSE) {
            at--;
            throw unexpected("the end of the tag");
        }
    }

    FormatException unexpected(String expected) {
        Token t = peek();
        return error("expected " + expected + ", got "
                + (t.kind() == Kind.CLOSE || t.kind() == Kind.END ? "the end" : "'" + t.text() + "'"));
    }

    FormatException error(String what) {
        return new FormatException("chat template: line " + peek().line() + ": " + what);
    }

    /** Reads what may lie within itself. */
    void enter() {
        if (++depth > MAX_DEPTH) {
            throw error("expressions and statements nest deeper than " + MAX_DEPTH);
        }
    }

    void leave() {
        depth--;
    }

    /** An expression. */
    Expression expression() {
        enter();
        Expression value = or();
        while (skipName("if")) {
            Expression condition = or();
            value = new Expression.Choice(condition, value, skipName("else") ? expression() : null);
        }
        leave();
        return value;
    }

    /** An expression, or several with commas between them: a tuple. */
    Expression tuple() {
        Expression first = expression();
        if (!peek().isOperator(",")) {
            return first;
        }
        List<Expression> items = new ArrayList<>(List.of(first));
        while (skipOperator(",") && peek().kind() != Kind.CLOSE) {
            items.add(expression());
        }
        return new Expression.ListOf(List.copyOf(items));
    }

    /** An expression without a choice at its end: what a loop goes over, which an {@code if} may follow. */
    Expression or() {
        Expression left = and();
        while (skipName("or")) {
            left = new Expression.Or(left, and());
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (skipName("and")) {
            left = new Expression.And(left, not());
        }
        return left;
    }

    private Expression not() {
        if (!skipName("not")) {
            return compare();
        }
        enter();
        Expression of = not();
        leave();
        return new Expression.Not(of);
    }

    private Expression compare() {
        Expression first = sum();
        List<Expression.Comparison> others = new ArrayList<>();
        while (true) {
            Token t = peek();
            if (t.kind() == Kind.OPERATOR && COMPARISONS.contains(t.text())) {
                next();
                others.add(new Expression.Comparison(t.text(), sum()));
            } else if (skipName("in")) {
                others.add(new Expression.Comparison("in", sum()));
            } else if (t.isName("not") && tokens.get(at + 1).isName("in")) {
                at += 2;
                others.add(new Expression.Comparison("not in", sum()));
            } else {
                return others.isEmpty() ? first : new Expression.Compare(first, List.copyOf(others));
            }
        }
    }

    private Expression sum() {
        Expression left = concatenation();
        while (peek().isOperator("+") || peek().isOperator("-")) {
            left = new Expression.Binary(next().text(), left, concatenation());
        }
        return left;
    }

    private Expression concatenation() {
        Expression left = product();
        while (skipOperator("~")) {
            left = new Expression.Binary("~", left, product());
        }
        return left;
    }

    private Expression product() {
        Expression left = unary(true);
        while (peek().kind() == Kind.OPERATOR && Set.of("*", "/", "//", "%").contains(peek().text())) {
            left = new Expression.Binary(next().text(), left, unary(true));
        }
        if (peek().isOperator("**")) {
            throw error("the operator ** is not supported");
        }
        return left;
    }

    private Expression unary(boolean filters) {
        enter();
        Expression value = skipOperator("-") ? new Expression.Negative(unary(false))
                : skipOperator("+") ? unary(false) : postfix(primary());
        leave();
        return filters ? filtered(value) : value;
    }

    private Expression filtered(Expression input) {
        Expression value = input;
        while (true) {
            if (skipOperator("|")) {
                String name = name();
                if (!Filters.NAMES.contains(name)) {
                    throw error("the filter '" + name + "' is not supported; supported are " + sorted(Filters.NAMES));
                }
                value = new Expression.Filter(value, name, skipOperator("(") ? arguments() : CallArguments.NONE);
            } else if (skipName("is")) {
                value = test(value);
            } else if (skipOperator("(")) {
                value = postfix(new Expression.Call(value, arguments()));
            } else {
                return value;
            }
        }
    }

    private Expression test(Expression input) {
        boolean negated = skipName("not");
        String name = peek().kind() == Kind.OPERATOR && peek().text().equals("==") ? next().text() : name();
        if (!Tests.NAMES.contains(name)) {
            throw error("the test '" + name + "' is not supported; supported are " + sorted(Tests.NAMES));
        }
        Token t = peek();
        CallArguments arguments = CallArguments.NONE;
        if (skipOperator("(")) {
            arguments = arguments();
        } else if (t.kind() == Kind.NAME && !WORDS.contains(t.text()) || t.kind() == Kind.STRING
                || t.kind() == Kind.INTEGER || t.kind() == Kind.FLOAT || t.isOperator("[") || t.isOperator("{")) {
            arguments = new CallArguments(List.of(postfix(primary())), Map.of());
        }
        Expression test = new Expression.Test(input, name, arguments);
        return negated ? new Expression.Not(test) : test;
    }

    private static List<String> sorted(Set<String> names) {
        return names.stream().sorted().toList();
    }

    private Expression postfix(Expression start) {
        Expression value = start;
        while (true) {
            if (skipOperator(".")) {
                value = peek().kind() == Kind.INTEGER
                        ? new Expression.Item(value, new Expression.Literal(Long.valueOf(next().text())))
                        : new Expression.Attribute(value, name());
            } else if (skipOperator("[")) {
                value = subscript(value);
            } else if (skipOperator("(")) {
                value = new Expression.Call(value, arguments());
            } else {
                return value;
            }
        }
    }

    private Expression subscript(Expression of) {
        Expression from = peek().isOperator(":") ? null : expression();
        if (skipOperator("]")) {
            return new Expression.Item(of, from);
        }
        expectOperator(":");
        Expression to = peek().isOperator(":") || peek().isOperator("]") ? null : expression();
        Expression step = skipOperator(":") && !peek().isOperator("]") ? expression() : null;
        expectOperator("]");
        return new Expression.Slice(of, from, to, step);
    }

    /** What follows an opening bracket. */
    private CallArguments arguments() {
        List<Expression> positional = new ArrayList<>();
        Map<String, Expression> named = new LinkedHashMap<>();
        while (!skipOperator(")")) {
            if (!positional.isEmpty() || !named.isEmpty()) {
                expectOperator(",");
                if (skipOperator(")")) {
                    break;
                }
            }
            if (peek().isOperator("*") || peek().isOperator("**")) {
                throw error("unpacked arguments are not supported");
            }
            if (peek().kind() == Kind.NAME && tokens.get(at + 1).isOperator("=")) {
                String name = name();
                next();
                named.put(name, expression());
            } else {
                positional.add(expression());
            }
        }
        return new CallArguments(List.copyOf(positional), named);
    }

    private Expression primary() {
        Token t = next();
        return switch (t.kind()) {
            case NAME -> named(t);
            case STRING -> {
                StringBuilder text = new StringBuilder(t.text());
                while (peek().kind() == Kind.STRING) {
                    text.append(next().text());
                }
                yield new Expression.Literal(Text.own(text.toString()));
            }
            case INTEGER -> new Expression.Literal(Long.valueOf(t.text()));
            case FLOAT -> new Expression.Literal(Double.valueOf(t.text()));
            case OPERATOR -> bracketed(t);
            case DATA, OUTPUT, STATEMENT, CLOSE, END -> {
                at--;
                throw unexpected("an expression");
            }
        };
    }

    private Expression named(Token t) {
        return switch (t.text()) {
            case "true", "True" -> new Expression.Literal(true);
            case "false", "False" -> new Expression.Literal(false);
            case "none", "None" -> new Expression.Literal(Values.NONE);
            default -> {
                if (WORDS.contains(t.text())) {
                    at--;
                    throw unexpected("an expression");
                }
                yield new Expression.Name(t.text());
            }
        };
    }

    private Expression bracketed(Token t) {
        switch (t.text()) {
            case "(" -> {
                if (skipOperator(")")) {
                    return new Expression.ListOf(List.of());
                }
                Expression first = expression();
                if (skipOperator(")")) {
                    return first;
                }
                expectOperator(",");
                return new Expression.ListOf(items(first, ")"));
            }
            case "[" -> {
                if (skipOperator("]")) {
                    return new Expression.ListOf(List.of());
                }
                Expression first = expression();
                if (!peek().isOperator("]")) {
                    expectOperator(",");
                }
                return new Expression.ListOf(items(first, "]"));
            }
            case "{" -> {
                return dict();
            }
            default -> {
                at--;
                throw unexpected("an expression");
            }
        }
    }

    /** The items behind the first and its comma. */
    private List<Expression> items(Expression first, String close) {
        List<Expression> items = new ArrayList<>(List.of(first));
        while (!skipOperator(close)) {
            items.add(expression());
            if (!peek().isOperator(close)) {
                expectOperator(",");
            }
        }
        return List.copyOf(items);
    }

    private Expression dict() {
        List<Expression.Entry> entries = new ArrayList<>();
        while (!skipOperator("}")) {
            Expression key = expression();
            expectOperator(":");
            entries.add(new Expression.Entry(key, expression()));
            if (!peek().isOperator("}")) {
                expectOperator(",");
            }
        }
        return new Expression.DictOf(List.copyOf(entries));
    }
}
