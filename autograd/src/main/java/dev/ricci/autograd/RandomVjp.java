package dev.ricci.autograd;

import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Random;

/** Gradient rules of random ops. Draws have no gradient; dropout is linear in x. */
final class RandomVjp {
    private RandomVjp() {
    }

    static Tensor[] of(Random op, Node n) {
        return switch (op) {
            case Random.SplitKey s -> n.none();
            case Random.Uniform u -> n.none();
            case Random.Normal g -> n.none();
            case Random.RandomInt i -> n.none();
            case Random.Dropout d -> n.first(Tensor.apply(d, n.gradient(), n.input(1)));
        };
    }
}
