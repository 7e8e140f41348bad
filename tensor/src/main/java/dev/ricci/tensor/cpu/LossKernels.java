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

    /** Logits that live at once, at least {@link #FEWEST_ROWS} rows: few enough for the caches. */
    private static final int LOGITS = 1 << 22;
    /** Rows of a block: enough to be worth a pass over the weight and its gradient. */
    private static final int FEWEST_ROWS = 256;

    private final Rows rows;
    private final Gemm gemm;
    private final SoftmaxRows softmax;

    LossKernels(Rows rows, Gemm gemm) {
        this.rows = rows;
        this.gemm = gemm;
        softmax = new SoftmaxRows(rows);
    }

    void run(Loss op, Operand[] in, Operand[] out) {
        switch (op) {
            case Loss.CrossEntropy o -> forward(o, in, out);
            case Loss.CrossEntropyBackward o -> backward(o, in, out[0]);
            case Loss.LinearCrossEntropy o -> linear(o, in, out);
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
                double log = logSumExp(x, xo, classes);
                double value = targets[r] < 0 ? 0 : loss(x, xo, classes, targets[r], s, log);
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
                gradient(logits.data(), logits.offset() + r * classes, classes, targets[r], s,
                        lse.data()[lse.offset() + r], grad.data()[grad.offset() + r], dx, at);
            }
        });
        lse.release();
        logits.release();
        grad.release();
    }

    private double logSumExp(float[] logits, int at, int classes) {
        SoftmaxRows.Sum sum = softmax.sum(logits, at, classes);
        return Float.isFinite(sum.max()) ? sum.max() + StrictMath.log(sum.sum()) : sum.max();
    }

    private double loss(float[] logits, int at, int classes, int target, double s, double lse) {
        // Terms without weight are left out: 0 times an infinite logit would be NaN.
        return lse - (s < 1 ? (1 - s) * logits[at + target] : 0)
                - (s > 0 ? s * rows.sum(logits, at, classes) / classes : 0);
    }

    /** The gradient of a row's loss, times g; it may be written over the logits. */
    private void gradient(float[] logits, int at, int classes, int target, double s, float lse, float g, float[] out,
            int outAt) {
        // The target's element apart and in double: it is a small difference when the model is sure.
        double p = Elementary.expNormal(logits[at + target] - lse);
        rows.expAffine(logits, at, lse, g, (float) (-g * s / classes), out, outAt, classes);
        out[outAt + target] = (float) (g * (p - (1 - s) - s / classes));
    }

    /** Block by block of rows: logits, losses, gradients over the logits, and what they add to the outputs. */
    private void linear(Loss.LinearCrossEntropy op, Operand[] in, Operand[] out) {
        int depth = in[0].shape().dim(1);
        int classes = in[1].shape().dim(0);
        int[] targets = IdCheck.readIgnoring(op.name(), "targets", in[2], classes, op.ignoreIndex());
        Dense x = Dense.of(in[0]);
        Dense w = Dense.of(in[1]);
        Dense scale = Dense.of(in[3]);
        Matrix weight = Matrix.rowMajor(w.data(), w.offset(), classes, depth, depth);
        double s = op.labelSmoothing();
        int block = Math.min(targets.length, Math.max(FEWEST_ROWS, LOGITS / classes));
        float[] logits = Scratch.take(Math.multiplyExact(block, classes));
        double[] losses = new double[targets.length];
        if (op.gradients() && targets.length == 0) {
            rows.fill(0, out[2].heap().floats(), out[2].layout().offset(), out[2].size());
        }
        for (int r0 = 0; r0 < targets.length; r0 += block) {
            int first = r0;
            int count = Math.min(block, targets.length - r0);
            Matrix part = Matrix.rowMajor(x.data(), x.offset() + first * depth, count, depth, depth);
            gemm.multiply(part, weight.transposed(), logits, 0, classes, false);
            Parallel.ranges(count, 2L * WORK * classes, (from, to) -> {
                for (int i = from; i < to; i++) {
                    int r = first + i;
                    float g = scale.data()[scale.offset() + r];
                    boolean counts = targets[r] >= 0 && g != 0;
                    double lse = counts ? logSumExp(logits, i * classes, classes) : 0;
                    losses[r] = counts ? g * loss(logits, i * classes, classes, targets[r], s, lse) : 0;
                    if (op.gradients() && counts) {
                        gradient(logits, i * classes, classes, targets[r], s, (float) lse, g, logits, i * classes);
                    } else if (op.gradients()) {
                        rows.fill(0, logits, i * classes, classes);
                    }
                }
            });
            if (op.gradients()) {
                Matrix grad = Matrix.rowMajor(logits, 0, count, classes, classes);
                gemm.multiply(grad, weight, out[1].heap().floats(), out[1].layout().offset() + first * depth, depth,
                        false);
                gemm.multiply(grad.transposed(), part, out[2].heap().floats(), out[2].layout().offset(), depth,
                        first > 0);
            }
        }
        double sum = 0;
        for (double loss : losses) {
            sum += loss;
        }
        out[0].heap().floats()[out[0].layout().offset()] = (float) sum;
        Scratch.give(logits);
        scale.release();
        w.release();
        x.release();
    }
}
