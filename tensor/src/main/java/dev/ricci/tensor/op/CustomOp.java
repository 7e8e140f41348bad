package dev.ricci.tensor.op;

import dev.ricci.tensor.Tensor;
import java.util.List;

/**
 * The one open member of the hierarchy: an op of a user's own, composed of existing ops, with its own gradient. Every
 * backend runs it by running its forward. Make it a record, so that equal ops are equal values.
 */
public non-sealed interface CustomOp extends Op {
    /** The outputs, computed from the inputs by tensor operations; they must have the inferred specs. Not tracked. */
    List<Tensor> forward(List<Tensor> inputs);

    /**
     * The gradients of the inputs.
     *
     * @param inputs as given to forward
     * @param outputs as returned by forward
     * @param gradients of the outputs; zeros for outputs that did not take part
     * @return one per input, null where there is none
     */
    List<Tensor> gradient(List<Tensor> inputs, List<Tensor> outputs, List<Tensor> gradients);

    @Override
    default boolean gradientReadsInput(int i) {
        return true;
    }

    @Override
    default boolean gradientReadsOutput(int i) {
        return true;
    }
}
