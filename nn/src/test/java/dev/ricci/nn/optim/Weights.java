package dev.ricci.nn.optim;

import dev.ricci.autograd.Gradients;
import dev.ricci.nn.Layer;
import dev.ricci.nn.Parameter;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;

/** A matrix [3, 4], a vector [5] and a frozen vector, whose gradients a test chooses. */
final class Weights extends Layer {
    final Parameter matrix;
    final Parameter vector;
    final Parameter frozen;

    Weights(DType dtype) {
        Rng rng = Rng.of(3);
        matrix = parameter("matrix", rng.split("m").normal(dtype, Shape.of(3, 4)));
        vector = parameter("vector", rng.split("v").normal(dtype, Shape.of(5)));
        frozen = parameter("frozen", rng.split("f").normal(dtype, Shape.of(2)));
        frozen.freeze();
    }

    /** The gradient that step t (from 1) has for a parameter. */
    static Tensor slope(Parameter p, int t) {
        return Rng.of(100 + t).split(p.path()).normal(p.spec().dtype(), p.spec().shape());
    }

    /** Gradients of a loss that is linear in the parameters. */
    Gradients gradients(int t) {
        return Gradients.of(matrix.value().mul(slope(matrix, t)).sum().add(vector.value().mul(slope(vector, t)).sum())
                .add(frozen.value().sum()));
    }
}
