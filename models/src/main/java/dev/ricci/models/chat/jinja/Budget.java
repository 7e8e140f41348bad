package dev.ricci.models.chat.jinja;

import dev.ricci.tensor.TensorException;

/** What one rendering may cost: a template comes from a stranger and may loop for ever. Not thread-safe. */
final class Budget {
    /** Steps and characters: a fraction of a second, some ten megabytes. */
    static final long LIMIT = 20_000_000;
    /** Deeper than any template nests expressions, statements and macros. */
    private static final int MAX_DEPTH = 400;

    private long left = LIMIT;
    private int depth;

    /** Takes steps, or characters that are made. */
    void spend(long cost) {
        left -= cost;
        if (left < 0) {
            throw new TensorException("chat template: it takes more than " + LIMIT + " steps and characters; shorten the"
                    + " messages, or the template loops for ever");
        }
    }

    /** One expression or statement inside another begins. */
    void enter() {
        spend(1);
        if (++depth > MAX_DEPTH) {
            throw new TensorException("chat template: expressions, statements and macros nest deeper than " + MAX_DEPTH);
        }
    }

    /** It ends. */
    void leave() {
        depth--;
    }
}
