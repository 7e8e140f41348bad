package dev.ricci.tensor.reference;

import dev.ricci.tensor.op.Loss;
import dev.ricci.tensor.spi.IdCheck;
import dev.ricci.tensor.spi.Operand;

/** Cross-entropy and its gradients, row by row; targets are checked before anything is written. */
final class ReferenceLoss {
    private ReferenceLoss() {
    }

    static void run(Loss op, Operand[] in, Operand[] out) {
        switch (op) {
            case Loss.CrossEntropy o -> forward(o, in, out);
            case Loss.CrossEntropyBackward o -> backward(o, in, out[0]);
            case Loss.LinearCrossEntropy o -> linear(o, in, out);
        }
    }

    private static void linear(Loss.LinearCrossEntropy op, Operand[] in, Operand[] out) {
        int depth = in[0].shape().dim(1);
        int classes = in[1].shape().dim(0);
        int[] targets = IdCheck.readIgnoring(op.name(), "targets", in[2], classes, op.ignoreIndex());
        double[] x = Dense.doubles(in[0]);
        double[] w = Dense.doubles(in[1]);
        double[] scale = Dense.doubles(in[3]);
        double s = op.labelSmoothing();
        double loss = 0;
        double[] dx = new double[x.length];
        double[] dw = new double[w.length];
        double[] logits = new double[classes];
        for (int r = 0; r < targets.length; r++) {
            if (targets[r] < 0 || scale[r] == 0) {
                continue;
            }
            double max = Double.NEGATIVE_INFINITY;
            double mean = 0;
            for (int c = 0; c < classes; c++) {
                logits[c] = 0;
                for (int d = 0; d < depth; d++) {
                    logits[c] += x[r * depth + d] * w[c * depth + d];
                }
                max = Math.max(max, logits[c]);
                mean += logits[c] / classes;
            }
            double sum = 0;
            for (double l : logits) {
                sum += StrictMath.exp(l - max);
            }
            double lse = max + StrictMath.log(sum);
            loss += scale[r] * (lse - (1 - s) * logits[targets[r]] - s * mean);
            for (int c = 0; c < classes; c++) {
                double g = scale[r] * (StrictMath.exp(logits[c] - lse) - (c == targets[r] ? 1 - s : 0) - s / classes);
                for (int d = 0; d < depth; d++) {
                    dx[r * depth + d] += g * w[c * depth + d];
                    dw[c * depth + d] += g * x[r * depth + d];
                }
            }
        }
        Dense.write(out[0], new double[] {loss});
        if (op.gradients()) {
            Dense.write(out[1], dx);
            Dense.write(out[2], dw);
        }
    }

    private static void forward(Loss.CrossEntropy op, Operand[] in, Operand[] out) {
        int classes = in[0].shape().dim(1);
        int[] targets = IdCheck.readIgnoring(op.name(), "targets", in[1], classes, op.ignoreIndex());
        double[] logits = Dense.doubles(in[0]);
        double[] loss = new double[targets.length];
        double[] lse = new double[targets.length];
        for (int r = 0; r < targets.length; r++) {
            double max = Double.NEGATIVE_INFINITY;
            double mean = 0;
            for (int c = 0; c < classes; c++) {
                max = Math.max(max, logits[r * classes + c]);
                mean += logits[r * classes + c] / classes;
            }
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                sum += StrictMath.exp(logits[r * classes + c] - max);
            }
            lse[r] = Double.isFinite(max) ? max + StrictMath.log(sum) : max;
            if (targets[r] >= 0) {
                double s = op.labelSmoothing();
                // Terms without weight are left out: 0 times an infinite logit would be NaN.
                loss[r] = lse[r] - (s < 1 ? (1 - s) * logits[r * classes + targets[r]] : 0) - (s > 0 ? s * mean : 0);
            }
        }
        Dense.write(out[0], loss);
        Dense.write(out[1], lse);
    }

    private static void backward(Loss.CrossEntropyBackward op, Operand[] in, Operand out) {
        int classes = in[1].shape().dim(1);
        int[] targets = IdCheck.readIgnoring(op.name(), "targets", in[2], classes, op.ignoreIndex());
        double[] grad = Dense.doubles(in[0]);
        double[] logits = Dense.doubles(in[1]);
        double[] lse = Dense.doubles(in[3]);
        double s = op.labelSmoothing();
        for (int r = 0; r < targets.length; r++) {
            for (int c = 0; c < classes; c++) {
                int n = r * classes + c;
                logits[n] = targets[r] < 0 ? 0 : grad[r] * (StrictMath.exp(logits[n] - lse[r])
                        - (c == targets[r] ? 1 - s : 0) - s / classes);
            }
        }
        Dense.write(out, logits);
    }
}
