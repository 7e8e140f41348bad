package dev.ricci.tensor.op;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.TensorSpec;
import java.util.List;

/** Ops that combine elements along axes. */
public sealed interface Reduction extends Op {
    /**
     * Reduction over some axes.
     *
     * @param kind which
     * @param axes the axes that go, ascending, counted from the front
     * @param keepDims whether they stay with size 1
     */
    record Reduce(ReduceKind kind, Ints axes, boolean keepDims) implements Reduction {
        @Override
        public String name() {
            return kind.opName();
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            TensorSpec x = in.getFirst();
            switch (kind) {
                case ANY, ALL -> Check.is(this, x, DType.BOOL, "its input");
                case SUM, PROD, MAX, MIN -> Check.numeric(this, x);
                case SUM_SQUARES, MEAN, LOG_SUM_EXP -> Check.computable(this, x);
            }
            Shape s = x.shape();
            int previous = s.rank();
            for (int i = axes.size() - 1; i >= 0; i--) {
                int a = axes.at(i);
                Check.axis(this, x, a);
                if (a >= previous) {
                    throw new ShapeException(name() + ": axes must be distinct and ascending, got " + axes);
                }
                previous = a;
                if ((kind == ReduceKind.MAX || kind == ReduceKind.MIN) && x.shape().dim(a) == 0) {
                    throw new ShapeException(name() + ": nothing to reduce along axis " + a + " of " + x
                            + "; it has no elements");
                }
                s = keepDims ? s.with(a, 1) : s.remove(a);
            }
            return List.of(x.with(s));
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return kind == ReduceKind.MAX || kind == ReduceKind.MIN || kind == ReduceKind.PROD
                    || kind == ReduceKind.LOG_SUM_EXP || kind == ReduceKind.SUM_SQUARES;
        }

        @Override
        public boolean gradientReadsOutput(int i) {
            return kind == ReduceKind.MAX || kind == ReduceKind.MIN || kind == ReduceKind.LOG_SUM_EXP;
        }
    }

    /**
     * Where the extreme lies along an axis, as I32; the first of equals, and NaN counts as the extreme.
     *
     * @param largest the maximum, else the minimum
     * @param axis counted from the front
     * @param keepDims whether the axis stays with size 1
     */
    record ArgReduce(boolean largest, int axis, boolean keepDims) implements Reduction {
        @Override
        public String name() {
            return largest ? "argmax" : "argmin";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            TensorSpec x = in.getFirst();
            Check.numeric(this, x);
            Check.axis(this, x, axis);
            if (x.shape().dim(axis) == 0) {
                throw new ShapeException(name() + ": nothing to compare along axis " + axis + " of " + x);
            }
            return List.of(new TensorSpec(DType.I32, keepDims ? x.shape().with(axis, 1) : x.shape().remove(axis)));
        }
    }

    /**
     * Running sum along an axis.
     *
     * @param axis counted from the front
     * @param reverse whether it runs from the end
     */
    record CumSum(int axis, boolean reverse) implements Reduction {
        @Override
        public String name() {
            return "cumsum";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            Check.numeric(this, in.getFirst());
            Check.axis(this, in.getFirst(), axis);
            return in;
        }
    }
}
