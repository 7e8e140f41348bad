package dev.ricci.testkit;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Indexing.Gather;
import dev.ricci.tensor.op.Indexing.IndexAdd;
import dev.ricci.tensor.op.Indexing.IndexSelect;
import dev.ricci.tensor.op.Indexing.OneHot;
import dev.ricci.tensor.op.Indexing.ScatterAdd;
import dev.ricci.tensor.op.Indexing.Sort;
import dev.ricci.tensor.op.Indexing.TopK;
import java.util.List;

/** Rows of the ops that choose elements by ids or by order. */
final class IndexingRows {
    private static final Values TIES = Values.sometimes(Values.whole(-2, 2), Double.NaN, Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY);

    private IndexingRows() {
    }

    static List<OpRow> rows() {
        return List.of(
                OpRow.of(Gather.class, IndexingRows::gather).exact().differentiable(0),
                OpRow.of(ScatterAdd.class, IndexingRows::scatterAdd).within(1e-5, 2e-5).differentiable(0, 2),
                OpRow.of(IndexSelect.class, g -> {
                    if (g.profile() != Profile.FINITE_DIFFERENCES && g.draw().oneIn(4)) {
                        int rows = g.small(40);
                        return OpCase.of(new IndexSelect(0), StoredWeights.drawn(g.draw(), rows, 256),
                                g.ids(idShape(g), rows));
                    }
                    Shape s = g.nonEmpty(1, 3);
                    int axis = g.draw().below(s.rank());
                    return OpCase.of(new IndexSelect(axis), numbers(g, s), g.ids(idShape(g), s.dim(axis)));
                }).exact().differentiable(0),
                OpRow.of(IndexAdd.class, IndexingRows::indexAdd).within(1e-5, 2e-5).differentiable(1),
                OpRow.of(OneHot.class, g -> {
                    int depth = g.small(6);
                    return OpCase.of(new OneHot(depth), g.ids(g.shape(0, 3), depth));
                }).exact(),
                OpRow.of(TopK.class, g -> {
                    Shape s = g.nonEmpty(1, 3);
                    int axis = g.draw().below(s.rank());
                    return OpCase.of(new TopK(g.draw().between(0, s.dim(axis)), axis, g.draw().flag()), tied(g, s));
                }).exact().differentiable(0),
                OpRow.of(Sort.class, g -> {
                    Shape s = g.nonEmpty(1, 3);
                    return OpCase.of(new Sort(g.draw().below(s.rank()), g.draw().flag()), tied(g, s));
                }).exact().differentiable(0));
    }

    private static Shape idShape(CaseDraw g) {
        return Shapes.drawn(g.draw(), 0, 2, Math.min(40, g.profile().maxElements()), true);
    }

    private static Tensor numbers(CaseDraw g, Shape s) {
        DType dtype = g.dtype(DType.I32, DType.I64);
        return dtype.isInteger() ? g.integers(dtype, s, -9, 9) : g.floats(s);
    }

    /** Distinct values where gradients are taken, else many equal ones, and NaN. */
    private static Tensor tied(CaseDraw g, Shape s) {
        DType dtype = g.dtype(DType.I32, DType.I64);
        return dtype.isInteger() ? g.integers(dtype, s, -3, 3) : g.smooth() || g.draw().flag() ? g.separated(s)
                : g.floats(s, TIES);
    }

    private static OpCase gather(CaseDraw g) {
        Shape s = g.nonEmpty(1, 4);
        int axis = g.draw().below(s.rank());
        return OpCase.of(new Gather(axis), numbers(g, s), g.ids(within(g, s, axis), s.dim(axis)));
    }

    /** A shape for ids: no larger than x's but along the axis. */
    private static Shape within(CaseDraw g, Shape s, int axis) {
        Shape ids = s;
        for (int a = 0; a < s.rank(); a++) {
            int dim = s.dim(a);
            int size = a == axis ? g.draw().between(0, dim + 2) : dim - (g.draw().oneIn(4) ? g.draw().below(dim) : 0);
            ids = ids.with(a, size);
        }
        return ids;
    }

    private static OpCase scatterAdd(CaseDraw g) {
        Shape s = g.nonEmpty(1, 4);
        int axis = g.draw().below(s.rank());
        Shape ids = within(g, s, axis);
        DType dtype = g.dtype(DType.I32, DType.I64);
        Tensor at = g.ids(ids, s.dim(axis));
        return dtype.isInteger()
                ? OpCase.of(new ScatterAdd(axis), g.integers(dtype, s, -9, 9), at, g.integers(dtype, ids, -9, 9))
                : OpCase.of(new ScatterAdd(axis), g.floats(s), at, g.floats(ids));
    }

    private static OpCase indexAdd(CaseDraw g) {
        Shape to = g.nonEmpty(1, 3);
        int axis = g.draw().below(to.rank());
        Shape ids = idShape(g);
        Shape source = to.sub(0, axis).concat(ids).concat(to.sub(axis + 1, to.rank()));
        return OpCase.of(new IndexAdd(to, axis), g.ids(ids, to.dim(axis)), numbers(g, source));
    }
}
