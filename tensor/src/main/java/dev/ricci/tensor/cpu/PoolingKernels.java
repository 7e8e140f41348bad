package dev.ricci.tensor.cpu;

import dev.ricci.tensor.Shape;
import dev.ricci.tensor.op.Contraction;
import dev.ricci.tensor.op.Contraction.Window;
import dev.ricci.tensor.spi.IdCheck;
import dev.ricci.tensor.spi.Operand;
import java.util.Arrays;

/** Maximum and average pooling, image by image; an image is one channel of one member of the batch. */
final class PoolingKernels {
    private PoolingKernels() {
    }

    /** Taps {@code from .. to - 1} of the window that starts at {@code start} lie inside an axis of n elements. */
    private record Taps(int start, int from, int to) {
        static Taps of(int index, int stride, int pad, int dilation, int kernel, int n) {
            int start = index * stride - pad;
            int from = Math.clamp(Math.ceilDiv(-start, dilation), 0, kernel);
            return new Taps(start, from, Math.clamp(Math.ceilDiv(n - start, dilation), from, kernel));
        }
    }

    private static Taps[] taps(int windows, int stride, int pad, int dilation, int kernel, int n) {
        Taps[] taps = new Taps[windows];
        for (int i = 0; i < windows; i++) {
            taps[i] = Taps.of(i, stride, pad, dilation, kernel, n);
        }
        return taps;
    }

    /** One window: its rows and columns inside the image, the image, and the window's place in the result. */
    private interface WindowFunction {
        void apply(Taps h, Taps w, int image, int place);
    }

    private static void forEach(Shape x, Shape y, int kernelH, int kernelW, Window o, WindowFunction f) {
        if (x.isEmpty() || y.isEmpty()) {
            return;
        }
        Taps[] h = taps(y.dim(2), o.strideH(), o.padH(), o.dilationH(), kernelH, x.dim(2));
        Taps[] w = taps(y.dim(3), o.strideW(), o.padW(), o.dilationW(), kernelW, x.dim(3));
        long work = 2L * h.length * w.length * kernelH * kernelW;
        Parallel.ranges(x.dim(0) * x.dim(1), work, (from, to) -> {
            for (int image = from; image < to; image++) {
                for (int i = 0; i < h.length; i++) {
                    for (int j = 0; j < w.length; j++) {
                        f.apply(h[i], w[j], image, (image * h.length + i) * w.length + j);
                    }
                }
            }
        });
    }

    static void max(Contraction.MaxPool2d op, Operand in, Operand[] out) {
        Dense x = Dense.of(in);
        float[] data = x.data();
        int height = in.shape().dim(2);
        int width = in.shape().dim(3);
        int dilationH = op.window().dilationH();
        int dilationW = op.window().dilationW();
        float[] y = out[0].heap().floats();
        int[] places = out[1].heap().ints();
        forEach(in.shape(), out[0].shape(), op.kernelH(), op.kernelW(), op.window(), (h, w, image, place) -> {
            int at = x.offset() + image * height * width;
            int best = -1;
            float largest = Float.NEGATIVE_INFINITY;
            for (int i = h.from; i < h.to; i++) {
                int row = (h.start + i * dilationH) * width;
                for (int j = w.from; j < w.to; j++) {
                    float v = data[at + row + w.start + j * dilationW];
                    if (best < 0 || v > largest || Float.isNaN(v) && !Float.isNaN(largest)) {
                        best = row + w.start + j * dilationW;
                        largest = v;
                    }
                }
            }
            y[out[0].layout().offset() + place] = largest;
            places[out[1].layout().offset() + place] = Math.max(0, best);
        });
        x.release();
    }

    static void maxBackward(Contraction.MaxPool2dBackward op, Operand[] in, Operand out) {
        int image = op.input().dim(2) * op.input().dim(3);
        int[] places = IdCheck.read(op.name(), "places", in[1], image);
        int windows = in[0].shape().dim(2) * in[0].shape().dim(3);
        Dense grad = Dense.of(in[0]);
        float[] dx = out.heap().floats();
        Parallel.ranges(op.input().dim(0) * op.input().dim(1), image + 2L * windows, (from, to) -> {
            for (int i = from; i < to; i++) {
                int at = out.layout().offset() + i * image;
                Arrays.fill(dx, at, at + image, 0f);
                for (int n = i * windows; n < (i + 1) * windows; n++) {
                    dx[at + places[n]] += grad.data()[grad.offset() + n];
                }
            }
        });
        grad.release();
    }

    static void average(Contraction.AvgPool2d op, Operand in, Operand out) {
        Dense x = Dense.of(in);
        float[] data = x.data();
        int height = in.shape().dim(2);
        int width = in.shape().dim(3);
        float share = 1f / (op.kernelH() * op.kernelW());
        float[] y = out.heap().floats();
        forEach(in.shape(), out.shape(), op.kernelH(), op.kernelW(), op.window(), (h, w, image, place) -> {
            int at = x.offset() + image * height * width;
            float sum = 0;
            for (int i = h.from; i < h.to; i++) {
                int row = at + (h.start + i * op.window().dilationH()) * width + w.start;
                for (int j = w.from; j < w.to; j++) {
                    sum += data[row + j * op.window().dilationW()];
                }
            }
            y[out.layout().offset() + place] = sum * share;
        });
        x.release();
    }

    static void averageBackward(Contraction.AvgPool2dBackward op, Operand[] in, Operand out) {
        int height = op.input().dim(2);
        int width = op.input().dim(3);
        float share = 1f / (op.kernelH() * op.kernelW());
        Dense grad = Dense.of(in[0]);
        float[] dx = out.heap().floats();
        int outAt = out.layout().offset();
        Arrays.fill(dx, outAt, outAt + out.size(), 0f);
        forEach(op.input(), in[0].shape(), op.kernelH(), op.kernelW(), op.window(), (h, w, image, place) -> {
            float g = grad.data()[grad.offset() + place] * share;
            int at = outAt + image * height * width;
            for (int i = h.from; i < h.to; i++) {
                int row = at + (h.start + i * op.window().dilationH()) * width + w.start;
                for (int j = w.from; j < w.to; j++) {
                    dx[row + j * op.window().dilationW()] += g;
                }
            }
        });
        grad.release();
    }
}
