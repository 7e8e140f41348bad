package dev.ricci.nn.data;

import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.Arrays;

/**
 * Some examples, stacked along axis 0.
 *
 * @param inputs [B, ...]
 * @param targets [B, ...], or null if there are none
 */
public record Batch(Tensor inputs, Tensor targets) {
    /** Checks that both hold equally many examples. */
    public Batch {
        if (inputs == null || inputs.rank() == 0 || inputs.dim(0) == 0) {
            throw new TensorException("batch: needs inputs [B, ...] with one example or more, got "
                    + (inputs == null ? "null" : inputs.spec()));
        }
        if (targets != null && (targets.rank() == 0 || targets.dim(0) != inputs.dim(0))) {
            throw new TensorException("batch: inputs " + inputs.spec() + " and targets " + targets.spec()
                    + " must have equally many examples along axis 0");
        }
    }

    /** Number of examples, B. */
    public int size() {
        return inputs.dim(0);
    }

    /**
     * How many targets count: tokens of a language model, examples of a classifier. Ids that are
     * {@link Functional#IGNORE_INDEX} do not.
     */
    public int targetCount() {
        if (targets == null) {
            return size();
        }
        return !targets.dtype().isInteger() ? targets.size()
                : (int) Arrays.stream(targets.toLongArray()).filter(t -> t != Functional.IGNORE_INDEX).count();
    }
}
