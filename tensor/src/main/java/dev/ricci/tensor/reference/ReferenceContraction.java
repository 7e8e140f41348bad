package dev.ricci.tensor.reference;

import dev.ricci.tensor.Shape;
import dev.ricci.tensor.op.Contraction;
import dev.ricci.tensor.op.Contraction.Window;
import dev.ricci.tensor.spi.IdCheck;
import dev.ricci.tensor.spi.Operand;
import java.util.Arrays;

final class ReferenceContraction {
    private ReferenceContraction() {
    }

    static void run(Contraction op, Operand[] in, Operand[] out) {
        switch (op) {
            case Contraction.MatMul o -> matmul(in[0], in[1], in.length == 3 ? in[2] : null, out[0]);
            case Contraction.Conv2d o -> {
                double[] x = Dense.doubles(in[0]);
                double[] w = Dense.doubles(in[1]);
                double[] y = new double[out[0].size()];
                convolve(in[0].shape(), in[1].shape(), out[0].shape(), o.window(), o.groups(),
                        (ix, iw, iy) -> y[iy] += x[ix] * w[iw]);
                Dense.write(out[0], y);
            }
            case Contraction.Conv2dBackwardInput o -> {
                double[] grad = Dense.doubles(in[0]);
                double[] w = Dense.doubles(in[1]);
                double[] dx = new double[out[0].size()];
                convolve(o.input(), in[1].shape(), in[0].shape(), o.window(), o.groups(),
                        (ix, iw, iy) -> dx[ix] += grad[iy] * w[iw]);
                Dense.write(out[0], dx);
            }
            case Contraction.Conv2dBackwardWeight o -> {
                double[] grad = Dense.doubles(in[0]);
                double[] x = Dense.doubles(in[1]);
                double[] dw = new double[out[0].size()];
                convolve(in[1].shape(), o.weight(), in[0].shape(), o.window(), o.groups(),
                        (ix, iw, iy) -> dw[iw] += grad[iy] * x[ix]);
                Dense.write(out[0], dw);
            }
            case Contraction.MaxPool2d o -> maxPool(o, in[0], out);
            case Contraction.MaxPool2dBackward o -> maxPoolBackward(o, in, out[0]);
            case Contraction.AvgPool2d o -> {
                double[] x = Dense.doubles(in[0]);
                double[] y = new double[out[0].size()];
                double share = 1.0 / (o.kernelH() * o.kernelW());
                pool(in[0].shape(), out[0].shape(), o.kernelH(), o.kernelW(), o.window(),
                        (ix, iy) -> y[iy] += x[ix] * share);
                Dense.write(out[0], y);
            }
            case Contraction.AvgPool2dBackward o -> {
                double[] grad = Dense.doubles(in[0]);
                double[] dx = new double[out[0].size()];
                double share = 1.0 / (o.kernelH() * o.kernelW());
                pool(o.input(), in[0].shape(), o.kernelH(), o.kernelW(), o.window(),
                        (ix, iy) -> dx[ix] += grad[iy] * share);
                Dense.write(out[0], dx);
            }
        }
    }

    private static void matmul(Operand left, Operand right, Operand bias, Operand out) {
        int m = left.shape().dim(-2);
        int k = left.shape().dim(-1);
        int n = right.shape().dim(-1);
        double[] a = Dense.doubles(left);
        double[] b = Dense.doubles(right);
        double[] c = new double[out.size()];
        for (int i = 0; n > 0 && i < c.length / n; i++) { // the rows of all matrices of the batch
            int first = i / m * k * n;
            // Each element is summed in order of l; the innermost loop runs along a row of b because memory does.
            for (int l = 0; l < k; l++) {
                double ail = a[i * k + l];
                for (int j = 0; j < n; j++) {
                    c[i * n + j] += ail * b[first + l * n + j];
                }
            }
        }
        if (bias != null) {
            double[] added = Dense.doubles(bias);
            for (int i = 0; i < c.length; i++) {
                c[i] += added[i % n];
            }
        }
        Dense.write(out, c);
    }

    private interface Tap {
        void at(int x, int w, int y);
    }

    /** Visits each (element of x, tap of the weight, element of y) that a convolution multiplies and adds. */
    private static void convolve(Shape x, Shape weight, Shape y, Window window, int groups, Tap tap) {
        int outputs = y.dim(1) / groups;
        int inputs = weight.dim(1);
        Dense.forEach(y, (at, iy) -> {
            int group = at[1] / outputs;
            for (int c = 0; c < inputs; c++) {
                for (int kh = 0; kh < weight.dim(2); kh++) {
                    int h = at[2] * window.strideH() - window.padH() + kh * window.dilationH();
                    for (int kw = 0; kw < weight.dim(3); kw++) {
                        int w = at[3] * window.strideW() - window.padW() + kw * window.dilationW();
                        if (h >= 0 && h < x.dim(2) && w >= 0 && w < x.dim(3)) {
                            int channel = at[0] * x.dim(1) + group * inputs + c;
                            tap.at((channel * x.dim(2) + h) * x.dim(3) + w,
                                    ((at[1] * inputs + c) * weight.dim(2) + kh) * weight.dim(3) + kw, iy);
                        }
                    }
                }
            }
        });
    }

    private interface Member {
        void at(int x, int y);
    }

    /** Visits each (element of x, element of y whose window it lies in), windows in order, each row by row. */
    private static void pool(Shape x, Shape y, int kernelH, int kernelW, Window window, Member member) {
        Dense.forEach(y, (at, iy) -> {
            int image = at[0] * x.dim(1) + at[1];
            for (int kh = 0; kh < kernelH; kh++) {
                int h = at[2] * window.strideH() - window.padH() + kh * window.dilationH();
                for (int kw = 0; kw < kernelW; kw++) {
                    int w = at[3] * window.strideW() - window.padW() + kw * window.dilationW();
                    if (h >= 0 && h < x.dim(2) && w >= 0 && w < x.dim(3)) {
                        member.at((image * x.dim(2) + h) * x.dim(3) + w, iy);
                    }
                }
            }
        });
    }

    private static void maxPool(Contraction.MaxPool2d op, Operand input, Operand[] out) {
        double[] x = Dense.doubles(input);
        int[] best = new int[out[0].size()];
        Arrays.fill(best, -1);
        pool(input.shape(), out[0].shape(), op.kernelH(), op.kernelW(), op.window(), (ix, iy) -> {
            int b = best[iy];
            if (b < 0 || x[ix] > x[b] || Double.isNaN(x[ix]) && !Double.isNaN(x[b])) {
                best[iy] = ix;
            }
        });
        int image = input.shape().dim(2) * input.shape().dim(3);
        double[] values = new double[best.length];
        for (int n = 0; n < best.length; n++) {
            values[n] = x[best[n]];
            best[n] %= image;
        }
        Dense.write(out[0], values);
        Dense.write(out[1], best);
    }

    private static void maxPoolBackward(Contraction.MaxPool2dBackward op, Operand[] in, Operand out) {
        int image = op.input().dim(2) * op.input().dim(3);
        int[] places = IdCheck.read(op.name(), "places", in[1], image);
        double[] grad = Dense.doubles(in[0]);
        double[] dx = new double[out.size()];
        int windows = in[0].shape().dim(2) * in[0].shape().dim(3);
        for (int n = 0; n < grad.length; n++) {
            dx[n / windows * image + places[n]] += grad[n];
        }
        Dense.write(out, dx);
    }
}
