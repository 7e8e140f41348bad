package dev.ricci.examples;

import dev.ricci.tensor.TensorException;
import java.util.Arrays;

/**
 * A text in two: the last tenth is kept for validation.
 *
 * @param training ids to learn from
 * @param validation ids to measure with
 */
record TextSplit(int[] training, int[] validation) {
    /**
     * Splits a text.
     *
     * @param context tokens in a window, of which each part must hold one and the token behind it
     */
    static TextSplit of(int[] ids, int context) {
        int split = (int) (ids.length * 0.9);
        int[] training = Arrays.copyOf(ids, split);
        int[] validation = Arrays.copyOfRange(ids, split, ids.length);
        if (validation.length <= context || training.length <= context) {
            throw new TensorException("the text has " + ids.length + " tokens; its last tenth, "
                + validation.length + ", must be longer than the context of " + context
                + ". Use a longer text or a shorter --context");
        }
        return new TextSplit(training, validation);
    }
}
