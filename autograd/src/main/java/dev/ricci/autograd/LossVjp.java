package dev.ricci.autograd;

import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Loss;

/** Gradient rules of fused losses. */
final class LossVjp {
    private LossVjp() {
    }

    static Tensor[] of(Loss op, Node n) {
        return switch (op) {
            case Loss.CrossEntropy c -> n.first(Tensor.apply(
                    new Loss.CrossEntropyBackward(c.ignoreIndex(), c.labelSmoothing()), n.gradient(), n.input(0),
                    n.input(1), n.output(1)));
            case Loss.LinearCrossEntropy c -> {
                Tensor[] found = n.none();
                found[0] = n.needs(0) ? n.output(1).mul(n.gradient()) : null;
                found[1] = n.needs(1) ? n.output(2).mul(n.gradient()) : null;
                yield found;
            }
            case Loss.CrossEntropyBackward c -> throw n.secondOrder("cross_entropy");
        };
    }
}
