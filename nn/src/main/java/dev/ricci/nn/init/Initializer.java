package dev.ricci.nn.init;

import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;

/** Makes the first value of a parameter; {@link Initializers} has the usual ones. */
@FunctionalInterface
public interface Initializer {
    /**
     * An F32 tensor of this shape; the same values for the same {@code rng}.
     *
     * @param shape for weights [out, in, kernel...], as {@link Initializers} counts fans
     */
    Tensor create(Rng rng, Shape shape);
}
