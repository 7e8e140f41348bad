package dev.ricci.models.instruction;

import dev.ricci.tensor.Functional;
import dev.ricci.tensor.TensorException;
import java.util.Arrays;

/**
 * An example as ids.
 *
 * @param inputs [n]
 * @param targets [n], the id that follows each, or {@link Functional#IGNORE_INDEX} where it is given and not learned
 */
public record EncodedExample(int[] inputs, int[] targets) {
    /** Checks that there are equally many, and any. */
    public EncodedExample {
        if (inputs.length == 0 || inputs.length != targets.length) {
            throw new TensorException("encoded example: needs equally many inputs and targets, and any, got "
                    + inputs.length + " and " + targets.length);
        }
    }

    /** An example of a prompt, which is given, and an answer, which is learned; the prompt has one id or more. */
    public static EncodedExample of(int[] prompt, int[] answer) {
        if (prompt.length == 0) {
            throw new TensorException("encoded example: the prompt must hold one id or more: nothing predicts the first one");
        }
        int[] ids = Arrays.copyOf(prompt, prompt.length + answer.length);
        System.arraycopy(answer, 0, ids, prompt.length, answer.length);
        int[] targets = Arrays.copyOfRange(ids, 1, ids.length);
        Arrays.fill(targets, 0, prompt.length - 1, Functional.IGNORE_INDEX);
        return new EncodedExample(Arrays.copyOf(ids, ids.length - 1), targets);
    }

    /** Number of its ids: one more than predictions, but for a last one that is neither read nor learned. */
    public int length() {
        return inputs.length + (targets[inputs.length - 1] == Functional.IGNORE_INDEX ? 0 : 1);
    }

    /**
     * Writes its ids, and which of them are learned: for models that predict ids in their own place.
     *
     * @param ids into which its ids go
     * @param learned into which they go, too, or {@link Functional#IGNORE_INDEX} for those that are given
     * @param at where the first one goes
     */
    public void inPlace(int[] ids, int[] learned, int at) {
        System.arraycopy(inputs, 0, ids, at, inputs.length);
        learned[at] = Functional.IGNORE_INDEX;
        System.arraycopy(targets, 0, learned, at + 1, length() - 1);
        ids[at + length() - 1] = length() > inputs.length ? targets[inputs.length - 1] : inputs[inputs.length - 1];
    }
}
