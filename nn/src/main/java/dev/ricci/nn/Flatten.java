package dev.ricci.nn;

import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;

/** [B, ...] to [B, n]: one row for each example. */
public record Flatten() implements Forward {
    @Override
    public Tensor forward(Tensor x) {
        if (x.rank() == 0) {
            throw new ShapeException("flatten: x must be [B, ...], got a scalar");
        }
        return x.reshape(x.dim(0), x.dim(0) == 0 ? x.shape().remove(0).size() : x.size() / x.dim(0));
    }
}
