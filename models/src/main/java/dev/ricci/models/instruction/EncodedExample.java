package dev.ricci.models.instruction;

import dev.ricci.tensor.TensorException;

/**
 * An example as ids.
 *
 * @param inputs [n]
 * @param targets [n], the id that follows each, or {@link dev.ricci.tensor.Functional#IGNORE_INDEX} where it is given and
 *     not learned
 */
public record EncodedExample(int[] inputs, int[] targets) {
    /** Checks that there are equally many, and any. */
    public EncodedExample {
        if (inputs.length == 0 || inputs.length != targets.length) {
            throw new TensorException("encoded example: needs equally many inputs and targets, and any, got "
                    + inputs.length + " and " + targets.length);
        }
    }
}
