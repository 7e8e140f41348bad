package dev.ricci.tensor.cpu;

import dev.ricci.tensor.cpu.rows.Elementary;
import dev.ricci.tensor.cpu.rows.Rows;
import dev.ricci.tensor.op.Loss;
import dev.ricci.tensor.spi.IdCheck;
import dev.ricci.tensor.spi.Operand;

/** Cross-entropy, row by row; targets are checked before anything is written. */
final class LossKernels {
    /** Elementary operations an element costs. */
    private static final int WORK = 1;

    private final Rows rows;
    private final SoftmaxRows softmax;

    LossKernels(Rows rows) {
        this.rows = rows;
        softmax = new SoftmaxRows(rows);
    }

    void run(Loss op, Operand[] in, Operand[] out) {
        switch (op) {
            case Loss.CrossEntropy o -> forward(o, in, out);
            case Loss.CrossEntropyBackward o -> backward(o, in, out[0]);
        }
    }

    private void forward(Loss.CrossEntropy op, Operand[] in, Operand[] out) {
        int classes = in[0].shape().dim(1);
        int[] targets = IdCheck.readIgnoring(op.name(), "targets", in[1], classes, op.ignoreIndex());
        Dense logits = Dense.of(in[0]);
        float[] x = logits.data();
        double s = op.labelSmoothing();
        float[] loss = out[0].heap().floats();
        float[] lse = out[1].heap().floats();
        Parallel.ranges(targets.length, (long) WORK * classes, (from, to) -> {
            for (int r = from; r < to; r++) {
                int xo = logits.offset() + r * classes;
                SoftmaxRows.Sum sum = softmax.sum(x, xo, classes);
                double log = Float.isFinite(sum.max()) ? sum.max() + StrictMath.log(sum.sum()) : sum.max();
                double value = 0;
                if (targets[r] >= 0) {
                    // Terms without weight are left out: 0 times an infinite logit would be NaN.
                    value = log - (s < 1 ? (1 - s) * x[xo + targets[r]] : 0)
                            - (s > 0 ? s * rows.sum(x, xo, classes) / classes : 0);
                }
                loss[out[0].layout().offset() + r] = (float) value;
                lse[out[1].layout().offset() + r] = (float) log;
            }
        });
        logits.release();
    }

    private void backward(Loss.CrossEntropyBackward op, Operand[] in, Operand out) {
        int classes = in[1].shape().dim(1);
        int[] targets = IdCheck.readIgnoring(op.name(), "targets", in[2], classes, op.ignoreIndex());
        Dense grad = Dense.of(in[0]);
        Dense logits = Dense.of(in[1]);
        Dense lse = Dense.of(in[3]);
        double s = op.labelSmoothing();
        float[] dx = out.heap().floats();
        Parallel.ranges(targets.length, (long) WORK * classes, (from, to) -> {
            for (int r = from; r < to; r++) {
                int at = out.layout().offset() + r * classes;
                if (targets[r] < 0) {
                    rows.fill(0, dx, at, classes);
                    continue;
                }
                float g = grad.data()[grad.offset() + r];
                int xo = logits.offset() + r * classes;
                float shift = lse.data()[lse.offset() + r];
                rows.expAffine(logits.data(), xo, shift, g, (float) (-g * s / classes), dx, at, classes);
                // The target's element apart and in double: it is a small difference when the model is sure.
                double p = Elementary.expNormal(logits.data()[xo + targets[r]] - shift);
                dx[at + targets[r]] = (float) (g * (p - (1 - s) - s / classes));
            }
        });
        lse.release();
        logits.release();
        grad.release();
    }
}
