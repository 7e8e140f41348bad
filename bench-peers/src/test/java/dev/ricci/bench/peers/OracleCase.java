package dev.ricci.bench.peers;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import java.util.List;
import java.util.function.Function;

/**
 * One operation, here and in torch.
 *
 * @param name of the row
 * @param inputs drawn anew for each seed
 * @param torch an expression of a, b, c, ... in the order of the inputs, or lines that end in a return
 * @param ours the same here
 */
record OracleCase(String name, List<Input> inputs, String torch, Function<Tensor[], Tensor> ours) {
    /** How an input is drawn. */
    enum Kind {
        /** Normal, standard deviation 3. */
        NORMAL(true),
        /** Uniform in 0.5 .. 2.5. */
        POSITIVE(true),
        /** As NORMAL, but no gradient is taken. */
        FIXED(false),
        /** Integers from 0. */
        IDS(false);

        private final boolean differentiable;

        Kind(boolean differentiable) {
            this.differentiable = differentiable;
        }
    }

    /**
     * One input.
     *
     * @param bound of ids
     */
    record Input(Kind kind, int bound, Shape shape) {
        boolean isDifferentiable() {
            return kind.differentiable;
        }

        /** I32, or values that F32 holds, as F64. */
        Tensor draw(Rng rng) {
            return switch (kind) {
                case NORMAL, FIXED -> rng.normal(DType.F32, shape).mul(3).to(DType.F64);
                case POSITIVE -> rng.uniform(DType.F32, shape).mul(2).add(0.5).to(DType.F64);
                case IDS -> rng.ints(bound, shape.toArray());
            };
        }
    }

    static Input normal(int... shape) {
        return new Input(Kind.NORMAL, 0, Shape.of(shape));
    }

    static Input positive(int... shape) {
        return new Input(Kind.POSITIVE, 0, Shape.of(shape));
    }

    static Input fixed(int... shape) {
        return new Input(Kind.FIXED, 0, Shape.of(shape));
    }

    static Input ids(int bound, int... shape) {
        return new Input(Kind.IDS, bound, Shape.of(shape));
    }

    /** The text of the function's body. */
    String body() {
        return torch.contains("return") ? torch : "return " + torch;
    }

    @Override
    public String toString() {
        return name;
    }
}
