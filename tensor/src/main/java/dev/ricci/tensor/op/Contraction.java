package dev.ricci.tensor.op;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.TensorSpec;
import java.util.List;
import java.util.function.IntPredicate;

/** Matrix products, convolutions and pooling. Images are [B, C, H, W]. */
public sealed interface Contraction extends Op {
    /**
     * Inputs a [..., M, K] and b [..., K, N] with equal leading axes (expanded before), and perhaps a bias [N] that is
     * added to each row; result [..., M, N].
     */
    record MatMul() implements Contraction {
        @Override
        public String name() {
            return "matmul";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 2, 3);
            TensorSpec a = in.get(0);
            TensorSpec b = in.get(1);
            Check.computable(this, a);
            Check.sameDType(this, a, b);
            Check.minRank(this, a, 2, "a");
            Check.minRank(this, b, 2, "b");
            int rank = a.shape().rank();
            if (a.shape().dim(-1) != b.shape().dim(-2)) {
                throw new ShapeException(innerMismatch(a.shape(), b.shape()));
            }
            if (rank != b.shape().rank() || !a.shape().sub(0, rank - 2).equals(b.shape().sub(0, rank - 2))) {
                throw new ShapeException("matmul: leading axes of " + a.shape() + " and " + b.shape() + " differ");
            }
            if (in.size() == 3) {
                Check.sameDType(this, a, in.get(2));
                Check.shape(this, in.get(2), Shape.of(b.shape().dim(-1)), "the bias");
            }
            return List.of(a.with(a.shape().with(-1, b.shape().dim(-1))));
        }

        /** The message for inner sizes that differ, with the transpose that would fit when there is one. */
        static String innerMismatch(Shape a, Shape b) {
            String text = "matmul: inner sizes differ: a has shape " + a + ", b has shape " + b + "; a.dim(-1) = "
                    + a.dim(-1) + " must equal b.dim(-2) = " + b.dim(-2);
            return a.dim(-1) == b.dim(-1) ? text + ". b.transpose(-2, -1) would fit" : text;
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return i < 2;
        }

        @Override
        public boolean gradientReadsInput(int i, IntPredicate needed) {
            return i < 2 && needed.test(1 - i);
        }
    }

    /**
     * A sliding window over the last two axes.
     *
     * @param strideH rows between windows
     * @param strideW columns between windows
     * @param padH zero rows added above and below
     * @param padW zero columns added left and right
     * @param dilationH rows between taps
     * @param dilationW columns between taps
     */
    record Window(int strideH, int strideW, int padH, int padW, int dilationH, int dilationW) {
        /** Checks the amounts. */
        public Window {
            Check.positive("window", "stride", Math.min(strideH, strideW));
            Check.notNegative("window", "padding", Math.min(padH, padW));
            Check.positive("window", "dilation", Math.min(dilationH, dilationW));
        }

        /** Equal amounts on both axes and no dilation. */
        public static Window of(int stride, int pad) {
            return new Window(stride, stride, pad, pad, 1, 1);
        }

        /** Rows of the result for an image of {@code h} rows and a kernel of {@code k}. */
        public int outH(String op, int h, int k) {
            return out(op, h, k, strideH, padH, dilationH);
        }

        /** Columns of the result for an image of {@code w} columns and a kernel of {@code k}. */
        public int outW(String op, int w, int k) {
            return out(op, w, k, strideW, padW, dilationW);
        }

        private static int out(String op, int n, int k, int stride, int pad, int dilation) {
            long reach = (k - 1L) * dilation + 1;
            long room = n + 2L * pad;
            if (k < 1 || room < reach) {
                throw new ShapeException(op + ": a kernel of " + k + " with dilation " + dilation + " does not fit "
                        + n + " elements with padding " + pad);
            }
            if (room > Integer.MAX_VALUE) {
                throw new ShapeException(op + ": " + n + " elements with padding " + pad + " are more than an axis can"
                        + " have");
            }
            return (int) ((room - reach) / stride + 1);
        }

        /** Refuses windows that hold nothing but padding, which a dilation or an empty image can make. */
        private static void checkMet(String op, int n, int out, int k, int stride, int pad, int dilation) {
            for (int o = 0; pad > 0 && o < out; o++) {
                boolean met = false;
                for (int i = 0; i < k; i++) {
                    int at = o * stride - pad + i * dilation;
                    met |= at >= 0 && at < n;
                }
                if (!met) {
                    throw new ShapeException(op + ": window " + o + " over " + n + " elements holds only padding; use"
                            + " less padding than " + pad + " or a smaller dilation than " + dilation);
                }
            }
        }
    }

    /**
     * Inputs x [B, C, H, W] and weight [O, C / groups, KH, KW]: cross-correlation, result [B, O, H', W'].
     *
     * @param window stride, padding, dilation
     * @param groups channels are cut into this many independent groups
     */
    record Conv2d(Window window, int groups) implements Contraction {
        /** Checks the groups. */
        public Conv2d {
            Check.positive("conv2d", "groups", groups);
        }

        @Override
        public String name() {
            return "conv2d";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 2, 2);
            return List.of(in.get(0).with(convShape(this, in.get(0), in.get(1), window, groups)));
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return true;
        }

        @Override
        public boolean gradientReadsInput(int i, IntPredicate needed) {
            return needed.test(1 - i);
        }
    }

    /**
     * Inputs (grad [B, O, H', W'], weight): the gradient of {@link Conv2d} with respect to x.
     *
     * @param window as in the forward op
     * @param groups as in the forward op
     * @param input the shape of x
     */
    record Conv2dBackwardInput(Window window, int groups, Shape input) implements Contraction {
        @Override
        public String name() {
            return "conv2d_backward_input";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 2, 2);
            TensorSpec x = in.get(0).with(input);
            Check.shape(this, in.get(0), convShape(this, x, in.get(1), window, groups), "the gradient");
            return List.of(x);
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return true;
        }

        @Override
        public boolean gradientReadsInput(int i, IntPredicate needed) {
            return needed.test(1 - i);
        }
    }

    /**
     * Inputs (grad [B, O, H', W'], x): the gradient of {@link Conv2d} with respect to the weight.
     *
     * @param window as in the forward op
     * @param groups as in the forward op
     * @param weight the shape of the weight
     */
    record Conv2dBackwardWeight(Window window, int groups, Shape weight) implements Contraction {
        @Override
        public String name() {
            return "conv2d_backward_weight";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 2, 2);
            TensorSpec w = in.get(1).with(weight);
            Check.shape(this, in.get(0), convShape(this, in.get(1), w, window, groups), "the gradient");
            return List.of(w);
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return true;
        }

        @Override
        public boolean gradientReadsInput(int i, IntPredicate needed) {
            return needed.test(1 - i);
        }
    }

    /**
     * Outputs (values, I32 place h * W + w of each maximum in its image): the largest in each window. Padding never
     * wins; the first of equals does; NaN wins.
     *
     * @param kernelH rows of the window
     * @param kernelW columns of the window
     * @param window stride, padding (at most half the kernel), dilation
     */
    record MaxPool2d(int kernelH, int kernelW, Window window) implements Contraction {
        /** Checks the kernel and the padding. */
        public MaxPool2d {
            checkPool("max_pool2d", kernelH, kernelW, window);
        }

        @Override
        public String name() {
            return "max_pool2d";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            TensorSpec y = in.get(0).with(poolShape(this, in.get(0), kernelH, kernelW, window));
            Shape x = in.get(0).shape();
            Window.checkMet(name(), x.dim(2), y.shape().dim(2), kernelH, window.strideH, window.padH, window.dilationH);
            Window.checkMet(name(), x.dim(3), y.shape().dim(3), kernelW, window.strideW, window.padW, window.dilationW);
            return List.of(y, new TensorSpec(DType.I32, y.shape()));
        }

        @Override
        public boolean gradientReadsOutput(int i) {
            return i == 1;
        }
    }

    /**
     * Inputs (grad, places): the gradient of {@link MaxPool2d}.
     *
     * @param input the shape of x
     */
    record MaxPool2dBackward(Shape input) implements Contraction {
        @Override
        public String name() {
            return "max_pool2d_backward";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 2, 2);
            Check.computable(this, in.get(0));
            Check.ids(this, in.get(1), "places");
            Check.sameShape(this, in.get(0), in.get(1));
            Check.rank(this, in.get(0), 4, "the gradient [B, C, H', W']");
            Check.rank(this, in.get(0).with(input), 4, "the input");
            Check.shape(this, in.get(0).with(in.get(0).shape().sub(0, 2)), input.sub(0, 2), "leading axes");
            return List.of(in.get(0).with(input));
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return i == 1;
        }
    }

    /**
     * The mean of each window; padding counts as zeros.
     *
     * @param kernelH rows of the window
     * @param kernelW columns of the window
     * @param window stride, padding (at most half the kernel), dilation
     */
    record AvgPool2d(int kernelH, int kernelW, Window window) implements Contraction {
        /** Checks the kernel and the padding. */
        public AvgPool2d {
            checkPool("avg_pool2d", kernelH, kernelW, window);
        }

        @Override
        public String name() {
            return "avg_pool2d";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            return List.of(in.get(0).with(poolShape(this, in.get(0), kernelH, kernelW, window)));
        }
    }

    /**
     * The gradient of {@link AvgPool2d}.
     *
     * @param kernelH as in the forward op
     * @param kernelW as in the forward op
     * @param window as in the forward op
     * @param input the shape of x
     */
    record AvgPool2dBackward(int kernelH, int kernelW, Window window, Shape input) implements Contraction {
        @Override
        public String name() {
            return "avg_pool2d_backward";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            TensorSpec x = in.get(0).with(input);
            Check.shape(this, in.get(0), poolShape(this, x, kernelH, kernelW, window), "the gradient");
            return List.of(x);
        }
    }

    private static Shape convShape(Op op, TensorSpec x, TensorSpec w, Window window, int groups) {
        Check.computable(op, x);
        Check.sameDType(op, x, w);
        Check.rank(op, x, 4, "x [B, C, H, W]");
        Check.rank(op, w, 4, "weight [O, C / groups, KH, KW]");
        int c = x.shape().dim(1);
        int o = w.shape().dim(0);
        if (c % groups != 0 || o % groups != 0 || w.shape().dim(1) != c / groups) {
            throw new ShapeException(op.name() + ": x " + x.shape() + " and weight " + w.shape() + " with " + groups
                    + " groups do not fit; weight.dim(1) must be x.dim(1) / groups, and both channel counts divisible");
        }
        return Shape.of(x.shape().dim(0), o, window.outH(op.name(), x.shape().dim(2), w.shape().dim(2)),
                window.outW(op.name(), x.shape().dim(3), w.shape().dim(3)));
    }

    private static Shape poolShape(Op op, TensorSpec x, int kernelH, int kernelW, Window window) {
        Check.computable(op, x);
        Check.rank(op, x, 4, "x [B, C, H, W]");
        return Shape.of(x.shape().dim(0), x.shape().dim(1), window.outH(op.name(), x.shape().dim(2), kernelH),
                window.outW(op.name(), x.shape().dim(3), kernelW));
    }

    private static void checkPool(String op, int kernelH, int kernelW, Window window) {
        Check.positive(op, "kernel", Math.min(kernelH, kernelW));
        if (window.padH() > kernelH / 2 || window.padW() > kernelW / 2) {
            throw new ShapeException(op + ": padding must not exceed half the kernel, got padding " + window.padH()
                    + ", " + window.padW() + " for kernel " + kernelH + ", " + kernelW);
        }
    }
}
