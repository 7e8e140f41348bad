package dev.ricci.testkit;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.op.CustomOp;
import dev.ricci.tensor.op.LinearAlgebra.Cholesky;
import dev.ricci.tensor.op.LinearAlgebra.Svd;
import dev.ricci.tensor.op.LinearAlgebra.SymmetricEigen;
import dev.ricci.tensor.op.LinearAlgebra.TriangularSolve;
import dev.ricci.tensor.op.Random.Dropout;
import dev.ricci.tensor.op.Random.Normal;
import dev.ricci.tensor.op.Random.RandomInt;
import dev.ricci.tensor.op.Random.SplitKey;
import dev.ricci.tensor.op.Random.Uniform;
import dev.ricci.tensor.op.StateUpdate.AdamWStep;
import dev.ricci.tensor.op.StateUpdate.Assign;
import dev.ricci.tensor.op.StateUpdate.WriteSlice;
import java.util.ArrayList;
import java.util.List;

/** Rows of random draws, state updates, decompositions, and one custom op. */
final class StateRows {
    private StateRows() {
    }

    static List<OpRow> rows() {
        return List.of(
                OpRow.of(SplitKey.class, g -> g.draw().flag()
                        ? OpCase.of(new SplitKey(g.draw().below(1000)), g.key())
                        : OpCase.of(new SplitKey(g.draw().below(1000)), g.key(), g.key())).exact(),
                OpRow.of(Uniform.class, g -> OpCase.of(new Uniform(g.shape(0, 4), floating(g)), g.key())).exact(),
                OpRow.of(Normal.class, g -> OpCase.of(new Normal(g.shape(0, 4), floating(g)), g.key()))
                        .comparing(Comparisons.ulps(4)),
                OpRow.of(RandomInt.class, g -> OpCase.of(new RandomInt(g.shape(0, 4), 1 + g.draw().below(1000)),
                        g.key())).exact(),
                OpRow.of(Dropout.class, g -> OpCase.of(new Dropout(g.draw().pick(0.0, 0.25, 0.75)),
                        g.floats(g.shape(0, 4)), g.key())).within(1e-6, 0).differentiable(0),
                OpRow.of(Assign.class, g -> {
                    Shape s = g.shape(0, 4);
                    return OpCase.of(new Assign(), g.floats(s), g.floats(s));
                }).exact(),
                OpRow.of(WriteSlice.class, StateRows::writeSlice).exact(),
                OpRow.of(AdamWStep.class, StateRows::adamW).within(1e-5, 1e-6),
                OpRow.of(Cholesky.class, g -> OpCase.of(new Cholesky(), definite(g))).within(1e-4, 1e-4)
                        .differentiable(0).gradientWithin(1e-3, 1e-3),
                OpRow.of(TriangularSolve.class, StateRows::triangularSolve).within(1e-3, 1e-4).differentiable(0, 1)
                        .gradientWithin(1e-3, 1e-3),
                OpRow.of(SymmetricEigen.class, g -> OpCase.of(new SymmetricEigen(), spread(g))).within(1e-4, 1e-4)
                        .differentiable(0).through(0, 1).gradientWithin(1e-2, 1e-2)
                        .comparing(Comparisons::eigen),
                OpRow.of(Svd.class, g -> OpCase.of(new Svd(), g.floats(matrices(g, side(g), side(g)))))
                        .within(1e-4, 1e-4).comparing(Comparisons::svd),
                OpRow.of(CustomOp.class, g -> OpCase.of(new ScaledProduct(g.draw().between(2, 4)),
                        g.floats(Shape.of(3)), g.floats(Shape.of(3)))).differentiable(0, 1));
    }

    /** What a user's op looks like: factor * a * b. */
    private record ScaledProduct(double factor) implements CustomOp {
        @Override
        public String name() {
            return "scaled_product";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            return List.of(in.getFirst());
        }

        @Override
        public List<Tensor> forward(List<Tensor> in) {
            return List.of(in.get(0).mul(in.get(1)).mul(factor));
        }

        @Override
        public List<Tensor> gradient(List<Tensor> in, List<Tensor> out, List<Tensor> gradients) {
            Tensor g = gradients.getFirst().mul(factor);
            return List.of(g.mul(in.get(1)), g.mul(in.get(0)));
        }
    }

    private static DType floating(CaseDraw g) {
        return g.draw().oneIn(4) ? DType.F64 : DType.F32;
    }

    private static OpCase writeSlice(CaseDraw g) {
        Shape s = g.shape(1, 4);
        int axis = g.draw().below(s.rank());
        int size = g.draw().between(0, s.dim(axis));
        int start = g.draw().between(0, s.dim(axis) - size);
        Tensor at = g.draw().flag() ? Tensor.ofInts(new int[] {start}).reshape()
                : Tensor.ofLongs(new long[] {start}).reshape();
        DType dtype = g.dtype(DType.I32, DType.I64);
        return dtype.isInteger() ? OpCase.of(new WriteSlice(axis), g.integers(dtype, s, -9, 9),
                g.integers(dtype, s.with(axis, size), -9, 9), at)
                : OpCase.of(new WriteSlice(axis), g.floats(s), g.floats(s.with(axis, size)), at);
    }

    private static OpCase adamW(CaseDraw g) {
        Values small = Values.between(0, 1);
        int n = g.draw().between(1, 3);
        List<Tensor> in = new ArrayList<>();
        List<Tensor> gradients = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            Shape s = g.shape(0, 3);
            in.addAll(List.of(g.floats(s), g.floats(s), g.floats(s, small)));
            gradients.add(g.floats(s));
        }
        in.addAll(gradients);
        in.addAll(List.of(scalar(0.125f), scalar(g.draw().between(1, 50)), scalar(g.draw().pick(1f, 0.5f, -0.5f, 0f, Float.NaN))));
        AdamWStep op = new AdamWStep(n, g.draw().pick(0.9, 0.5), g.draw().pick(0.99, 0.75),
                g.draw().pick(1e-3, 0.1), g.draw().pick(0.0, 0.1));
        return OpCase.of(op, in.toArray(new Tensor[0]));
    }

    private static Tensor scalar(float value) {
        return Tensor.of(value).reshape();
    }

    private static int side(CaseDraw g) {
        return switch (g.profile()) {
            case FINITE_DIFFERENCES -> g.draw().between(1, 3);
            case LARGE -> g.draw().between(10, 14);
            default -> g.draw().oneIn(20) ? 0 : g.draw().between(1, 6);
        };
    }

    private static Shape matrices(CaseDraw g, int rows, int columns) {
        int most = switch (g.profile()) {
            case FINITE_DIFFERENCES -> 1;
            case LARGE -> 40;
            default -> 3;
        };
        Shape lead = g.draw().flag() ? Shape.scalar() : Shape.of(g.draw().oneIn(20) ? 0 : g.draw().between(1, most));
        return lead.concat(Shape.of(rows, columns));
    }

    /**
     * Square matrices with a diagonal of their own. Not symmetric: the ops on symmetric matrices and triangles read one
     * triangle, and must not let the other one through.
     */
    private static Tensor square(CaseDraw g, Values offDiagonal, Diagonal diagonal) {
        int n = side(g);
        Shape s = matrices(g, n, n);
        float[] v = Views.dense(g.floats(s, offDiagonal)).toFloatArray();
        for (int m = 0; m < v.length; m += n * n) {
            for (int i = 0; i < n; i++) {
                v[m + i * n + i] = (float) diagonal.at(i, v[m + i * n + i]);
            }
        }
        return g.layout(Tensor.of(v, s));
    }

    @FunctionalInterface
    private interface Diagonal {
        double at(int i, double drawn);
    }

    /** Positive definite, read as symmetric: the diagonal dominates. */
    private static Tensor definite(CaseDraw g) {
        return square(g, Values.between(-0.25, 0.25), (i, v) -> (g.profile() == Profile.LARGE ? 4 : 2) + v);
    }

    /** Eigenvalues well apart: gradients of vectors divide by their differences. */
    private static Tensor spread(CaseDraw g) {
        return square(g, Values.between(-0.25, 0.25), (i, v) -> 2 * i * (i % 2 == 0 ? 1 : -1) + v);
    }

    private static OpCase triangularSolve(CaseDraw g) {
        Tensor a = square(g, Values.between(-0.5, 0.5), (i, v) -> (v < 0 ? -1.5 : 1.5) + v);
        Shape b = a.shape().with(-1, g.profile() == Profile.FINITE_DIFFERENCES ? g.draw().between(1, 2)
                : g.draw().between(0, 5));
        return OpCase.of(new TriangularSolve(g.draw().flag(), g.draw().flag()), a, g.floats(b));
    }
}
