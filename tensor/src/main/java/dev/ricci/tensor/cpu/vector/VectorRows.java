package dev.ricci.tensor.cpu.vector;

import static dev.ricci.tensor.cpu.vector.Lanes.F;
import static dev.ricci.tensor.cpu.vector.Lanes.N;

import dev.ricci.tensor.cpu.rows.Elementary;
import dev.ricci.tensor.cpu.rows.Rows;
import dev.ricci.tensor.op.BinaryKind;
import dev.ricci.tensor.op.UnaryKind;
import jdk.incubator.vector.FloatVector;

/**
 * The primitives on the Vector API. Sums run in four vector accumulators, which are added in one fixed tree; what is
 * left over at the end of a row is done by scalar code with the same operations.
 *
 * <p>Vectors are loaded by the Vector API's own method. C2 inlines those however large a compilation has grown; a
 * helper it would leave as a call in a kernel of several primitives, and box what it gives.
 */
public final class VectorRows implements Rows {

    @Override
    public String name() {
        return "vector-" + F.vectorBitSize();
    }

    @Override
    public float sum(float[] x, int xo, int n) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int i = 0;
        for (; i <= n - 4 * N; i += 4 * N) {
            s0 = s0.add(FloatVector.fromArray(F, x, xo + i));
            s1 = s1.add(FloatVector.fromArray(F, x, xo + i + N));
            s2 = s2.add(FloatVector.fromArray(F, x, xo + i + 2 * N));
            s3 = s3.add(FloatVector.fromArray(F, x, xo + i + 3 * N));
        }
        for (; i <= n - N; i += N) {
            s0 = s0.add(FloatVector.fromArray(F, x, xo + i));
        }
        float s = Lanes.sum(s0.add(s2).add(s1.add(s3)));
        for (; i < n; i++) {
            s += x[xo + i];
        }
        return s;
    }

    @Override
    public float max(float[] x, int xo, int n) {
        FloatVector s0 = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int i = 0;
        for (; i <= n - 4 * N; i += 4 * N) {
            s0 = s0.max(FloatVector.fromArray(F, x, xo + i));
            s1 = s1.max(FloatVector.fromArray(F, x, xo + i + N));
            s2 = s2.max(FloatVector.fromArray(F, x, xo + i + 2 * N));
            s3 = s3.max(FloatVector.fromArray(F, x, xo + i + 3 * N));
        }
        for (; i <= n - N; i += N) {
            s0 = s0.max(FloatVector.fromArray(F, x, xo + i));
        }
        float s = Lanes.max(s0.max(s2).max(s1.max(s3)));
        for (; i < n; i++) {
            s = Math.max(s, x[xo + i]);
        }
        return s;
    }

    @Override
    public float min(float[] x, int xo, int n) {
        FloatVector s0 = FloatVector.broadcast(F, Float.POSITIVE_INFINITY);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int i = 0;
        for (; i <= n - 4 * N; i += 4 * N) {
            s0 = s0.min(FloatVector.fromArray(F, x, xo + i));
            s1 = s1.min(FloatVector.fromArray(F, x, xo + i + N));
            s2 = s2.min(FloatVector.fromArray(F, x, xo + i + 2 * N));
            s3 = s3.min(FloatVector.fromArray(F, x, xo + i + 3 * N));
        }
        for (; i <= n - N; i += N) {
            s0 = s0.min(FloatVector.fromArray(F, x, xo + i));
        }
        float s = Lanes.min(s0.min(s2).min(s1.min(s3)));
        for (; i < n; i++) {
            s = Math.min(s, x[xo + i]);
        }
        return s;
    }

    @Override
    public float dot(float[] x, int xo, float[] y, int yo, int n) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int i = 0;
        for (; i <= n - 4 * N; i += 4 * N) {
            s0 = FloatVector.fromArray(F, x, xo + i).fma(FloatVector.fromArray(F, y, yo + i), s0);
            s1 = FloatVector.fromArray(F, x, xo + i + N).fma(FloatVector.fromArray(F, y, yo + i + N), s1);
            s2 = FloatVector.fromArray(F, x, xo + i + 2 * N).fma(FloatVector.fromArray(F, y, yo + i + 2 * N), s2);
            s3 = FloatVector.fromArray(F, x, xo + i + 3 * N).fma(FloatVector.fromArray(F, y, yo + i + 3 * N), s3);
        }
        for (; i <= n - N; i += N) {
            s0 = FloatVector.fromArray(F, x, xo + i).fma(FloatVector.fromArray(F, y, yo + i), s0);
        }
        float s = Lanes.sum(s0.add(s2).add(s1.add(s3)));
        for (; i < n; i++) {
            s = Math.fma(x[xo + i], y[yo + i], s);
        }
        return s;
    }

    @Override
    public float squaredDeviation(float[] x, int xo, float mean, int n) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        int i = 0;
        for (; i <= n - 2 * N; i += 2 * N) {
            FloatVector d0 = FloatVector.fromArray(F, x, xo + i).sub(mean);
            FloatVector d1 = FloatVector.fromArray(F, x, xo + i + N).sub(mean);
            s0 = d0.fma(d0, s0);
            s1 = d1.fma(d1, s1);
        }
        for (; i <= n - N; i += N) {
            FloatVector d = FloatVector.fromArray(F, x, xo + i).sub(mean);
            s0 = d.fma(d, s0);
        }
        float s = Lanes.sum(s0.add(s1));
        for (; i < n; i++) {
            float d = x[xo + i] - mean;
            s = Math.fma(d, d, s);
        }
        return s;
    }

    @Override
    public float expShifted(float[] x, int xo, float shift, float[] out, int oo, int n) {
        FloatVector sum = FloatVector.zero(F);
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector e = VectorElementary.expNormal(FloatVector.fromArray(F, x, xo + i).sub(shift));
            e.intoArray(out, oo + i);
            sum = sum.add(e);
        }
        float s = Lanes.sum(sum);
        for (; i < n; i++) {
            float e = Elementary.expNormal(x[xo + i] - shift);
            out[oo + i] = e;
            s += e;
        }
        return s;
    }

    @Override
    public float sumExpShifted(float[] x, int xo, float shift, int n) {
        FloatVector sum = FloatVector.zero(F);
        int i = 0;
        for (; i <= n - N; i += N) {
            sum = sum.add(VectorElementary.expNormal(FloatVector.fromArray(F, x, xo + i).sub(shift)));
        }
        float s = Lanes.sum(sum);
        for (; i < n; i++) {
            s += Elementary.expNormal(x[xo + i] - shift);
        }
        return s;
    }

    @Override
    public void scale(float[] x, int xo, float a, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector.fromArray(F, x, xo + i).mul(a).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = x[xo + i] * a;
        }
    }

    @Override
    public void add(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector.fromArray(F, out, oo + i).add(FloatVector.fromArray(F, x, xo + i)).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] += x[xo + i];
        }
    }

    @Override
    public void axpy(float a, float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector.fromArray(F, x, xo + i).fma(FloatVector.broadcast(F, a), FloatVector.fromArray(F, out, oo + i))
                    .intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = Math.fma(a, x[xo + i], out[oo + i]);
        }
    }

    @Override
    public void scaleMultiply(float[] x, int xo, float a, float[] w, int wo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector.fromArray(F, x, xo + i).mul(a).mul(FloatVector.fromArray(F, w, wo + i)).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = x[xo + i] * a * w[wo + i];
        }
    }

    @Override
    public void normalize(float[] x, int xo, float mean, float rstd, float[] w, int wo, float[] b, int bo,
            float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector.fromArray(F, x, xo + i).sub(mean).mul(rstd)
                    .fma(FloatVector.fromArray(F, w, wo + i), FloatVector.fromArray(F, b, bo + i))
                    .intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = Math.fma((x[xo + i] - mean) * rstd, w[wo + i], b[bo + i]);
        }
    }

    @Override
    public void softmaxBackward(float[] g, int go, float[] y, int yo, float a, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector.fromArray(F, y, yo + i).mul(FloatVector.fromArray(F, g, go + i).sub(a)).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = y[yo + i] * (g[go + i] - a);
        }
    }

    @Override
    public void logSoftmaxBackward(float[] g, int go, float[] y, int yo, float a, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            VectorElementary.expNormal(FloatVector.fromArray(F, y, yo + i))
                    .fma(FloatVector.broadcast(F, -a), FloatVector.fromArray(F, g, go + i))
                    .intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = Math.fma(-a, Elementary.expNormal(y[yo + i]), g[go + i]);
        }
    }

    @Override
    public void unary(UnaryKind kind, float[] x, int xo, float[] out, int oo, int n) {
        VectorUnary.run(kind, x, xo, out, oo, n);
    }

    @Override
    public void unaryBackward(UnaryKind kind, float[] g, int go, float[] x, int xo, float[] out, int oo, int n) {
        VectorUnary.runBackward(kind, g, go, x, xo, out, oo, n);
    }

    @Override
    public void binary(BinaryKind kind, float[] a, int ao, float[] b, int bo, float[] out, int oo, int n) {
        VectorBinary.run(kind, a, ao, b, bo, out, oo, n);
    }

    @Override
    public void subtract(float[] x, int xo, float a, float b, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector.fromArray(F, x, xo + i).sub(a).sub(b).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = x[xo + i] - a - b;
        }
    }

    @Override
    public void expAffine(float[] x, int xo, float shift, float a, float b, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            VectorElementary.expNormal(FloatVector.fromArray(F, x, xo + i).sub(shift))
                    .fma(FloatVector.broadcast(F, a), FloatVector.broadcast(F, b)).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = Math.fma(Elementary.expNormal(x[xo + i] - shift), a, b);
        }
    }

    @Override
    public void normSums(float[] g, int go, float[] x, int xo, float mean, float rstd, float[] w, int wo,
            float[] sums, int n) {
        FloatVector h0 = FloatVector.zero(F);
        FloatVector h1 = h0;
        FloatVector v0 = h0;
        FloatVector v1 = h0;
        int i = 0;
        for (; i <= n - 2 * N; i += 2 * N) {
            FloatVector a = FloatVector.fromArray(F, g, go + i).mul(FloatVector.fromArray(F, w, wo + i));
            FloatVector b = FloatVector.fromArray(F, g, go + i + N).mul(FloatVector.fromArray(F, w, wo + i + N));
            h0 = h0.add(a);
            h1 = h1.add(b);
            v0 = FloatVector.fromArray(F, x, xo + i).sub(mean).mul(rstd).fma(a, v0);
            v1 = FloatVector.fromArray(F, x, xo + i + N).sub(mean).mul(rstd).fma(b, v1);
        }
        for (; i <= n - N; i += N) {
            FloatVector a = FloatVector.fromArray(F, g, go + i).mul(FloatVector.fromArray(F, w, wo + i));
            h0 = h0.add(a);
            v0 = FloatVector.fromArray(F, x, xo + i).sub(mean).mul(rstd).fma(a, v0);
        }
        float h = Lanes.sum(h0.add(h1));
        float v = Lanes.sum(v0.add(v1));
        for (; i < n; i++) {
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
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector v = FloatVector.fromArray(F, x, xo + i).sub(mean).mul(rstd);
            FloatVector d = FloatVector.fromArray(F, g, go + i);
            FloatVector h = d.mul(FloatVector.fromArray(F, w, wo + i))
                    .fma(FloatVector.broadcast(F, rstd), FloatVector.broadcast(F, a));
            v.fma(FloatVector.broadcast(F, b), h).intoArray(out, oo + i);
            d.fma(v, FloatVector.fromArray(F, dw, dwo + i)).intoArray(dw, dwo + i);
        }
        for (; i < n; i++) {
            float v = (x[xo + i] - mean) * rstd;
            float d = g[go + i];
            out[oo + i] = Math.fma(v, b, Math.fma(d * w[wo + i], rstd, a));
            dw[dwo + i] = Math.fma(d, v, dw[dwo + i]);
        }
    }

    @Override
    public void copy(float[] x, int xo, int ldx, int rows, int columns, float[] out, int oo, int ldo) {
        VectorBlocks.copy(x, xo, ldx, rows, columns, out, oo, ldo);
    }

    @Override
    public void transpose(float[] x, int xo, int ldx, int rows, int columns, float[] out, int oo, int ldo) {
        VectorBlocks.transpose(x, xo, ldx, rows, columns, out, oo, ldo);
    }

    @Override
    public void softmaxColumns(float[] x, int xo, int rows, int columns, float[] max, float[] total, float[] shrink,
            int at) {
        VectorSoftmax.columns(x, xo, rows, columns, max, total, shrink, at);
    }

    @Override
    public void softmaxStep(float[] x, int xo, int n, float[] max, float[] total, float[] shrink, int at) {
        VectorSoftmax.step(x, xo, n, max, total, shrink, at);
    }

    @Override
    public void scaleAddColumns(float[] a, int ao, float[] x, int xo, float[] out, int oo, int rows, int columns) {
        VectorSoftmax.scaleAdd(a, ao, x, xo, out, oo, rows, columns);
    }

    @Override
    public void softmaxSlopes(float[] s, int so, float[] g, int go, int rows, int columns, float[] shift, int sho,
            float[] a, int ao) {
        VectorSoftmax.slopes(s, so, g, go, rows, columns, shift, sho, a, ao);
    }

    @Override
    public void weightedSum(float[] w, int wo, int n, float[] x, int xo, int ldx, float[] out, int oo, int columns) {
        VectorSoftmax.weightedSum(w, wo, n, x, xo, ldx, out, oo, columns);
    }
}
