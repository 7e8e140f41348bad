package dev.ricci.nn.optim;

import dev.ricci.autograd.Gradients;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.OpListener;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import java.util.Map;

/**
 * Changes parameters in place by their gradients. There is no {@code zeroGrad}: gradients are a value. Frozen
 * parameters, and those that took no part in the loss, stay as they are.
 */
public interface Optimizer {
    /** What it keeps beside the parameters: schedule, step count, and its tensors by the parameters' paths. */
    OptimizerState state();

    /**
     * One update with explicit numbers. It reads nothing on the host and counts nothing, so that it can be captured and
     * run with other tensors.
     *
     * @param gradients of a loss, perhaps clipped; a scale that is 0 or NaN, as clipping gives for a norm that is not
     *     finite, leaves parameters and state as they are
     * @param learningRate scalar, F32 or F64
     * @param step scalar, F32 or F64: the number of this step, from 1
     * @throws dev.ricci.tensor.TensorException if no parameter of this optimizer took part in the loss
     */
    void step(Gradients gradients, Tensor learningRate, Tensor step);

    /**
     * One update with the schedule's learning rate; the step is counted, even if the gradients' scale makes none.
     *
     * @throws dev.ricci.tensor.TensorException if the schedule gives a learning rate that is negative, infinite or NaN,
     *     or no parameter of this optimizer took part in the loss; nothing has changed then
     */
    default void step(Gradients gradients) {
        OpListener.tellHostNumber("optimizer.step(gradients)",
                "call optimizer.step(gradients, learningRate, step) with inputs of the program");
        double rate = learningRate();
        // F64: each parameter's type takes of it what it can hold.
        step(gradients, Tensor.full(Shape.scalar(), DType.F64, rate),
                Tensor.full(Shape.scalar(), DType.F64, steps() + 1));
        state().counted();
    }

    /** How many steps were counted. */
    default long steps() {
        return state().steps();
    }

    /** The learning rate of the next step. */
    default double learningRate() {
        return state().learningRate();
    }

    /** Its tensors by parameter path and kind, such as {@code head.weight.m}, and {@code step}: what is saved. */
    default Map<String, Tensor> stateDict() {
        return state().stateDict();
    }

    /**
     * Goes on from a saved state.
     *
     * @param saved exactly the names, shapes and types of {@link #stateDict()}
     * @throws dev.ricci.tensor.TensorException naming all missing, unexpected and mismatched entries; nothing has
     *     changed then
     */
    default void load(Map<String, Tensor> saved) {
        state().load(saved);
    }
}
