package dev.ricci.tensor.reference;

import dev.ricci.tensor.op.Normalization;
import dev.ricci.tensor.reference.Dense.Lanes;
import dev.ricci.tensor.spi.Operand;

final class ReferenceNormalization {
    private ReferenceNormalization() {
    }

    static void run(Normalization op, Operand[] in, Operand[] out) {
        switch (op) {
            case Normalization.Softmax o -> softmax(in[0], o.axis(), false, out[0]);
            case Normalization.LogSoftmax o -> softmax(in[0], o.axis(), true, out[0]);
            case Normalization.SoftmaxBackward o -> softmaxBackward(in, o.axis(), false, out[0]);
            case Normalization.LogSoftmaxBackward o -> softmaxBackward(in, o.axis(), true, out[0]);
            case Normalization.LayerNorm o -> norm(in, o.eps(), true, out);
            case Normalization.RmsNorm o -> norm(in, o.eps(), false, out);
            case Normalization.LayerNormBackward o -> normBackward(in, Dense.doubles(in[3]), in[4], out);
            case Normalization.RmsNormBackward o -> normBackward(in, null, in[3], out);
        }
    }

    private static void softmax(Operand x, int axis, boolean log, Operand out) {
        Lanes lanes = Lanes.of(x.shape(), axis);
        double[] v = Dense.doubles(x);
        for (int o = 0; o < lanes.outer(); o++) {
            for (int k = 0; k < lanes.inner(); k++) {
                double max = Double.NEGATIVE_INFINITY;
                for (int i = 0; i < lanes.n(); i++) {
                    max = Math.max(max, v[lanes.at(o, i, k)]);
                }
                double sum = 0;
                for (int i = 0; i < lanes.n(); i++) {
                    sum += StrictMath.exp(v[lanes.at(o, i, k)] - max);
                }
                for (int i = 0; i < lanes.n(); i++) {
                    int n = lanes.at(o, i, k);
                    v[n] = log ? v[n] - max - StrictMath.log(sum) : StrictMath.exp(v[n] - max) / sum;
                }
            }
        }
        Dense.write(out, v);
    }

    private static void softmaxBackward(Operand[] in, int axis, boolean log, Operand out) {
        Lanes lanes = Lanes.of(in[0].shape(), axis);
        double[] grad = Dense.doubles(in[0]);
        double[] y = Dense.doubles(in[1]);
        for (int o = 0; o < lanes.outer(); o++) {
            for (int k = 0; k < lanes.inner(); k++) {
                double sum = 0;
                for (int i = 0; i < lanes.n(); i++) {
                    int n = lanes.at(o, i, k);
                    sum += log ? grad[n] : grad[n] * y[n];
                }
                for (int i = 0; i < lanes.n(); i++) {
                    int n = lanes.at(o, i, k);
                    grad[n] = log ? grad[n] - StrictMath.exp(y[n]) * sum : y[n] * (grad[n] - sum);
                }
            }
        }
        Dense.write(out, grad);
    }

    /** Layer norm, or RMS norm, which is layer norm without subtracting the mean. */
    private static void norm(Operand[] in, double eps, boolean centred, Operand[] out) {
        double[] x = Dense.doubles(in[0]);
        double[] weight = Dense.doubles(in[1]);
        double[] bias = in.length == 3 ? Dense.doubles(in[2]) : new double[weight.length];
        int d = weight.length;
        double[] means = new double[x.length / d];
        double[] rstds = new double[x.length / d];
        for (int r = 0; r < rstds.length; r++) {
            double mean = 0;
            for (int i = 0; centred && i < d; i++) {
                mean += x[r * d + i] / d;
            }
            double square = 0;
            for (int i = 0; i < d; i++) {
                double c = x[r * d + i] - mean;
                square += c * c / d;
            }
            means[r] = mean;
            rstds[r] = 1 / StrictMath.sqrt(square + eps);
            for (int i = 0; i < d; i++) {
                x[r * d + i] = (x[r * d + i] - mean) * rstds[r] * weight[i] + bias[i];
            }
        }
        Dense.write(out[0], x);
        if (centred) {
            Dense.write(out[1], means);
        }
        Dense.write(out[out.length - 1], rstds);
    }

    /**
     * With xhat = (x - mean) rstd and g = grad weight: dx = rstd (g - mean(g) - xhat mean(g xhat)), dweight = sum of
     * grad xhat, dbias = sum of grad. RMS norm (means null) has no mean(g).
     */
    private static void normBackward(Operand[] in, double[] means, Operand rstd, Operand[] out) {
        double[] grad = Dense.doubles(in[0]);
        double[] x = Dense.doubles(in[1]);
        double[] weight = Dense.doubles(in[2]);
        double[] rstds = Dense.doubles(rstd);
        int d = weight.length;
        double[] dx = new double[x.length];
        double[] dweight = new double[d];
        double[] dbias = new double[d];
        for (int r = 0; r < rstds.length; r++) {
            double mean = means == null ? 0 : means[r];
            double g = 0;
            double gx = 0;
            for (int i = 0; i < d; i++) {
                int n = r * d + i;
                double xhat = (x[n] - mean) * rstds[r];
                g += means == null ? 0 : grad[n] * weight[i] / d;
                gx += grad[n] * weight[i] * xhat / d;
                dweight[i] += grad[n] * xhat;
                dbias[i] += grad[n];
            }
            for (int i = 0; i < d; i++) {
                int n = r * d + i;
                double xhat = (x[n] - mean) * rstds[r];
                dx[n] = rstds[r] * (grad[n] * weight[i] - g - xhat * gx);
            }
        }
        Dense.write(out[0], dx);
        Dense.write(out[1], dweight);
        if (out.length == 3) {
            Dense.write(out[2], dbias);
        }
    }
}
