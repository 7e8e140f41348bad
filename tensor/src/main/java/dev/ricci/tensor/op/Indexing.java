package dev.ricci.tensor.op;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.TensorSpec;
import java.util.List;

/** Ops that choose elements by ids (I32 or I64, never negative) or by order. Axes are counted from the front. */
public sealed interface Indexing extends Op {
    /**
     * Inputs (x, ids) of equal rank: {@code out[i][j][k] = x[i][ids[i][j][k]][k]} for axis 1. The result has the ids'
     * shape, which along the other axes must not exceed x's.
     *
     * @param axis along which ids choose
     */
    record Gather(int axis) implements Indexing {
        @Override
        public String name() {
            return "gather";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 2, 2);
            Check.axis(this, in.get(0), axis);
            Check.ids(this, in.get(1), "ids");
            checkWithin(this, in.get(1).shape(), in.get(0).shape(), axis, "ids");
            return List.of(in.get(0).with(in.get(1).shape()));
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return i == 1;
        }
    }

    /**
     * Inputs (base, ids, source): a copy of base to which {@code out[i][ids[i][j][k]][k] += source[i][j][k]} is added
     * (for axis 1), in row-major order of the source. Ids and source have one shape.
     *
     * @param axis along which ids choose
     */
    record ScatterAdd(int axis) implements Indexing {
        @Override
        public String name() {
            return "scatter_add";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 3, 3);
            Check.numeric(this, in.get(0));
            Check.axis(this, in.get(0), axis);
            Check.ids(this, in.get(1), "ids");
            Check.sameDType(this, in.get(0), in.get(2));
            Check.sameShape(this, in.get(1), in.get(2));
            checkWithin(this, in.get(1).shape(), in.get(0).shape(), axis, "ids");
            return List.of(in.get(0));
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return i == 1;
        }
    }

    /**
     * Inputs (x, ids of any rank): whole slices of x along an axis; the ids' shape takes the axis' place. An embedding
     * is this along axis 0.
     *
     * @param axis along which ids choose
     */
    record IndexSelect(int axis) implements Indexing {
        @Override
        public String name() {
            return "index_select";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 2, 2);
            Check.axis(this, in.get(0), axis);
            Check.ids(this, in.get(1), "ids");
            return List.of(in.get(0).with(selected(in.get(0).shape(), axis, in.get(1).shape())));
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return i == 1;
        }
    }

    /**
     * Inputs (ids, source): zeros of a shape to whose slices along an axis the source's slices are added, in order; the
     * gradient of {@link IndexSelect}.
     *
     * @param to the shape of the result
     * @param axis along which ids choose
     */
    record IndexAdd(Shape to, int axis) implements Indexing {
        @Override
        public String name() {
            return "index_add";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 2, 2);
            TensorSpec source = in.get(1);
            Check.ids(this, in.get(0), "ids");
            Check.numeric(this, source);
            Check.axis(this, source.with(to), axis);
            Check.shape(this, source, selected(to, axis, in.get(0).shape()), "the source");
            return List.of(source.with(to));
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return i == 0;
        }
    }

    /**
     * Ids of any shape to a new last axis that is 1 at the id and 0 elsewhere, as F32.
     *
     * @param depth the size of the new axis
     */
    record OneHot(int depth) implements Indexing {
        /** Checks the depth. */
        public OneHot {
            Check.notNegative("one_hot", "depth", depth);
        }

        @Override
        public String name() {
            return "one_hot";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            Check.ids(this, in.getFirst(), "ids");
            Shape s = in.getFirst().shape();
            return List.of(TensorSpec.f32(s.insert(s.rank(), depth)));
        }
    }

    /**
     * Outputs (values, I32 indices): the k largest or smallest along an axis, best first; equals in order of index,
     * NaN counts as largest.
     *
     * @param k how many
     * @param axis along which
     * @param largest the largest, else the smallest
     */
    record TopK(int k, int axis, boolean largest) implements Indexing {
        @Override
        public String name() {
            return "topk";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            TensorSpec x = in.getFirst();
            Check.numeric(this, x);
            Check.axis(this, x, axis);
            if (k < 0 || k > x.shape().dim(axis)) {
                throw new ShapeException("topk: k = " + k + " must lie in 0 .. " + x.shape().dim(axis)
                        + ", the size of axis " + axis + " of " + x.shape());
            }
            Shape s = x.shape().with(axis, k);
            return List.of(x.with(s), new TensorSpec(DType.I32, s));
        }

        @Override
        public boolean gradientReadsOutput(int i) {
            return i == 1;
        }
    }

    /**
     * Outputs (values, I32 indices): sorted along an axis; stable, NaN counts as largest.
     *
     * @param axis along which
     * @param descending largest first
     */
    record Sort(int axis, boolean descending) implements Indexing {
        @Override
        public String name() {
            return "sort";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            TensorSpec x = in.getFirst();
            Check.numeric(this, x);
            Check.axis(this, x, axis);
            return List.of(x, new TensorSpec(DType.I32, x.shape()));
        }

        @Override
        public boolean gradientReadsOutput(int i) {
            return i == 1;
        }
    }

    private static Shape selected(Shape x, int axis, Shape ids) {
        return x.sub(0, axis).concat(ids).concat(x.sub(axis + 1, x.rank()));
    }

    private static void checkWithin(Op op, Shape ids, Shape x, int axis, String role) {
        boolean fits = ids.rank() == x.rank();
        for (int a = 0; fits && a < x.rank(); a++) {
            fits = a == axis || ids.dim(a) <= x.dim(a);
        }
        if (!fits) {
            throw new ShapeException(op.name() + ": " + role + " of shape " + ids + " do not fit " + x
                    + "; ranks must be equal, and sizes must not exceed it except along axis " + axis);
        }
    }
}
