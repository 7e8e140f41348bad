package dev.ricci.tensor.cpu.rows;

import dev.ricci.tensor.op.BinaryKind;
import dev.ricci.tensor.op.UnaryKind;

/**
 * Primitives over dense rows of floats. Kernels are written once over this interface; only these primitives exist
 * twice, in plain Java and on the Vector API. A row is {@code n} elements of an array from an offset on. An output row
 * may be the very row of an input, but rows must not overlap otherwise. Every result depends on the values and on
 * {@code n} alone: not on threads, alignment, or whether the method is interpreted or compiled.
 */
public interface Rows {
    /** Short name for reports, such as {@code vector-512}. */
    String name();

    /** The sum; 0 of nothing. */
    float sum(float[] x, int xo, int n);

    /** The largest; NaN if any is NaN; -infinity of nothing. */
    float max(float[] x, int xo, int n);

    /** The smallest; NaN if any is NaN; infinity of nothing. */
    float min(float[] x, int xo, int n);

    /** The sum of x * y. */
    float dot(float[] x, int xo, float[] y, int yo, int n);

    /** The sum of (x - mean)^2. */
    float squaredDeviation(float[] x, int xo, float mean, int n);

    /** {@code out = exp(x - shift)}; returns the sum of out. */
    float expShifted(float[] x, int xo, float shift, float[] out, int oo, int n);

    /** The sum of exp(x - shift), without storing it. */
    float sumExpShifted(float[] x, int xo, float shift, int n);

    /** {@code out = a}. */
    default void fill(float a, float[] out, int oo, int n) {
        java.util.Arrays.fill(out, oo, oo + n, a);
    }

    /** {@code out = x * a}. */
    void scale(float[] x, int xo, float a, float[] out, int oo, int n);

    /** {@code out += x}. */
    void add(float[] x, int xo, float[] out, int oo, int n);

    /** {@code out = fma(a, x, out)}. */
    void axpy(float a, float[] x, int xo, float[] out, int oo, int n);

    /** {@code out = x * a * w}. */
    void scaleMultiply(float[] x, int xo, float a, float[] w, int wo, float[] out, int oo, int n);

    /** {@code out = fma((x - mean) * rstd, w, b)}: a normalised row. */
    void normalize(float[] x, int xo, float mean, float rstd, float[] w, int wo, float[] b, int bo, float[] out,
            int oo, int n);

    /** {@code out = y * (g - a)}: the gradient of a softmax row with a = dot(g, y). */
    void softmaxBackward(float[] g, int go, float[] y, int yo, float a, float[] out, int oo, int n);

    /** {@code out = g - exp(y) * a}: the gradient of a log-softmax row with a = sum(g). */
    void logSoftmaxBackward(float[] g, int go, float[] y, int yo, float a, float[] out, int oo, int n);

    /** {@code out = f(x)} for a function from float to float; not the kinds that take or give truth values. */
    void unary(UnaryKind kind, float[] x, int xo, float[] out, int oo, int n);

    /** {@code out = g * f'(x)} for GELU, GELU_TANH and SILU. */
    void unaryBackward(UnaryKind kind, float[] g, int go, float[] x, int xo, float[] out, int oo, int n);

    /** {@code out = a kind b} for a function of two floats; not the logical kinds. */
    void binary(BinaryKind kind, float[] a, int ao, float[] b, int bo, float[] out, int oo, int n);

    /** {@code out = x - a - b}, in this order. */
    void subtract(float[] x, int xo, float a, float b, float[] out, int oo, int n);

    /** {@code out = fma(exp(x - shift), a, b)}. */
    void expAffine(float[] x, int xo, float shift, float a, float b, float[] out, int oo, int n);

    /** The sums over a row of the gradient of a norm: of g * w to sums[0], of g * w * (x - mean) * rstd to sums[1]. */
    void normSums(float[] g, int go, float[] x, int xo, float mean, float rstd, float[] w, int wo, float[] sums,
            int n);

    /** With v = (x - mean) * rstd: {@code out = fma(v, b, fma(g * w, rstd, a))} and {@code dw = fma(g, v, dw)}. */
    void normGradient(float[] g, int go, float[] x, int xo, float mean, float rstd, float[] w, int wo, float a,
            float b, float[] out, int oo, float[] dw, int dwo, int n);
}
