package dev.ricci.testkit;

import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Contraction.AvgPool2d;
import dev.ricci.tensor.op.Contraction.AvgPool2dBackward;
import dev.ricci.tensor.op.Contraction.Conv2d;
import dev.ricci.tensor.op.Contraction.Conv2dBackwardInput;
import dev.ricci.tensor.op.Contraction.Conv2dBackwardWeight;
import dev.ricci.tensor.op.Contraction.MatMul;
import dev.ricci.tensor.op.Contraction.MaxPool2d;
import dev.ricci.tensor.op.Contraction.MaxPool2dBackward;
import dev.ricci.tensor.op.Contraction.Window;
import java.util.List;

/** Rows of matrix products, convolutions and pooling. */
final class ContractionRows {
    private ContractionRows() {
    }

    static List<OpRow> rows() {
        return List.of(
                // Sums of up to 2000 products of up to 4.
                OpRow.of(MatMul.class, ContractionRows::matMul).within(1e-5, 3e-4).differentiable(0, 1, 2),
                OpRow.of(Conv2d.class, g -> Conv.drawn(g).forward(g)).within(1e-5, 5e-5).differentiable(0, 1),
                OpRow.of(Conv2dBackwardInput.class, g -> Conv.drawn(g).backwardInput(g)).within(1e-5, 5e-5)
                        .differentiable(0, 1),
                OpRow.of(Conv2dBackwardWeight.class, g -> Conv.drawn(g).backwardWeight(g)).within(1e-5, 1e-4)
                        .differentiable(0, 1),
                OpRow.of(MaxPool2d.class, g -> Pool.drawn(g).max(g)).exact().differentiable(0),
                OpRow.of(MaxPool2dBackward.class, g -> Pool.drawn(g).maxBackward(g)).differentiable(0),
                OpRow.of(AvgPool2d.class, g -> Pool.drawn(g).average(g)).differentiable(0),
                OpRow.of(AvgPool2dBackward.class, g -> Pool.drawn(g).averageBackward(g)).differentiable(0));
    }

    private static OpCase matMul(CaseDraw g) {
        Shape batch = Shapes.drawn(g.draw(), 0, 2, g.profile() == Profile.FINITE_DIFFERENCES ? 2 : 6, true);
        int m = g.sizeOrZero();
        int k = g.sizeOrZero();
        int n = g.sizeOrZero();
        if (g.profile() == Profile.FORWARD && g.draw().oneIn(10)) {
            // Now and then long along one axis, so that blocks of every kind have an edge.
            int wide = g.draw().between(100, 2000);
            int at = g.draw().below(3);
            m = at == 0 ? wide : g.draw().between(1, 70);
            k = at == 1 ? wide : g.draw().between(1, 70);
            n = at == 2 ? wide : g.draw().between(1, 70);
            batch = Shape.scalar();
        }
        if (g.profile() != Profile.FINITE_DIFFERENCES && batch.rank() == 0 && g.draw().oneIn(3)) {
            k = k / 256 * 256 + (k > 0 && k < 256 ? 256 : 0);
            Tensor w = StoredWeights.drawn(g.draw(), n, k).transpose(0, 1);
            Tensor x = g.floats(Shape.of(m, k));
            return g.draw().oneIn(2) ? OpCase.of(new MatMul(), x, w)
                    : OpCase.of(new MatMul(), x, w, g.floats(Shape.of(n)));
        }
        Tensor a = g.floats(batch.concat(Shape.of(m, k)));
        Tensor b = g.floats(batch.concat(Shape.of(k, n)));
        return g.draw().oneIn(2) ? OpCase.of(new MatMul(), a, b) : OpCase.of(new MatMul(), a, b, g.floats(Shape.of(n)));
    }

    private static Window drawnWindow(CaseDraw g, int kernelH, int kernelW, boolean pooling) {
        Draw d = g.draw();
        int padH = d.below((pooling ? kernelH / 2 : 2) + 1);
        int padW = d.below((pooling ? kernelW / 2 : 2) + 1);
        return new Window(d.between(1, 3), d.between(1, 3), padH, padW, d.between(1, 2), d.between(1, 2));
    }

    /** A size that the kernel fits. */
    private static int image(CaseDraw g, int kernel, int pad, int dilation) {
        int least = Math.max(1, (kernel - 1) * dilation + 1 - 2 * pad);
        return switch (g.profile()) {
            case FINITE_DIFFERENCES -> least + g.draw().below(2);
            case LARGE -> 40 + g.draw().below(20);
            default -> least + g.draw().below(8);
        };
    }

    /** The geometry of a convolution. */
    private record Conv(Window window, int groups, Shape x, Shape weight, Shape y) {
        static Conv drawn(CaseDraw g) {
            boolean tiny = g.profile() == Profile.FINITE_DIFFERENCES;
            int most = tiny ? 2 : 3;
            int kernelH = g.small(most);
            int kernelW = g.small(most);
            Window w = drawnWindow(g, kernelH, kernelW, false);
            int groups = g.draw().between(1, most);
            int in = groups * (tiny && groups > 1 ? 1 : g.small(most));
            int out = groups * (tiny && groups > 1 ? 1 : g.small(most));
            int batch = g.draw().oneIn(20) ? 0 : g.small(most);
            Shape x = Shape.of(batch, in, image(g, kernelH, w.padH(), w.dilationH()),
                    image(g, kernelW, w.padW(), w.dilationW()));
            Shape y = Shape.of(batch, out, w.outH("conv2d", x.dim(2), kernelH), w.outW("conv2d", x.dim(3), kernelW));
            return new Conv(w, groups, x, Shape.of(out, in / groups, kernelH, kernelW), y);
        }

        OpCase forward(CaseDraw g) {
            return OpCase.of(new Conv2d(window, groups), g.floats(x), g.floats(weight));
        }

        OpCase backwardInput(CaseDraw g) {
            return OpCase.of(new Conv2dBackwardInput(window, groups, x), g.floats(y), g.floats(weight));
        }

        OpCase backwardWeight(CaseDraw g) {
            return OpCase.of(new Conv2dBackwardWeight(window, groups, weight), g.floats(y), g.floats(x));
        }
    }

    /** The geometry of pooling. */
    private record Pool(int kernelH, int kernelW, Window window, Shape x, Shape y) {
        static Pool drawn(CaseDraw g) {
            int most = g.profile() == Profile.FINITE_DIFFERENCES ? 2 : 3;
            int kernelH = g.small(most);
            int kernelW = g.small(most);
            Window w = drawnWindow(g, kernelH, kernelW, true);
            // Padding must leave a pixel in every window, or its maximum is of nothing.
            int h = image(g, kernelH, 0, w.dilationH());
            int v = image(g, kernelW, 0, w.dilationW());
            Shape x = Shape.of(g.draw().oneIn(20) ? 0 : g.small(most), g.small(most), h, v);
            return new Pool(kernelH, kernelW, w, x, x.with(2, w.outH("pool", h, kernelH)).with(3,
                    w.outW("pool", v, kernelW)));
        }

        OpCase max(CaseDraw g) {
            Values ties = Values.sometimes(Values.whole(-2, 2), Double.NaN, Double.NEGATIVE_INFINITY);
            return OpCase.of(new MaxPool2d(kernelH, kernelW, window), g.smooth() || g.draw().flag()
                    ? g.separated(x) : g.floats(x, ties));
        }

        OpCase maxBackward(CaseDraw g) {
            Tensor places = g.reference(new MaxPool2d(kernelH, kernelW, window), Views.dense(g.separated(x))).get(1);
            return OpCase.of(new MaxPool2dBackward(x), g.floats(y), g.layout(places));
        }

        OpCase average(CaseDraw g) {
            return OpCase.of(new AvgPool2d(kernelH, kernelW, window), g.floats(x));
        }

        OpCase averageBackward(CaseDraw g) {
            return OpCase.of(new AvgPool2dBackward(kernelH, kernelW, window, x), g.floats(y));
        }
    }
}
