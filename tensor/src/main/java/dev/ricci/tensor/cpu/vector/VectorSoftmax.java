package dev.ricci.tensor.cpu.vector;

import static dev.ricci.tensor.cpu.rows.Elementary.*;
import static dev.ricci.tensor.cpu.vector.Lanes.F;
import static dev.ricci.tensor.cpu.vector.Lanes.N;
import static jdk.incubator.vector.FloatVector.broadcast;

import dev.ricci.tensor.cpu.rows.Elementary;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The softmax of attention, forward and backward. In the forward direction a lane holds a query and its keys come one
 * after the other, so that maxima and sums need no work across lanes.
 */
final class VectorSoftmax {
    private static final float[] ZEROS = new float[N];

    private VectorSoftmax() {
    }

    private static FloatVector load(float[] x, int at) {
        return FloatVector.fromArray(F, x, at);
    }

    /** See {@link dev.ricci.tensor.cpu.rows.Rows#softmaxColumns}. */
    static void columns(float[] x, int xo, int rows, int columns, float[] max, float[] total, float[] shrink, int at) {
        for (int c = 0; c < columns; c += N) {
            // shrink holds the old maximum for a moment.
            load(max, at + c).intoArray(shrink, at + c);
            largest(x, xo + c, rows, columns, max, at + c);
        }
        for (int c = at; c < at + columns; c++) {
            shrink[c] = shrink[c] == max[c] ? 1 : Elementary.expNormal(shrink[c] - max[c]);
        }
        weights(x, xo, rows, columns, max, at, 0);
        for (int c = 0; c < columns; c += N) {
            addSums(x, xo + c, rows, columns, total, shrink, at + c);
        }
    }

    /** The largest of each column; what is not a number counts as small, because its exponential shows it anyway. */
    private static void largest(float[] x, int xo, int rows, int columns, float[] max, int at) {
        FloatVector m0 = load(max, at);
        FloatVector m1 = m0;
        FloatVector m2 = m0;
        FloatVector m3 = m0;
        int r = 0;
        for (; r <= rows - 4; r += 4) {
            FloatVector v0 = load(x, xo + r * columns);
            FloatVector v1 = load(x, xo + (r + 1) * columns);
            FloatVector v2 = load(x, xo + (r + 2) * columns);
            FloatVector v3 = load(x, xo + (r + 3) * columns);
            m0 = m0.blend(v0, v0.compare(VectorOperators.GT, m0));
            m1 = m1.blend(v1, v1.compare(VectorOperators.GT, m1));
            m2 = m2.blend(v2, v2.compare(VectorOperators.GT, m2));
            m3 = m3.blend(v3, v3.compare(VectorOperators.GT, m3));
        }
        for (; r < rows; r++) {
            FloatVector v = load(x, xo + r * columns);
            m0 = m0.blend(v, v.compare(VectorOperators.GT, m0));
        }
        m0 = m0.blend(m1, m1.compare(VectorOperators.GT, m0));
        m2 = m2.blend(m3, m3.compare(VectorOperators.GT, m2));
        m0.blend(m2, m2.compare(VectorOperators.GT, m0)).intoArray(max, at);
    }

    /**
     * x = {@link Elementary#expNormal} of x - shift. Exponentials have passes over arrays to themselves, and nothing
     * but the Vector API's own methods in them, which are always inlined: in whatever company the compiler finds the
     * loop, it keeps the vectors in registers.
     *
     * @param step elements between the rows of shift
     */
    private static void weights(float[] x, int xo, int rows, int columns, float[] shift, int so, int step) {
        for (int c = 0; c < columns; c += N) {
            for (int i = 0; i < rows; i++) {
                int at = xo + c + i * columns;
                FloatVector v = FloatVector.fromArray(F, x, at).sub(FloatVector.fromArray(F, shift, so + c + i * step));
                FloatVector t = v.fma(broadcast(F, LOG2_E), broadcast(F, MAGIC_BIASED));
                FloatVector k = t.sub(MAGIC_BIASED);
                FloatVector r = k.fma(broadcast(F, -LN2_LO), k.fma(broadcast(F, -LN2_HI), v));
                FloatVector p = r.fma(broadcast(F, E4), broadcast(F, E3));
                p = p.fma(r, broadcast(F, E2));
                p = p.fma(r, broadcast(F, E1));
                p = p.fma(r, broadcast(F, E0));
                p = p.fma(r, broadcast(F, 1));
                p = p.fma(r, broadcast(F, 1));
                IntVector power = t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
                p = p.mul(power.reinterpretAsFloats());
                p.blend(0f, v.compare(VectorOperators.LT, NORMAL_MIN)).intoArray(x, at);
            }
        }
    }

    private static void addSums(float[] x, int xo, int rows, int columns, float[] total, float[] shrink, int at) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int r = 0;
        for (; r <= rows - 4; r += 4) {
            int row = xo + r * columns;
            s0 = s0.add(load(x, row));
            s1 = s1.add(load(x, row + columns));
            s2 = s2.add(load(x, row + 2 * columns));
            s3 = s3.add(load(x, row + 3 * columns));
        }
        // A masked load gives 0 where there is no row; a branch here would make the compiler box the sums.
        int i = xo + r * columns;
        s0 = s0.add(FloatVector.fromArray(F, x, i, F.indexInRange(0, rows > r ? N : 0)));
        s1 = s1.add(FloatVector.fromArray(F, x, i + columns, F.indexInRange(0, rows > r + 1 ? N : 0)));
        s2 = s2.add(FloatVector.fromArray(F, x, i + 2 * columns, F.indexInRange(0, rows > r + 2 ? N : 0)));
        load(total, at).fma(load(shrink, at), s0.add(s2).add(s1.add(s3))).intoArray(total, at);
    }

    /** See {@link dev.ricci.tensor.cpu.rows.Rows#softmaxStep}. */
    static void step(float[] x, int xo, int n, float[] max, float[] total, float[] shrink, int at) {
        float largest = largest(x, xo, n, max[at]);
        int whole = n / N * N;
        for (int i = 0; i < whole; i += N) {
            load(x, xo + i).sub(largest).intoArray(x, xo + i);
        }
        weights(x, xo, whole / N, N, ZEROS, 0, 0);
        for (int i = whole; i < n; i++) {
            x[xo + i] = Elementary.expNormal(x[xo + i] - largest);
        }
        float f = Elementary.expNormal(max[at] - largest);
        max[at] = largest;
        shrink[at] = f;
        total[at] = Math.fma(total[at], f, sum(x, xo, n));
    }

    private static float largest(float[] x, int xo, int n, float from) {
        FloatVector m = FloatVector.broadcast(F, from);
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector v = load(x, xo + i);
            m = m.blend(v, v.compare(VectorOperators.GT, m));
        }
        float largest = Lanes.max(m);
        for (; i < n; i++) {
            largest = x[xo + i] > largest ? x[xo + i] : largest;
        }
        return largest;
    }

    /** In the order of {@link #columns}. */
    private static float sum(float[] x, int xo, int n) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        int i = 0;
        for (; i <= n - 4; i += 4) {
            s0 += x[xo + i];
            s1 += x[xo + i + 1];
            s2 += x[xo + i + 2];
            s3 += x[xo + i + 3];
        }
        s0 += i < n ? x[xo + i] : 0;
        s1 += i + 1 < n ? x[xo + i + 1] : 0;
        s2 += i + 2 < n ? x[xo + i + 2] : 0;
        return s0 + s2 + (s1 + s3);
    }

    /** See {@link dev.ricci.tensor.cpu.rows.Rows#scaleAddColumns}. */
    static void scaleAdd(float[] a, int ao, float[] x, int xo, float[] out, int oo, int rows, int columns) {
        for (int c = 0; c < columns; c += N) {
            FloatVector f = load(a, ao + c);
            for (int i = c; i < rows * columns; i += columns) {
                load(out, oo + i).fma(f, load(x, xo + i)).intoArray(out, oo + i);
            }
        }
    }

    /** See {@link dev.ricci.tensor.cpu.rows.Rows#softmaxSlopes}. */
    static void slopes(float[] s, int so, float[] g, int go, int rows, int columns, float[] shift, int sho, float[] a,
            int ao) {
        weights(s, so, rows, columns, shift, sho, columns);
        for (int i = 0; i < rows * columns; i += N) {
            load(s, so + i).mul(load(g, go + i).sub(load(a, ao + i))).intoArray(g, go + i);
        }
    }

    /** See {@link dev.ricci.tensor.cpu.rows.Rows#weightedSum}. */
    static void weightedSum(float[] w, int wo, int n, float[] x, int xo, int ldx, float[] out, int oo, int columns) {
        int c = 0;
        for (; c <= columns - 4 * N; c += 4 * N) {
            FloatVector s0 = FloatVector.zero(F);
            FloatVector s1 = s0;
            FloatVector s2 = s0;
            FloatVector s3 = s0;
            for (int r = 0; r < n; r++) {
                FloatVector v = FloatVector.broadcast(F, w[wo + r]);
                int at = xo + r * ldx + c;
                s0 = v.fma(load(x, at), s0);
                s1 = v.fma(load(x, at + N), s1);
                s2 = v.fma(load(x, at + 2 * N), s2);
                s3 = v.fma(load(x, at + 3 * N), s3);
            }
            s0.intoArray(out, oo + c);
            s1.intoArray(out, oo + c + N);
            s2.intoArray(out, oo + c + 2 * N);
            s3.intoArray(out, oo + c + 3 * N);
        }
        for (; c <= columns - N; c += N) {
            FloatVector s = FloatVector.zero(F);
            for (int r = 0; r < n; r++) {
                s = FloatVector.broadcast(F, w[wo + r]).fma(load(x, xo + r * ldx + c), s);
            }
            s.intoArray(out, oo + c);
        }
        for (; c < columns; c++) {
            float s = 0;
            for (int r = 0; r < n; r++) {
                s = Math.fma(w[wo + r], x[xo + r * ldx + c], s);
            }
            out[oo + c] = s;
        }
    }
}
