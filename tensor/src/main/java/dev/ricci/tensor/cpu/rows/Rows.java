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

    /**
     * Copies a block: {@code out[r * ldo + c] = x[r * ldx + c]}, r below {@code rows} and c below {@code columns}, each
     * from its offset on.
     */
    void copy(float[] x, int xo, int ldx, int rows, int columns, float[] out, int oo, int ldo);

    /** Copies a block transposed: {@code out[c * ldo + r] = x[r * ldx + c]}, each from its offset on. */
    void transpose(float[] x, int xo, int ldx, int rows, int columns, float[] out, int oo, int ldo);

    /**
     * One step of the running softmax of {@code columns} columns, a multiple of the micro kernel's (Milakov and
     * Gimelshein 2018). x [rows, columns] holds scores and receives exp(x - max), where {@code max} is the new running
     * maximum of each column, which begins at a finite number; {@code shrink} receives exp(old max - max);
     * {@code total = fma(total, shrink, sum of the new x)}, which is summed over the rows in four interleaved parts,
     * (0 + 2) + (1 + 3), the same for vectors and for {@link #softmaxStep} of a single row.
     *
     * @param at offset of max, total and shrink
     */
    void softmaxColumns(float[] x, int xo, int rows, int columns, float[] max, float[] total, float[] shrink, int at);

    /** {@link #softmaxColumns} of one column whose n scores lie side by side, with the same bits. */
    void softmaxStep(float[] x, int xo, int n, float[] max, float[] total, float[] shrink, int at);

    /** {@code out[r, c] = fma(out[r, c], a[c], x[r, c])} for out and x [rows, columns] as in softmaxColumns. */
    void scaleAddColumns(float[] a, int ao, float[] x, int xo, float[] out, int oo, int rows, int columns);

    /**
     * The inner gradient of softmax on blocks [rows, columns] as in softmaxColumns: {@code s = exp(s - shift)}, the
     * weights, where s is not much above shift, and {@code g = s * (g - a)}.
     */
    void softmaxSlopes(float[] s, int so, float[] g, int go, int rows, int columns, float[] shift, int sho, float[] a,
            int ao);

    /**
     * The sum of rows with weights: {@code out[c]} = fused multiply-adds of w[r] * x[r * ldx + c] from 0, r ascending.
     */
    void weightedSum(float[] w, int wo, int n, float[] x, int xo, int ldx, float[] out, int oo, int columns);
}
