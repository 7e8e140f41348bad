package dev.ricci.testkit;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Loss.CrossEntropy;
import dev.ricci.tensor.op.Loss.CrossEntropyBackward;
import dev.ricci.tensor.op.Loss.LinearCrossEntropy;
import dev.ricci.tensor.op.Normalization.LayerNorm;
import dev.ricci.tensor.op.Normalization.LayerNormBackward;
import dev.ricci.tensor.op.Normalization.LogSoftmax;
import dev.ricci.tensor.op.Normalization.LogSoftmaxBackward;
import dev.ricci.tensor.op.Normalization.RmsNorm;
import dev.ricci.tensor.op.Normalization.RmsNormBackward;
import dev.ricci.tensor.op.Normalization.Softmax;
import dev.ricci.tensor.op.Normalization.SoftmaxBackward;
import dev.ricci.tensor.op.Op;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;

/** Rows of softmax, the norms and cross-entropy. */
final class NormalizationRows {
    private static final int IGNORED = -100;

    private NormalizationRows() {
    }

    static List<OpRow> rows() {
        return List.of(
                softmax(Softmax.class, Softmax::new),
                softmaxBackward(SoftmaxBackward.class, Softmax::new, SoftmaxBackward::new),
                softmax(LogSoftmax.class, LogSoftmax::new),
                softmaxBackward(LogSoftmaxBackward.class, LogSoftmax::new, LogSoftmaxBackward::new),
                norm(LayerNorm.class, NormalizationRows::layerNorm).differentiable(0, 1, 2)
                        .gradientWithin(1e-3, 1e-3),
                norm(LayerNormBackward.class, NormalizationRows::layerNormBackward),
                norm(RmsNorm.class, NormalizationRows::rmsNorm).differentiable(0, 1).gradientWithin(1e-3, 1e-3),
                norm(RmsNormBackward.class, NormalizationRows::rmsNormBackward),
                OpRow.of(CrossEntropy.class, NormalizationRows::crossEntropy).within(1e-5, 1e-5).differentiable(0),
                OpRow.of(CrossEntropyBackward.class, NormalizationRows::crossEntropyBackward).within(1e-5, 1e-5),
                OpRow.of(LinearCrossEntropy.class, NormalizationRows::linearCrossEntropy).within(1e-4, 1e-4)
                        .differentiable(0, 1));
    }

    private static OpRow softmax(Class<? extends Op> type, IntFunction<Op> op) {
        Values masked = Values.sometimes(Values.between(-8, 8), Double.NEGATIVE_INFINITY, 80, -80);
        return OpRow.of(type, g -> {
            Shape s = g.shape(1, 4);
            return OpCase.of(op.apply(g.draw().below(s.rank())), g.floats(s, !g.smooth() && g.draw().oneIn(4)
                    ? masked : Values.between(-8, 8), Values.between(-3, 3)));
        }).within(1e-5, 5e-6).differentiable(0);
    }

    private static OpRow softmaxBackward(Class<? extends Op> type, IntFunction<Op> forward, IntFunction<Op> backward) {
        return OpRow.of(type, g -> {
            Shape s = g.shape(1, 4);
            int axis = g.draw().below(s.rank());
            Tensor y = g.reference(forward.apply(axis), Views.dense(g.floats(s))).getFirst();
            return OpCase.of(backward.apply(axis), g.floats(s), g.layout(y));
        }).within(1e-5, 1e-5).differentiable(0, 1);
    }

    private static OpRow norm(Class<? extends Op> type, Function<CaseDraw, OpCase> cases) {
        // Rows of nearly equal values divide by a small deviation; eps below keeps that in bounds.
        return OpRow.of(type, cases).within(1e-4, 1e-4);
    }

    private static Shape rows(CaseDraw g) {
        Shape s = g.shape(1, 4);
        return s.dim(-1) == 0 ? s.with(-1, 1) : s;
    }

    private static double eps(CaseDraw g) {
        return g.draw().pick(0.1, 0.01);
    }

    private static OpCase layerNorm(CaseDraw g) {
        Shape s = rows(g);
        Shape w = Shape.of(s.dim(-1));
        LayerNorm op = new LayerNorm(eps(g));
        return g.draw().flag() ? OpCase.of(op, g.floats(s), g.floats(w), g.floats(w))
                : OpCase.of(op, g.floats(s), g.floats(w));
    }

    private static OpCase layerNormBackward(CaseDraw g) {
        Shape s = rows(g);
        Tensor x = Views.dense(g.floats(s));
        Tensor weight = Views.dense(g.floats(Shape.of(s.dim(-1))));
        List<Tensor> out = g.reference(new LayerNorm(eps(g)), x, weight);
        return OpCase.of(new LayerNormBackward(g.draw().flag()), g.floats(s), g.layout(x), g.layout(weight),
                g.layout(out.get(1)), g.layout(out.get(2)));
    }

    private static OpCase rmsNorm(CaseDraw g) {
        Shape s = rows(g);
        return OpCase.of(new RmsNorm(eps(g)), g.floats(s), g.floats(Shape.of(s.dim(-1))));
    }

    private static OpCase rmsNormBackward(CaseDraw g) {
        Shape s = rows(g);
        Tensor x = Views.dense(g.floats(s));
        Tensor weight = Views.dense(g.floats(Shape.of(s.dim(-1))));
        List<Tensor> out = g.reference(new RmsNorm(eps(g)), x, weight);
        return OpCase.of(new RmsNormBackward(), g.floats(s), g.layout(x), g.layout(weight), g.layout(out.get(1)));
    }

    /** Targets in 0 .. classes-1, and the ignored one at times. */
    private static Tensor targets(CaseDraw g, int n, int classes) {
        int[] t = g.integers(DType.I32, Shape.of(n), 0, classes - 1).toIntArray();
        for (int i = 0; i < Math.min(n, 64); i++) {
            t[i] = g.draw().oneIn(5) ? IGNORED : t[i];
        }
        return g.layout(Tensor.ofInts(t, n));
    }

    private static Shape logits(CaseDraw g) {
        Shape s = rows(g);
        return Shape.of(s.size() / s.dim(-1), s.dim(-1));
    }

    private static double smoothing(CaseDraw g) {
        return g.draw().pick(0.0, 0.25, 1.0);
    }

    private static OpCase crossEntropy(CaseDraw g) {
        Shape s = logits(g);
        Values masked = Values.sometimes(Values.between(-8, 8), Double.NEGATIVE_INFINITY);
        boolean hides = !g.smooth() && g.draw().oneIn(4);
        return OpCase.of(new CrossEntropy(IGNORED, smoothing(g)), g.floats(s, hides ? masked : Values.between(-8, 8),
                Values.between(-3, 3)), targets(g, s.dim(0), s.dim(1)));
    }

    private static OpCase linearCrossEntropy(CaseDraw g) {
        int n = g.sizeOrZero();
        int depth = g.sizeOrZero();
        int classes = 1 + g.sizeOrZero();
        Tensor x = g.floats(Shape.of(n, depth), Values.between(-1, 1));
        Tensor weight = g.floats(Shape.of(classes, depth), Values.between(-1, 1));
        return OpCase.of(new LinearCrossEntropy(IGNORED, smoothing(g), true), x, weight, targets(g, n, classes),
                g.floats(Shape.of(n), Values.sometimes(Values.between(0, 1), 0, 1)));
    }

    private static OpCase crossEntropyBackward(CaseDraw g) {
        Shape s = logits(g);
        double smoothing = smoothing(g);
        Tensor logits = Views.dense(g.floats(s));
        Tensor targets = targets(g, s.dim(0), s.dim(1));
        Tensor lse = g.reference(new CrossEntropy(IGNORED, smoothing), logits, targets).get(1);
        return OpCase.of(new CrossEntropyBackward(IGNORED, smoothing), g.floats(Shape.of(s.dim(0))), g.layout(logits),
                targets, g.layout(lse));
    }
}
