package dev.ricci.nn;

import dev.ricci.tensor.Tensor;

/** What a prediction costs; {@link Losses} has the usual ones, such as {@code Losses::crossEntropy}. */
@FunctionalInterface
public interface Loss {
    /** A scalar that is the smaller the better {@code prediction} fits {@code target}. */
    Tensor apply(Tensor prediction, Tensor target);
}
