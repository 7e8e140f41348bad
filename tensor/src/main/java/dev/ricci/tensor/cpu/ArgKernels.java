package dev.ricci.tensor.cpu;

import dev.ricci.tensor.cpu.rows.Rows;
import dev.ricci.tensor.op.Reduction;
import dev.ricci.tensor.spi.Operand;

/** Where extremes lie along an axis of F32: the first of equals, NaN before all others. */
final class ArgKernels {
    /** A row's extreme is first found by blocks, so that only one block is searched for its place. */
    private static final int BLOCK = 1024;

    private ArgKernels() {
    }

    /** The input is dense. */
    static void run(Rows rows, Reduction.ArgReduce op, Operand x, Operand out) {
        int n = x.shape().dim(op.axis());
        int inner = x.shape().sub(op.axis() + 1, x.shape().rank()).size();
        float[] from = x.heap().floats();
        int[] to = out.heap().ints();
        int xo = x.layout().offset();
        int oo = out.layout().offset();
        if (inner == 1) {
            Parallel.ranges(out.size(), n, (start, end) -> {
                for (int o = start; o < end; o++) {
                    to[oo + o] = row(rows, op.largest(), from, xo + o * n, n);
                }
            });
        } else {
            Parallel.ranges(out.size(), n, (start, end) -> {
                for (int o = start; o < end; o++) {
                    to[oo + o] = lane(op.largest(), from, xo + o / inner * n * inner + o % inner, inner, n);
                }
            });
        }
    }

    private static int row(Rows rows, boolean largest, float[] x, int xo, int n) {
        int at = 0;
        float best = largest ? Float.NEGATIVE_INFINITY : Float.POSITIVE_INFINITY;
        for (int b = 0; b < n; b += BLOCK) {
            int m = Math.min(BLOCK, n - b);
            float e = largest ? rows.max(x, xo + b, m) : rows.min(x, xo + b, m);
            if (e != e) {
                return b + firstNan(x, xo + b);
            }
            if (largest ? e > best : e < best) {
                best = e;
                at = b;
            }
        }
        int i = at;
        while (x[xo + i] != best) {
            i++;
        }
        return i;
    }

    private static int firstNan(float[] x, int from) {
        int i = 0;
        while (!Float.isNaN(x[from + i])) {
            i++;
        }
        return i;
    }

    private static int lane(boolean largest, float[] x, int xo, int stride, int n) {
        int at = 0;
        float best = x[xo];
        for (int i = 1; i < n && best == best; i++) {
            float v = x[xo + i * stride];
            if (v != v || (largest ? v > best : v < best)) {
                best = v;
                at = i;
            }
        }
        return at;
    }
}
