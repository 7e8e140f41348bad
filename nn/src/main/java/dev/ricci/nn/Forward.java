package dev.ricci.nn;

import dev.ricci.tensor.Tensor;

/** A computation with one tensor in and one out: most layers, and functions such as {@code Tensor::relu}. */
@FunctionalInterface
public interface Forward {
    /** The result for {@code x}. */
    Tensor forward(Tensor x);
}
