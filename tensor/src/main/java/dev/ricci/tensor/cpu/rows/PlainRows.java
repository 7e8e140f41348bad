package dev.ricci.tensor.cpu.rows;

import dev.ricci.tensor.op.BinaryKind;
import dev.ricci.tensor.op.UnaryKind;

/** The primitives in plain Java. Sums run in eight interleaved parts, which are added in one fixed tree. */
public final class PlainRows implements Rows {
    @Override
    public String name() {
        return "plain";
    }

    @Override
    public float sum(float[] x, int xo, int n) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        int i = 0;
        for (; i <= n - 8; i += 8) {
            s0 += x[xo + i];
            s1 += x[xo + i + 1];
            s2 += x[xo + i + 2];
            s3 += x[xo + i + 3];
            s4 += x[xo + i + 4];
            s5 += x[xo + i + 5];
            s6 += x[xo + i + 6];
            s7 += x[xo + i + 7];
        }
        float s = s0 + s4 + (s2 + s6) + (s1 + s5 + (s3 + s7));
        for (; i < n; i++) {
            s += x[xo + i];
        }
        return s;
    }

    @Override
    public float max(float[] x, int xo, int n) {
        float m0 = Float.NEGATIVE_INFINITY;
        float m1 = m0;
        float m2 = m0;
        float m3 = m0;
        int i = 0;
        for (; i <= n - 4; i += 4) {
            m0 = Math.max(m0, x[xo + i]);
            m1 = Math.max(m1, x[xo + i + 1]);
            m2 = Math.max(m2, x[xo + i + 2]);
            m3 = Math.max(m3, x[xo + i + 3]);
        }
        float m = Math.max(Math.max(m0, m1), Math.max(m2, m3));
        for (; i < n; i++) {
            m = Math.max(m, x[xo + i]);
        }
        return m;
    }

    @Override
    public float min(float[] x, int xo, int n) {
        float m0 = Float.POSITIVE_INFINITY;
        float m1 = m0;
        float m2 = m0;
        float m3 = m0;
        int i = 0;
        for (; i <= n - 4; i += 4) {
            m0 = Math.min(m0, x[xo + i]);
            m1 = Math.min(m1, x[xo + i + 1]);
            m2 = Math.min(m2, x[xo + i + 2]);
            m3 = Math.min(m3, x[xo + i + 3]);
        }
        float m = Math.min(Math.min(m0, m1), Math.min(m2, m3));
        for (; i < n; i++) {
            m = Math.min(m, x[xo + i]);
        }
        return m;
    }

    @Override
    public float dot(float[] x, int xo, float[] y, int yo, int n) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        int i = 0;
        for (; i <= n - 8; i += 8) {
            s0 = Math.fma(x[xo + i], y[yo + i], s0);
            s1 = Math.fma(x[xo + i + 1], y[yo + i + 1], s1);
            s2 = Math.fma(x[xo + i + 2], y[yo + i + 2], s2);
            s3 = Math.fma(x[xo + i + 3], y[yo + i + 3], s3);
            s4 = Math.fma(x[xo + i + 4], y[yo + i + 4], s4);
            s5 = Math.fma(x[xo + i + 5], y[yo + i + 5], s5);
            s6 = Math.fma(x[xo + i + 6], y[yo + i + 6], s6);
            s7 = Math.fma(x[xo + i + 7], y[yo + i + 7], s7);
        }
        float s = s0 + s4 + (s2 + s6) + (s1 + s5 + (s3 + s7));
        for (; i < n; i++) {
            s = Math.fma(x[xo + i], y[yo + i], s);
        }
        return s;
    }

    @Override
    public float squaredDeviation(float[] x, int xo, float mean, int n) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        int i = 0;
        for (; i <= n - 4; i += 4) {
            float d0 = x[xo + i] - mean;
            float d1 = x[xo + i + 1] - mean;
            float d2 = x[xo + i + 2] - mean;
            float d3 = x[xo + i + 3] - mean;
            s0 = Math.fma(d0, d0, s0);
            s1 = Math.fma(d1, d1, s1);
            s2 = Math.fma(d2, d2, s2);
            s3 = Math.fma(d3, d3, s3);
        }
        float s = s0 + s2 + (s1 + s3);
        for (; i < n; i++) {
            float d = x[xo + i] - mean;
            s = Math.fma(d, d, s);
        }
        return s;
    }

    @Override
    public float expShifted(float[] x, int xo, float shift, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = Elementary.expNormal(x[xo + i] - shift);
        }
        return sum(out, oo, n);
    }

    @Override
    public float sumExpShifted(float[] x, int xo, float shift, int n) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        int i = 0;
        for (; i <= n - 4; i += 4) {
            s0 += Elementary.expNormal(x[xo + i] - shift);
            s1 += Elementary.expNormal(x[xo + i + 1] - shift);
            s2 += Elementary.expNormal(x[xo + i + 2] - shift);
            s3 += Elementary.expNormal(x[xo + i + 3] - shift);
        }
        float s = s0 + s2 + (s1 + s3);
        for (; i < n; i++) {
            s += Elementary.expNormal(x[xo + i] - shift);
        }
        return s;
    }

    @Override
    public void scale(float[] x, int xo, float a, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = x[xo + i] * a;
        }
    }

    @Override
    public void add(float[] x, int xo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] += x[xo + i];
        }
    }

    @Override
    public void axpy(float a, float[] x, int xo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = Math.fma(a, x[xo + i], out[oo + i]);
        }
    }

    @Override
    public void scaleMultiply(float[] x, int xo, float a, float[] w, int wo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = x[xo + i] * a * w[wo + i];
        }
    }

    @Override
    public void normalize(float[] x, int xo, float mean, float rstd, float[] w, int wo, float[] b, int bo,
            float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = Math.fma((x[xo + i] - mean) * rstd, w[wo + i], b[bo + i]);
        }
    }

    @Override
    public void softmaxBackward(float[] g, int go, float[] y, int yo, float a, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = y[yo + i] * (g[go + i] - a);
        }
    }

    @Override
    public void logSoftmaxBackward(float[] g, int go, float[] y, int yo, float a, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = Math.fma(-a, Elementary.expNormal(y[yo + i]), g[go + i]);
        }
    }

    @Override
    public void unary(UnaryKind kind, float[] x, int xo, float[] out, int oo, int n) {
        PlainUnary.run(kind, x, xo, out, oo, n);
    }

    @Override
    public void unaryBackward(UnaryKind kind, float[] g, int go, float[] x, int xo, float[] out, int oo, int n) {
        PlainUnary.runBackward(kind, g, go, x, xo, out, oo, n);
    }

    @Override
    public void binary(BinaryKind kind, float[] a, int ao, float[] b, int bo, float[] out, int oo, int n) {
        PlainBinary.run(kind, a, ao, b, bo, out, oo, n);
    }

    @Override
    public void subtract(float[] x, int xo, float a, float b, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = x[xo + i] - a - b;
        }
    }

    @Override
    public void expAffine(float[] x, int xo, float shift, float a, float b, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = Math.fma(Elementary.expNormal(x[xo + i] - shift), a, b);
        }
    }

    @Override
    public void normSums(float[] g, int go, float[] x, int xo, float mean, float rstd, float[] w, int wo,
            float[] sums, int n) {
        float h0 = 0;
        float h1 = 0;
        float v0 = 0;
        float v1 = 0;
        int i = 0;
        for (; i <= n - 2; i += 2) {
            float a = g[go + i] * w[wo + i];
            float b = g[go + i + 1] * w[wo + i + 1];
            h0 += a;
            h1 += b;
            v0 = Math.fma(a, (x[xo + i] - mean) * rstd, v0);
            v1 = Math.fma(b, (x[xo + i + 1] - mean) * rstd, v1);
        }
        float h = h0 + h1;
        float v = v0 + v1;
        if (i < n) {
            float a = g[go + i] * w[wo + i];
            h += a;
            v = Math.fma(a, (x[xo + i] - mean) * rstd, v);
        }
        sums[0] = h;
        sums[1] = v;
    }

    @Override
    public void normGradient(float[] g, int go, float[] x, int xo, float mean, float rstd, float[] w, int wo,
            float a, float b, float[] out, int oo, float[] dw, int dwo, int n) {
        for (int i = 0; i < n; i++) {
            float v = (x[xo + i] - mean) * rstd;
            float d = g[go + i];
            out[oo + i] = Math.fma(v, b, Math.fma(d * w[wo + i], rstd, a));
            dw[dwo + i] = Math.fma(d, v, dw[dwo + i]);
        }
    }

    @Override
    public void copy(float[] x, int xo, int ldx, int rows, int columns, float[] out, int oo, int ldo) {
        for (int r = 0; r < rows && columns > 0; r++) {
            System.arraycopy(x, xo + r * ldx, out, oo + r * ldo, columns);
        }
    }

    @Override
    public void transpose(float[] x, int xo, int ldx, int rows, int columns, float[] out, int oo, int ldo) {
        int r = 0;
        for (; r <= rows - 4; r += 4) {
            for (int c = 0; c < columns; c++) {
                int from = xo + r * ldx + c;
                int to = oo + c * ldo + r;
                out[to] = x[from];
                out[to + 1] = x[from + ldx];
                out[to + 2] = x[from + 2 * ldx];
                out[to + 3] = x[from + 3 * ldx];
            }
        }
        for (; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                out[oo + c * ldo + r] = x[xo + r * ldx + c];
            }
        }
    }

    @Override
    public void softmaxColumns(float[] x, int xo, int rows, int columns, float[] max, float[] total, float[] shrink,
            int at) {
        for (int c = 0; c < columns; c++) {
            softmaxStep(x, xo + c, columns, rows, max, total, shrink, at + c);
        }
    }

    @Override
    public void softmaxStep(float[] x, int xo, int n, float[] max, float[] total, float[] shrink, int at) {
        softmaxStep(x, xo, 1, n, max, total, shrink, at);
    }

    private static void softmaxStep(float[] x, int xo, int step, int n, float[] max, float[] total, float[] shrink,
            int at) {
        float largest = max[at];
        for (int i = 0; i < n; i++) {
            float v = x[xo + i * step];
            largest = v > largest ? v : largest;
        }
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        for (int i = 0; i < n; i++) {
            // The parts take turns. Which is the first at the end does not matter: addition commutes.
            float e = Elementary.expNormal(x[xo + i * step] - largest);
            x[xo + i * step] = e;
            float s = s0 + e;
            s0 = s1;
            s1 = s2;
            s2 = s3;
            s3 = s;
        }
        float f = Elementary.expNormal(max[at] - largest);
        max[at] = largest;
        shrink[at] = f;
        total[at] = Math.fma(total[at], f, s0 + s2 + (s1 + s3));
    }

    @Override
    public void scaleAddColumns(float[] a, int ao, float[] x, int xo, float[] out, int oo, int rows, int columns) {
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                int i = r * columns + c;
                out[oo + i] = Math.fma(out[oo + i], a[ao + c], x[xo + i]);
            }
        }
    }

    @Override
    public void softmaxSlopes(float[] s, int so, float[] g, int go, int rows, int columns, float[] shift, int sho,
            float[] a, int ao) {
        for (int i = 0; i < rows * columns; i++) {
            float p = Elementary.expNormal(s[so + i] - shift[sho + i]);
            s[so + i] = p;
            g[go + i] = p * (g[go + i] - a[ao + i]);
        }
    }

    @Override
    public void weightedSum(float[] w, int wo, int n, float[] x, int xo, int ldx, float[] out, int oo, int columns) {
        java.util.Arrays.fill(out, oo, oo + columns, 0f);
        for (int r = 0; r < n; r++) {
            axpy(w[wo + r], x, xo + r * ldx, out, oo, columns);
        }
    }
}
