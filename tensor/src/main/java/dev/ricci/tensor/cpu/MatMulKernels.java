package dev.ricci.tensor.cpu;

import dev.ricci.tensor.Layout;
import dev.ricci.tensor.spi.Operand;
import dev.ricci.tensor.weights.WeightStorage;

/** Matrix products of any layouts, batched over the leading axes. */
final class MatMulKernels {
    /** From so many matrices on, each is one task; fewer large ones are cut instead. */
    private static final int MANY = 8;
    /** Multiply-adds worth a task of its own. */
    private static final long TASK = 1 << 19;

    private final Gemm gemm;

    MatMulKernels(Gemm gemm) {
        this.gemm = gemm;
    }

    /** See {@link dev.ricci.tensor.op.Contraction.MatMul}. */
    void run(Operand[] in, Operand out) {
        Dense bias = in.length == 3 ? Dense.of(in[2]) : null;
        Right stored = out.size() == 0 ? null : stored(in[1]);
        if (stored != null) {
            Layout a = in[0].layout();
            gemm.multiply(new Matrix(in[0].heap().floats(), a.offset(), a.shape().dim(0), a.shape().dim(1), a.stride(0),
                    a.stride(1)), stored, bias, out.heap().floats(), out.layout().offset(), out.shape().dim(1), false);
        } else {
            matMul(Operand.plain(in), bias, out);
        }
        if (bias != null) {
            bias.release();
        }
    }

    /** Weights kept as stored, if they are the right operand as a whole and transposed: x W^T. */
    private Right stored(Operand b) {
        Layout l = b.layout();
        return b.storage() instanceof WeightStorage w && l.shape().rank() == 2 && l.offset() == 0
                && l.shape().dim(0) == w.columns() && l.shape().dim(1) == w.rows()
                && l.stride(0) == 1 && l.stride(1) == w.columns() ? gemm.right(w) : null;
    }

    /** a [..., M, K] times b [..., K, N], plus a bias [N] or null. */
    private void matMul(Operand[] in, Dense bias, Operand out) {
        Operand a = in[0];
        Operand b = in[1];
        Layout la = a.layout();
        Layout lb = b.layout();
        int axes = la.shape().rank() - 2;
        int m = la.shape().dim(axes);
        int k = la.shape().dim(axes + 1);
        int n = lb.shape().dim(axes + 1);
        if (out.size() == 0) {
            return;
        }
        int rowStride = la.stride(axes);
        // A batch that shares b, such as a linear layer's, is one matrix with more rows.
        while (axes > 0) {
            int d = la.shape().dim(axes - 1);
            int s = la.stride(axes - 1);
            boolean merges = d == 1 || lb.stride(axes - 1) == 0 && (m == 1 || s == m * rowStride);
            if (!merges) {
                break;
            }
            if (d > 1) {
                rowStride = m == 1 ? s : rowStride;
                m *= d;
            }
            axes--;
        }
        float[] da = a.heap().floats();
        float[] db = b.heap().floats();
        float[] dc = out.heap().floats();
        int aColumn = la.stride(la.shape().rank() - 1);
        int bRow = lb.stride(la.shape().rank() - 2);
        int bColumn = lb.stride(la.shape().rank() - 1);
        int rows = m;
        int row = rowStride;
        int batchAxes = axes;
        int batch = 1;
        for (int i = 0; i < axes; i++) {
            batch *= la.shape().dim(i);
        }
        long work = Math.max(1, (long) m * n * k);
        int perTask = batch < MANY && !Gemm.isSmall(m, n, k) ? batch : Math.clamp(TASK / work, 1, batch);
        int total = batch;
        if (total == 1) {
            Matrix y = new Matrix(db, lb.offset(), k, n, bRow, bColumn);
            gemm.multiply(new Matrix(da, la.offset(), rows, k, row, aColumn),
                    gemm.right(y, PackedWeights.find(b.storage(), y, rows, gemm)), bias, dc, out.layout().offset(), n,
                    false);
            return;
        }
        Parallel.parts((batch + perTask - 1) / perTask, t -> {
            for (int i = t * perTask; i < Math.min(total, (t + 1) * perTask); i++) {
                Matrix x = new Matrix(da, offset(la, batchAxes, i), rows, k, row, aColumn);
                Matrix y = new Matrix(db, offset(lb, batchAxes, i), k, n, bRow, bColumn);
                gemm.multiply(x, gemm.right(y, null), bias, dc, out.layout().offset() + i * rows * n, n, false);
            }
        });
    }

    /** Where matrix {@code i} of the batch over the first axes begins. */
    private static int offset(Layout layout, int axes, int i) {
        int at = layout.offset();
        for (int a = axes - 1; a >= 0; a--) {
            int d = layout.shape().dim(a);
            at += i % d * layout.stride(a);
            i /= d;
        }
        return at;
    }
}
