package dev.ricci.tensor.op;

import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/** Ops that move elements without computing. They take every element type. */
public sealed interface Movement extends Op {
    /** Movements that need no copy: the result shares the input's storage. */
    sealed interface View extends Movement {
        /** The layout of the result over the input's storage, or null if this layout needs a copy. */
        Layout view(Layout input);
    }

    /**
     * The same elements, row-major, under another shape.
     *
     * @param to the shape of the result
     */
    record Reshape(Shape to) implements View {
        @Override
        public String name() {
            return "reshape";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            Shape from = in.getFirst().shape();
            if (from.size() != to.size()) {
                throw new ShapeException("reshape: " + from + " has " + from.size() + " elements, " + to + " has "
                        + to.size());
            }
            return List.of(in.getFirst().with(to));
        }

        @Override
        public Layout view(Layout input) {
            return input.reshape(to);
        }
    }

    /**
     * Axes in another order: axis i of the result is axis order[i] of the input.
     *
     * @param order a permutation of 0 .. rank-1
     */
    record Permute(Ints order) implements View {
        @Override
        public String name() {
            return "permute";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            TensorSpec x = in.getFirst();
            boolean[] seen = new boolean[x.shape().rank()];
            boolean valid = order.size() == seen.length;
            for (int i = 0; valid && i < seen.length; i++) {
                int a = order.at(i);
                valid = a >= 0 && a < seen.length && !seen[a];
                if (valid) {
                    seen[a] = true;
                }
            }
            if (!valid) {
                throw new ShapeException("permute: " + order + " is not an order of the axes of " + x.shape()
                        + "; each of 0 .. " + (seen.length - 1) + " must occur once");
            }
            return List.of(x.with(Layout.dense(x.shape()).permute(order.toArray()).shape()));
        }

        @Override
        public Layout view(Layout input) {
            return input.permute(order.toArray());
        }
    }

    /**
     * Broadcast to a larger shape by NumPy's rules, without a copy.
     *
     * @param to the shape of the result
     */
    record Expand(Shape to) implements View {
        @Override
        public String name() {
            return "expand";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            Shape from = in.getFirst().shape();
            boolean fits = from.rank() <= to.rank();
            for (int i = 1; fits && i <= from.rank(); i++) {
                fits = from.dim(-i) == to.dim(-i) || from.dim(-i) == 1;
            }
            if (!fits) {
                throw new ShapeException("expand: " + from + " does not broadcast to " + to
                        + "; aligned at the last axis, sizes must be equal or 1 in the input");
            }
            return List.of(in.getFirst().with(to));
        }

        @Override
        public Layout view(Layout input) {
            return input.expand(to);
        }
    }

    /**
     * Every steps[a]-th element from starts[a] on, sizes[a] of them, along each axis.
     *
     * @param starts one an axis, not negative
     * @param sizes one an axis
     * @param steps one an axis, positive
     */
    record Slice(Ints starts, Ints sizes, Ints steps) implements View {
        @Override
        public String name() {
            return "slice";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            Shape s = in.getFirst().shape();
            checkSlice(this, s, starts, sizes, steps);
            return List.of(in.getFirst().with(Shape.of(sizes.toArray())));
        }

        @Override
        public Layout view(Layout input) {
            return input.slice(starts.toArray(), sizes.toArray(), steps.toArray());
        }
    }

    /**
     * The elements in reverse order along some axes.
     *
     * @param axes counted from the front, distinct
     */
    record Flip(Ints axes) implements View {
        @Override
        public String name() {
            return "flip";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            for (int i = 0; i < axes.size(); i++) {
                Check.axis(this, in.getFirst(), axes.at(i));
                for (int j = 0; j < i; j++) {
                    if (axes.at(i) == axes.at(j)) {
                        throw new ShapeException("flip: axes must be distinct, got " + axes);
                    }
                }
            }
            return in;
        }

        @Override
        public Layout view(Layout input) {
            return input.flip(axes.toArray());
        }
    }

    /** A dense row-major copy. */
    record Copy() implements Movement {
        @Override
        public String name() {
            return "copy";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            return in;
        }
    }

    /**
     * Places the input into a shape of zeros: the gradient of {@link Slice}.
     *
     * @param to the shape of the result
     * @param starts where the first element goes along each axis
     * @param steps the distance between neighbours along each axis
     */
    record SliceBackward(Shape to, Ints starts, Ints steps) implements Movement {
        @Override
        public String name() {
            return "slice_backward";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            checkSlice(this, to, starts, Ints.of(in.getFirst().shape().toArray()), steps);
            return List.of(in.getFirst().with(to));
        }
    }

    /**
     * Surrounds the input with a constant.
     *
     * @param before how many elements before, one an axis, not negative
     * @param after how many elements after, one an axis, not negative
     * @param value of the new elements
     */
    record Pad(Ints before, Ints after, double value) implements Movement {
        @Override
        public String name() {
            return "pad";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            Shape s = in.getFirst().shape();
            if (before.size() != s.rank() || after.size() != s.rank()) {
                throw new ShapeException("pad: needs one amount per axis of " + s + " before and after, got " + before
                        + " and " + after);
            }
            int[] d = s.toArray();
            for (int a = 0; a < d.length; a++) {
                Check.notNegative("pad", "amount before axis " + a, before.at(a));
                Check.notNegative("pad", "amount after axis " + a, after.at(a));
                long size = (long) d[a] + before.at(a) + after.at(a);
                if (size > Integer.MAX_VALUE) {
                    throw new ShapeException("pad: axis " + a + " of " + s + " with " + before.at(a) + " before and "
                            + after.at(a) + " after would have " + size + " elements");
                }
                d[a] = (int) size;
            }
            return List.of(in.getFirst().with(Shape.of(d)));
        }
    }

    /**
     * Joins one or more inputs along an axis; the other axes must be equal.
     *
     * @param axis counted from the front
     */
    record Cat(int axis) implements Movement {
        @Override
        public String name() {
            return "cat";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, Integer.MAX_VALUE);
            TensorSpec first = in.getFirst();
            Check.axis(this, first, axis);
            long total = 0;
            for (TensorSpec s : in) {
                Check.sameDType(this, first, s);
                if (s.shape().rank() != first.shape().rank()
                        || !s.shape().with(axis, 0).equals(first.shape().with(axis, 0))) {
                    throw new ShapeException("cat: shapes must agree except along axis " + axis + ", got "
                            + shapes(in));
                }
                total += s.shape().dim(axis);
            }
            if (total > Integer.MAX_VALUE) {
                throw new ShapeException("cat: the result would have " + total + " elements along axis " + axis);
            }
            return List.of(first.with(first.shape().with(axis, (int) total)));
        }

        private static List<Shape> shapes(List<TensorSpec> in) {
            List<Shape> shapes = new ArrayList<>();
            in.forEach(s -> shapes.add(s.shape()));
            return shapes;
        }
    }

    /**
     * Keeps one triangle of the matrices in the last two axes and zeroes the rest.
     *
     * @param upper keeps column - row &gt;= diagonal, else column - row &lt;= diagonal
     * @param diagonal 0 is the main one, positive above it
     */
    record Triangular(boolean upper, int diagonal) implements Movement {
        @Override
        public String name() {
            return upper ? "triu" : "tril";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            Check.minRank(this, in.getFirst(), 2, "its input");
            return in;
        }
    }

    private static void checkSlice(Op op, Shape s, Ints starts, Ints sizes, Ints steps) {
        if (starts.size() != s.rank() || sizes.size() != s.rank() || steps.size() != s.rank()) {
            throw new ShapeException(op.name() + ": needs one start, size and step per axis of " + s + ", got " + starts
                    + ", " + sizes + ", " + steps);
        }
        for (int a = 0; a < s.rank(); a++) {
            int n = sizes.at(a);
            long last = starts.at(a) + (n - 1L) * steps.at(a);
            if (starts.at(a) < 0 || n < 0 || steps.at(a) < 1 || n > 0 && last >= s.dim(a) || starts.at(a) > s.dim(a)) {
                throw new ShapeException(op.name() + ": start " + starts.at(a) + ", size " + n + ", step "
                        + steps.at(a) + " do not lie within axis " + a + " of " + s);
            }
        }
    }
}
