package dev.ricci.autograd;

import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Ints;
import dev.ricci.tensor.op.Reduction;

/** Gradient rules of reductions. */
final class ReductionVjp {
    private ReductionVjp() {
    }

    static Tensor[] of(Reduction op, Node n) {
        return switch (op) {
            case Reduction.Reduce r -> n.first(reduce(r, n, n.gradient()));
            case Reduction.ArgReduce a -> n.none();
            case Reduction.CumSum c ->
                n.first(Tensor.apply(new Reduction.CumSum(c.axis(), !c.reverse()), n.gradient()));
        };
    }

    private static Tensor reduce(Reduction.Reduce op, Node n, Tensor gradient) {
        Shape in = n.shape(0);
        Shape kept = kept(in, op.axes());
        Tensor g = gradient.reshape(kept);
        return switch (op.kind()) {
            case SUM -> g.expand(in);
            case SUM_SQUARES -> n.input(0).mul(g.mul(2));
            case MEAN -> g.div((double) count(in, op.axes())).expand(in);
            case PROD -> product(n.input(0), op.axes(), g);
            case MAX, MIN -> {
                Tensor chosen = n.input(0).eq(n.output(0).reshape(kept));
                Tensor ties = chosen.to(g.dtype()).sumKeepDims(op.axes().toArray());
                yield op.axes().size() == 0 ? g : g.div(ties).expand(in).maskedFill(chosen.logicalNot(), 0);
            }
            case LOG_SUM_EXP -> {
                // Where every x is -infinity the shares exp(x - lse) must be 0, not exp(-inf + inf).
                Tensor lse = n.output(0).reshape(kept);
                Tensor finite = lse.maskedFill(lse.eq(Double.NEGATIVE_INFINITY), 0);
                yield g.mul(n.input(0).sub(finite).exp());
            }
            case ANY, ALL -> null;
        };
    }

    private static Shape kept(Shape in, Ints axes) {
        Shape s = in;
        for (int i = 0; i < axes.size(); i++) {
            s = s.with(axes.at(i), 1);
        }
        return s;
    }

    private static int count(Shape in, Ints axes) {
        int n = 1;
        for (int i = 0; i < axes.size(); i++) {
            n *= in.dim(axes.at(i));
        }
        return n;
    }

    /**
     * The product of all the others, from running products before and after each element: right with zeros among them,
     * where dividing the product by each element is not, and differentiable again.
     */
    private static Tensor product(Tensor x, Ints axes, Tensor g) {
        int rank = x.rank();
        int[] order = new int[rank];
        int at = 0;
        for (int a = 0; a < rank; a++) {
            if (!axes.contains(a)) {
                order[at++] = a;
            }
        }
        int rest = at;
        for (int i = 0; i < axes.size(); i++) {
            order[at++] = axes.at(i);
        }
        int[] back = new int[rank];
        for (int i = 0; i < rank; i++) {
            back[order[i]] = i;
        }
        Tensor moved = x.permute(order);
        Tensor rows = moved.reshape(moved.shape().sub(0, rest).concat(Shape.of(count(x.shape(), axes))));
        if (rows.shape().isEmpty()) {
            return g.expand(x.shape());
        }
        Tensor others = before(rows).mul(before(rows.flip(-1)).flip(-1));
        return others.reshape(moved.shape()).permute(back).mul(g);
    }

    /** The product of all elements before each along the last axis, in log2(n) doublings. */
    private static Tensor before(Tensor x) {
        int n = x.dim(-1);
        Tensor p = shift(x, 1);
        for (int k = 1; k < n; k *= 2) {
            p = p.mul(shift(p, k));
        }
        return p;
    }

    /** Moved {@code by} places along the last axis, ones moving in. */
    private static Tensor shift(Tensor x, int by) {
        return x.slice(-1, 0, x.dim(-1) - by).pad(-1, by, 0, 1);
    }
}
