package dev.ricci.models.chat.jinja;

/**
 * A piece of a template.
 *
 * @param kind what it is
 * @param text its characters; of a string what they stand for
 * @param line from 1
 */
record Token(Kind kind, String text, int line) {
    /** What a piece is. */
    enum Kind {
        /** Text outside tags. */
        DATA,
        /** The start of an output. */
        OUTPUT,
        /** The start of a statement. */
        STATEMENT,
        /** The end of either. */
        CLOSE,
        /** A name or a word of the language. */
        NAME,
        /** A quoted text. */
        STRING,
        /** A whole number. */
        INTEGER,
        /** A number with a fraction. */
        FLOAT,
        /** An operator or a bracket. */
        OPERATOR,
        /** The end of the template. */
        END
    }

    boolean is(Kind other, String word) {
        return kind == other && text.equals(word);
    }

    boolean isOperator(String operator) {
        return is(Kind.OPERATOR, operator);
    }

    boolean isName(String name) {
        return is(Kind.NAME, name);
    }
}
