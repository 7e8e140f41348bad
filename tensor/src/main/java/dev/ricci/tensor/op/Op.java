package dev.ricci.tensor.op;

import dev.ricci.tensor.TensorSpec;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * An operation on tensors, as a value: attributes only, no tensors inside. This sealed hierarchy is the one vocabulary
 * of the system. Backends execute ops, autograd differentiates them, the profiler counts them, a program captures
 * them; each is an exhaustive {@code switch}, so the compiler is the checklist for adding one.
 */
public sealed interface Op permits Creation, Elementwise, Reduction, Movement, Indexing, Contraction, Normalization,
        AttentionOp, Loss, Random, LinearAlgebra, StateUpdate, CustomOp {
    /** The name in errors, profiles and programs, such as {@code matmul}. */
    String name();

    /**
     * Checks the inputs and gives the specs of the outputs. The only place where shapes and types are checked.
     *
     * @throws dev.ricci.tensor.TensorException if the inputs do not fit
     */
    List<TensorSpec> infer(List<TensorSpec> inputs);

    /** Whether the gradient rule reads input {@code i}; what it does not read is not kept for the backward pass. */
    default boolean gradientReadsInput(int i) {
        return false;
    }

    /**
     * Whether the gradient rule reads input {@code i} for the gradients of the inputs that need one: a product with
     * something constant need not keep what it is multiplied with.
     *
     * @param needed whether an input needs a gradient
     */
    default boolean gradientReadsInput(int i, IntPredicate needed) {
        return gradientReadsInput(i);
    }

    /** Whether the gradient rule reads output {@code i}. */
    default boolean gradientReadsOutput(int i) {
        return false;
    }
}
