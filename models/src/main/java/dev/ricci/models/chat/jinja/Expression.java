package dev.ricci.models.chat.jinja;

import java.util.List;
import java.util.Map;

/** What has a value. */
sealed interface Expression {
    /** A value that stands in the template. */
    record Literal(Object value) implements Expression {
    }

    /** A variable. */
    record Name(String name) implements Expression {
    }

    /** A list or a tuple. */
    record ListOf(List<Expression> items) implements Expression {
    }

    /** A dictionary, in the order of its entries. */
    record DictOf(List<Entry> entries) implements Expression {
    }

    /** An entry of a dictionary. */
    record Entry(Expression key, Expression value) {
    }

    /** {@code of.name}. */
    record Attribute(Expression of, String name) implements Expression {
    }

    /** {@code of[key]}. */
    record Item(Expression of, Expression key) implements Expression {
    }

    /** {@code of[from:to:step]}; a part that is left out is null. */
    record Slice(Expression of, Expression from, Expression to, Expression step) implements Expression {
    }

    /** What is given to a function, filter or test. */
    record CallArguments(List<Expression> positional, Map<String, Expression> named) {
        static final CallArguments NONE = new CallArguments(List.of(), Map.of());
    }

    /** {@code callee(arguments)}. */
    record Call(Expression callee, CallArguments arguments) implements Expression {
    }

    /** {@code input | name(arguments)}. */
    record Filter(Expression input, String name, CallArguments arguments) implements Expression {
    }

    /** {@code input is name arguments}. */
    record Test(Expression input, String name, CallArguments arguments) implements Expression {
    }

    /** {@code not of}. */
    record Not(Expression of) implements Expression {
    }

    /** {@code -of}. */
    record Negative(Expression of) implements Expression {
    }

    /** Arithmetic, and {@code ~}. */
    record Binary(String operator, Expression left, Expression right) implements Expression {
    }

    /** {@code first operator value operator value ...}: all must hold. */
    record Compare(Expression first, List<Comparison> others) implements Expression {
    }

    /** One step of a comparison. */
    record Comparison(String operator, Expression value) {
    }

    /** {@code left and right}. */
    record And(Expression left, Expression right) implements Expression {
    }

    /** {@code left or right}. */
    record Or(Expression left, Expression right) implements Expression {
    }

    /** {@code then if condition else otherwise}; the last may be null. */
    record Choice(Expression condition, Expression then, Expression otherwise) implements Expression {
    }
}
