package dev.ricci.tensor.cpu;

import dev.ricci.tensor.Layout;
import dev.ricci.tensor.cpu.rows.Rows;
import dev.ricci.tensor.op.Normalization;
import dev.ricci.tensor.spi.Operand;
import java.util.Arrays;

/** Softmax and the norms, row by row. */
final class NormalizationKernels {
    /** Sums over rows are cut into at most so many parts, which are added in order. */
    private static final int MAX_PARTS = 64;
    /** Elementary operations an element costs: what is some ten instructions, sixteen lanes do at a time. */
    private static final int WORK = 1;

    private final Rows rows;
    private final SoftmaxRows softmax;

    NormalizationKernels(Rows rows) {
        this.rows = rows;
        softmax = new SoftmaxRows(rows);
    }

    void run(Normalization op, Operand[] in, Operand[] out) {
        if (out[0].size() == 0) {
            for (Operand o : out) {
                fill(o, 0);
            }
            return;
        }
        switch (op) {
            case Normalization.Softmax o -> alongAxis(o.axis(), in, out[0], (x, xo, y, yo, n) ->
                    softmax.softmax(x[0], xo[0], y, yo, n));
            case Normalization.SoftmaxBackward o -> alongAxis(o.axis(), in, out[0], (x, xo, y, yo, n) ->
                    rows.softmaxBackward(x[0], xo[0], x[1], xo[1], rows.dot(x[0], xo[0], x[1], xo[1], n), y, yo, n));
            case Normalization.LogSoftmax o -> alongAxis(o.axis(), in, out[0], (x, xo, y, yo, n) ->
                    logSoftmax(x[0], xo[0], y, yo, n));
            case Normalization.LogSoftmaxBackward o -> alongAxis(o.axis(), in, out[0], (x, xo, y, yo, n) ->
                    rows.logSoftmaxBackward(x[0], xo[0], x[1], xo[1], rows.sum(x[0], xo[0], n), y, yo, n));
            case Normalization.LayerNorm o -> layerNorm(o, in, out);
            case Normalization.LayerNormBackward o -> layerNormBackward(in, out);
            case Normalization.RmsNorm o -> rmsNorm(o, in, out);
            case Normalization.RmsNormBackward o -> rmsNormBackward(in, out);
        }
    }

    private static void fill(Operand x, float value) {
        int from = x.layout().offset();
        Arrays.fill(x.heap().floats(), from, from + x.size(), value);
    }

    /** A function of rows of n elements. */
    private interface RowFunction {
        void apply(float[][] x, int[] xo, float[] y, int yo, int n);
    }

    private void alongAxis(int axis, Operand[] in, Operand out, RowFunction f) {
        int rank = out.shape().rank();
        int n = out.shape().dim(axis);
        boolean last = axis == rank - 1;
        int[] order = new int[rank];
        for (int a = 0; a < rank; a++) {
            order[a] = a == rank - 1 ? axis : a < axis ? a : a + 1;
        }
        Dense[] x = new Dense[in.length];
        float[][] data = new float[in.length][];
        int[] offsets = new int[in.length];
        for (int i = 0; i < in.length; i++) {
            Layout layout = last ? in[i].layout() : in[i].layout().permute(order);
            x[i] = Dense.of(in[i].heap().floats(), layout);
            data[i] = x[i].data();
            offsets[i] = x[i].offset();
        }
        float[] y = last ? out.heap().floats() : Scratch.take(out.size());
        int yo = last ? out.layout().offset() : 0;
        Parallel.ranges(out.size() / n, (long) WORK * n, (from, to) -> {
            int[] at = new int[offsets.length];
            for (int r = from; r < to; r++) {
                for (int i = 0; i < at.length; i++) {
                    at[i] = offsets[i] + r * n;
                }
                f.apply(data, at, y, yo + r * n, n);
            }
        });
        if (!last) {
            Dense.scatter(y, 0, out.heap().floats(), out.layout().permute(order));
            Scratch.give(y);
        }
        for (Dense d : x) {
            d.release();
        }
    }

    private void logSoftmax(float[] x, int xo, float[] y, int yo, int n) {
        SoftmaxRows.Sum sum = softmax.sum(x, xo, n);
        // The largest first: what is left is small, and log keeps its digits.
        rows.subtract(x, xo, sum.max(), (float) StrictMath.log(sum.sum()), y, yo, n);
    }

    private void layerNorm(Normalization.LayerNorm op, Operand[] in, Operand[] out) {
        int d = in[0].shape().dim(-1);
        Dense x = Dense.of(in[0]);
        Dense w = Dense.of(in[1]);
        Dense b = in.length == 3 ? Dense.of(in[2]) : null;
        float[] zeros = b == null ? constant(d, 0) : null;
        float[] y = out[0].heap().floats();
        float[] means = out[1].heap().floats();
        float[] rstds = out[2].heap().floats();
        Parallel.ranges(out[1].size(), (long) WORK * d, (from, to) -> {
            for (int r = from; r < to; r++) {
                int xo = x.offset() + r * d;
                float mean = rows.sum(x.data(), xo, d) / d;
                double variance = (double) rows.squaredDeviation(x.data(), xo, mean, d) / d;
                float rstd = (float) (1 / Math.sqrt(variance + op.eps()));
                means[out[1].layout().offset() + r] = mean;
                rstds[out[2].layout().offset() + r] = rstd;
                rows.normalize(x.data(), xo, mean, rstd, w.data(), w.offset(), b == null ? zeros : b.data(),
                        b == null ? 0 : b.offset(), y, out[0].layout().offset() + r * d, d);
            }
        });
        if (b == null) {
            Scratch.give(zeros);
        } else {
            b.release();
        }
        w.release();
        x.release();
    }

    private void rmsNorm(Normalization.RmsNorm op, Operand[] in, Operand[] out) {
        int d = in[0].shape().dim(-1);
        Dense x = Dense.of(in[0]);
        Dense w = Dense.of(in[1]);
        float[] y = out[0].heap().floats();
        float[] rstds = out[1].heap().floats();
        Parallel.ranges(out[1].size(), (long) WORK * d, (from, to) -> {
            for (int r = from; r < to; r++) {
                int xo = x.offset() + r * d;
                double square = (double) rows.dot(x.data(), xo, x.data(), xo, d) / d;
                float rstd = (float) (1 / Math.sqrt(square + op.eps()));
                rstds[out[1].layout().offset() + r] = rstd;
                rows.scaleMultiply(x.data(), xo, rstd, w.data(), w.offset(), y, out[0].layout().offset() + r * d, d);
            }
        });
        w.release();
        x.release();
    }

    /**
     * With n = (x - mean) rstd and h = grad w: dx = rstd (h - mean(h) - n mean(h n)), dw = sum of grad n, db = sum of
     * grad.
     */
    private void layerNormBackward(Operand[] in, Operand[] out) {
        int d = in[1].shape().dim(-1);
        Dense[] x = {Dense.of(in[0]), Dense.of(in[1]), Dense.of(in[2]), Dense.of(in[3]), Dense.of(in[4])};
        float[] dx = out[0].heap().floats();
        int dxo = out[0].layout().offset();
        sumOverRows(in[1].size() / d, d, out, (r, means, sums) -> {
            int go = x[0].offset() + r * d;
            int xo = x[1].offset() + r * d;
            float mean = x[3].data()[x[3].offset() + r];
            float rstd = x[4].data()[x[4].offset() + r];
            means(x, go, xo, mean, rstd, means, d);
            rows.normGradient(x[0].data(), go, x[1].data(), xo, mean, rstd, x[2].data(), x[2].offset(),
                    -means[0] * rstd, -means[1] * rstd, dx, dxo + r * d, sums, 0, d);
            if (out.length == 3) {
                rows.add(x[0].data(), go, sums, d, d);
            }
        });
        for (Dense o : x) {
            o.release();
        }
    }

    /** With n = x rstd and h = grad w: dx = rstd (h - n mean(h n)), dw = sum grad n. */
    private void rmsNormBackward(Operand[] in, Operand[] out) {
        int d = in[1].shape().dim(-1);
        Dense[] x = {Dense.of(in[0]), Dense.of(in[1]), Dense.of(in[2]), Dense.of(in[3])};
        float[] dx = out[0].heap().floats();
        int dxo = out[0].layout().offset();
        sumOverRows(in[1].size() / d, d, out, (r, means, sums) -> {
            int go = x[0].offset() + r * d;
            int xo = x[1].offset() + r * d;
            float rstd = x[3].data()[x[3].offset() + r];
            means(x, go, xo, 0, rstd, means, d);
            rows.normGradient(x[0].data(), go, x[1].data(), xo, 0, rstd, x[2].data(), x[2].offset(), 0,
                    -means[1] * rstd, dx, dxo + r * d, sums, 0, d);
        });
        for (Dense o : x) {
            o.release();
        }
    }

    /** The means of h and of h n over a row. */
    private void means(Dense[] x, int go, int xo, float mean, float rstd, float[] means, int d) {
        rows.normSums(x[0].data(), go, x[1].data(), xo, mean, rstd, x[2].data(), x[2].offset(), means, d);
        means[0] /= d;
        means[1] /= d;
    }

    /** One row of a backward pass: has two places of scratch and adds to sums, a row for each output but the first. */
    private interface RowGradient {
        void apply(int r, float[] scratch, float[] sums);
    }

    /** Runs over rows and adds up outputs 1 .. over them: in parts that shapes decide, which are added in order. */
    private void sumOverRows(int n, int d, Operand[] out, RowGradient body) {
        int sums = out.length - 1;
        int perPart = Math.max(Parallel.grain(2L * WORK * d), (n + MAX_PARTS - 1) / MAX_PARTS);
        int parts = (n + perPart - 1) / perPart;
        float[][] partial = new float[parts][];
        Parallel.parts(parts, p -> {
            float[] scratch = new float[2];
            float[] own = Scratch.take(sums * d);
            rows.fill(0, own, 0, sums * d);
            for (int r = p * perPart; r < Math.min(n, (p + 1) * perPart); r++) {
                body.apply(r, scratch, own);
            }
            partial[p] = own;
        });
        for (int i = 0; i < sums; i++) {
            fill(out[i + 1], 0);
            for (float[] own : partial) {
                rows.add(own, i * d, out[i + 1].heap().floats(), out[i + 1].layout().offset(), d);
            }
        }
        for (float[] own : partial) {
            Scratch.give(own);
        }
    }

    private static float[] constant(int n, float value) {
        float[] x = Scratch.take(n);
        Arrays.fill(x, 0, n, value);
        return x;
    }
}
