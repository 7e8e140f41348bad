package dev.ricci.tensor.cpu;

import dev.ricci.tensor.Shape;
import dev.ricci.tensor.cpu.rows.Rows;
import dev.ricci.tensor.op.Contraction;
import dev.ricci.tensor.op.Contraction.Window;
import dev.ricci.tensor.spi.Operand;

/** Convolution and its gradients as products with matrices of patches. */
final class ConvolutionKernels {
    /** Elements of a matrix of patches, about: what the second cache holds. */
    private static final int CHUNK = 1 << 17;
    /** The weight's gradient is summed over at most so many parts of the batch, which are added in order. */
    private static final int MAX_PARTS = 8;

    private final Rows rows;
    private final Gemm gemm;

    ConvolutionKernels(Rows rows, Gemm gemm) {
        this.rows = rows;
        this.gemm = gemm;
    }

    void forward(Contraction.Conv2d op, Operand[] in, Operand out) {
        if (out.size() == 0) {
            return;
        }
        Geometry s = new Geometry(op.window(), op.groups(), in[0].shape(), in[1].shape(), out.shape());
        Dense x = Dense.of(in[0]);
        Dense w = Dense.of(in[1]);
        float[] y = out.heap().floats();
        Parallel.parts(s.images() * s.chunks(), t -> {
            int i = t / s.chunks();
            int from = t % s.chunks() * s.chunk;
            int n = Math.min(s.chunk, s.windows - from);
            float[] matrix = Scratch.take(s.depth * n);
            s.patches.gather(x.data(), x.offset() + i * s.imageSize, from, n, matrix);
            gemm.multiply(s.weight(w, i), Matrix.rowMajor(matrix, 0, s.depth, n, n), y,
                    out.layout().offset() + i * s.outputs * s.windows + from, s.windows, false);
            Scratch.give(matrix);
        });
        w.release();
        x.release();
    }

    void backwardInput(Contraction.Conv2dBackwardInput op, Operand[] in, Operand out) {
        int outAt = out.layout().offset();
        float[] dx = out.heap().floats();
        rows.fill(0, dx, outAt, out.size());
        if (out.size() == 0 || in[0].size() == 0) {
            return;
        }
        Geometry s = new Geometry(op.window(), op.groups(), op.input(), in[1].shape(), in[0].shape());
        Dense grad = Dense.of(in[0]);
        Dense w = Dense.of(in[1]);
        // Windows overlap: the chunks of an image are added one after the other.
        Parallel.parts(s.images(), i -> {
            float[] matrix = Scratch.take(s.depth * s.chunk);
            for (int from = 0; from < s.windows; from += s.chunk) {
                int n = Math.min(s.chunk, s.windows - from);
                gemm.multiply(s.weight(w, i).transposed(), s.outputs(grad, i, from, n), matrix, 0, n, false);
                s.patches.scatter(matrix, from, n, dx, outAt + i * s.imageSize);
            }
            Scratch.give(matrix);
        });
        w.release();
        grad.release();
    }

    void backwardWeight(Contraction.Conv2dBackwardWeight op, Operand[] in, Operand out) {
        int outAt = out.layout().offset();
        float[] dw = out.heap().floats();
        rows.fill(0, dw, outAt, out.size());
        if (out.size() == 0 || in[0].size() == 0) {
            return;
        }
        Geometry s = new Geometry(op.window(), op.groups(), in[1].shape(), op.weight(), in[0].shape());
        Dense grad = Dense.of(in[0]);
        Dense x = Dense.of(in[1]);
        int perPart = Math.ceilDiv(s.batch, MAX_PARTS);
        int parts = Math.ceilDiv(s.batch, perPart);
        int size = s.outputs * s.depth;
        float[][] partial = new float[parts * s.groups][];
        Parallel.parts(partial.length, t -> {
            int g = t % s.groups;
            int part = t / s.groups;
            float[] sum = Scratch.take(size);
            rows.fill(0, sum, 0, size);
            float[] matrix = Scratch.take(s.depth * s.chunk);
            for (int b = part * perPart; b < Math.min(s.batch, (part + 1) * perPart); b++) {
                int i = b * s.groups + g;
                for (int from = 0; from < s.windows; from += s.chunk) {
                    int n = Math.min(s.chunk, s.windows - from);
                    s.patches.gather(x.data(), x.offset() + i * s.imageSize, from, n, matrix);
                    gemm.multiply(s.outputs(grad, i, from, n),
                            Matrix.rowMajor(matrix, 0, s.depth, n, n).transposed(), sum, 0, s.depth, true);
                }
            }
            Scratch.give(matrix);
            partial[t] = sum;
        });
        for (int t = 0; t < partial.length; t++) {
            rows.add(partial[t], 0, dw, outAt + t % s.groups * size, size);
            Scratch.give(partial[t]);
        }
        x.release();
        grad.release();
    }

    /** The sizes of a convolution. An image here is the channels of one group of one member of the batch. */
    private static final class Geometry {
        final int batch;
        final int groups;
        /** Output channels of a group. */
        final int outputs;
        /** Windows in an image: H' W'. */
        final int windows;
        /** Elements that one window covers in a group. */
        final int depth;
        final int imageSize;
        /** Windows worked on at once. */
        final int chunk;
        final Patches patches;

        Geometry(Window window, int groups, Shape x, Shape weight, Shape y) {
            this.batch = x.dim(0);
            this.groups = groups;
            this.outputs = y.dim(1) / groups;
            this.windows = y.dim(2) * y.dim(3);
            this.patches = new Patches(weight.dim(1), x.dim(2), x.dim(3), weight.dim(2), weight.dim(3), y.dim(3),
                    window);
            this.depth = patches.rows();
            this.imageSize = weight.dim(1) * x.dim(2) * x.dim(3);
            this.chunk = Math.min(windows, Math.max(64, CHUNK / Math.max(1, depth) / 32 * 32));
        }

        int images() {
            return batch * groups;
        }

        int chunks() {
            return Math.ceilDiv(windows, chunk);
        }

        /** The weight of an image's group, [outputs, depth]. */
        Matrix weight(Dense w, int image) {
            int group = image % groups;
            return Matrix.rowMajor(w.data(), w.offset() + group * outputs * depth, outputs, depth, depth);
        }

        /** The output channels of an image at windows {@code from .. from + n - 1}, [outputs, n]. */
        Matrix outputs(Dense y, int image, int from, int n) {
            return Matrix.rowMajor(y.data(), y.offset() + image * outputs * windows + from, outputs, n, windows);
        }
    }
}
