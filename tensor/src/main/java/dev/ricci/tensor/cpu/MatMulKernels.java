package dev.ricci.tensor.cpu;

import dev.ricci.tensor.Layout;
import dev.ricci.tensor.spi.Operand;

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
        matMul(in[0], in[1], bias, out);
        if (bias != null) {
            bias.release();
        }
    }

    /** a [..., M, K] times b [..., K, N], plus a bias [N] or null. */
    private void matMul(Operand a, Operand b, Dense bias, Operand out) {
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
            gemm.multiply(new Matrix(da, la.offset(), rows, k, row, aColumn), y,
                    PackedWeights.find(b.storage(), y, rows, gemm), bias, dc, out.layout().offset(), n,
                    false);
            return;
        }
        Parallel.parts((batch + perTask - 1) / perTask, t -> {
            for (int i = t * perTask; i < Math.min(total, (t + 1) * perTask); i++) {
                Matrix x = new Matrix(da, offset(la, batchAxes, i), rows, k, row, aColumn);
                Matrix y = new Matrix(db, offset(lb, batchAxes, i), k, n, bRow, bColumn);
                gemm.multiply(x, y, null, bias, dc, out.layout().offset() + i * rows * n, n, false);
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
