package dev.ricci.testkit;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Ints;
import dev.ricci.tensor.op.ReduceKind;
import dev.ricci.tensor.op.Reduction.ArgReduce;
import dev.ricci.tensor.op.Reduction.CumSum;
import dev.ricci.tensor.op.Reduction.Reduce;
import java.util.List;

/** Rows of the reductions. */
final class ReductionRows {
    private static final Values ANY = Values.between(-2, 2);
    private static final Values TIES = Values.sometimes(Values.whole(-2, 2), Double.NaN, Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY);

    private ReductionRows() {
    }

    static List<OpRow> rows() {
        return List.of(
                sum(ReduceKind.SUM, ANY).differentiable(0),
                sum(ReduceKind.SUM_SQUARES, ANY).differentiable(0),
                sum(ReduceKind.MEAN, ANY).differentiable(0),
                // Near 1, so that a product of 400 stays in range.
                sum(ReduceKind.PROD, Values.awayFromZero(0.9, 1.1)).within(1e-4, 1e-6).differentiable(0),
                extreme(ReduceKind.MAX),
                extreme(ReduceKind.MIN),
                sum(ReduceKind.LOG_SUM_EXP, Values.between(-8, 8)).within(1e-5, 2e-6).differentiable(0),
                logical(ReduceKind.ANY),
                logical(ReduceKind.ALL),
                OpRow.of(ArgReduce.class, g -> {
                    Shape s = g.nonEmpty(1, 4);
                    return OpCase.of(new ArgReduce(g.draw().flag(), g.draw().below(s.rank()), g.draw().flag()),
                            tied(g, s));
                }).exact(),
                OpRow.of(CumSum.class, g -> {
                    Shape s = g.shape(1, 4);
                    return OpCase.of(new CumSum(g.draw().below(s.rank()), g.draw().flag()), numbers(g, s, ANY));
                }).within(1e-5, 2e-5).differentiable(0));
    }

    /** Ascending axes of a shape; all or none at times. */
    private static Ints axes(CaseDraw g, Shape s) {
        int chosen = g.draw().below(1 << s.rank());
        int[] axes = new int[Integer.bitCount(chosen)];
        for (int a = 0, n = 0; a < s.rank(); a++) {
            if ((chosen >> a & 1) == 1) {
                axes[n++] = a;
            }
        }
        return Ints.of(axes);
    }

    private static Tensor numbers(CaseDraw g, Shape s, Values values) {
        DType dtype = g.dtype(DType.I32, DType.I64);
        return dtype.isInteger() ? g.integers(dtype, s, -3, 3) : g.floats(s, values);
    }

    private static Tensor tied(CaseDraw g, Shape s) {
        DType dtype = g.dtype(DType.I32, DType.I64);
        if (dtype.isInteger()) {
            return g.integers(dtype, s, -3, 3);
        }
        // Among many equals it does not show if one is left out.
        return g.draw().flag() ? g.separated(s) : g.floats(s, TIES);
    }

    private static OpRow sum(ReduceKind kind, Values values) {
        boolean integers = kind == ReduceKind.SUM || kind == ReduceKind.PROD;
        return OpRow.of(Reduce.class, kind, g -> {
            Shape s = g.shape(0, 4);
            return OpCase.of(new Reduce(kind, axes(g, s), g.draw().flag()),
                    integers ? numbers(g, s, values) : g.floats(s, values));
        }).within(1e-5, 2e-5);
    }

    private static OpRow extreme(ReduceKind kind) {
        return OpRow.of(Reduce.class, kind, g -> {
            Shape s = g.nonEmpty(0, 4);
            return OpCase.of(new Reduce(kind, axes(g, s), g.draw().flag()), g.smooth() ? g.separated(s) : tied(g, s));
        }).exact().differentiable(0);
    }

    private static OpRow logical(ReduceKind kind) {
        return OpRow.of(Reduce.class, kind, g -> {
            Shape s = g.shape(0, 4);
            return OpCase.of(new Reduce(kind, axes(g, s), g.draw().flag()), g.booleans(s));
        }).exact();
    }
}
