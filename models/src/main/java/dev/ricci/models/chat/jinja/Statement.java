package dev.ricci.models.chat.jinja;

import java.util.List;

/** What a template does. */
sealed interface Statement {
    /** Writes text. */
    record Data(Text text) implements Statement {
    }

    /** Writes a value. */
    record Output(Expression value) implements Statement {
    }

    /** The body of the first condition that holds, or the other one. */
    record If(List<Branch> branches, List<Statement> otherwise) implements Statement {
    }

    /** A condition and what follows from it. */
    record Branch(Expression condition, List<Statement> body) {
    }

    /**
     * The body for each item that a condition lets through, or the other one if there is none.
     *
     * @param condition or null
     */
    record For(Target target, Expression items, Expression condition, List<Statement> body, List<Statement> otherwise)
            implements Statement {
    }

    /** Gives variables a value. */
    record Assign(Target target, Expression value) implements Statement {
    }

    /** Gives a variable what a body writes. */
    record Capture(Target target, List<Statement> body) implements Statement {
    }

    /** Defines a function that gives what its body writes. */
    record Macro(String name, List<Parameter> parameters, List<Statement> body) implements Statement {
    }

    /**
     * What a macro takes.
     *
     * @param otherwise its value where none is given; null for none
     */
    record Parameter(String name, Expression otherwise) {
    }

    /** Statements of which nothing is known: what surrounds them has no effect on a prompt. */
    record Body(List<Statement> statements) implements Statement {
    }

    /** Leaves the loop. */
    record Break() implements Statement {
    }

    /** Goes on with the next item. */
    record Continue() implements Statement {
    }

    /** What a value is given to. */
    sealed interface Target {
        /** A variable. */
        record Variable(String name) implements Target {
        }

        /** An attribute of a namespace. */
        record Attribute(String namespace, String name) implements Target {
        }

        /** The items of a list, one by one. */
        record Several(List<Target> targets) implements Target {
        }
    }
}
