package dev.ricci.tensor.cpu;

import dev.ricci.tensor.cpu.rows.Elementary;
import dev.ricci.tensor.cpu.rows.Rows;

/**
 * Softmax and log-sum-exp of long rows, block by block (Milakov and Gimelshein 2018, algorithm 3): a block is read from
 * memory once, by the search for its maximum, and is in the first-level cache when its exponentials are taken. Where
 * the maximum has grown since, the sum so far is scaled down. Which blocks there are depends on the length alone.
 */
final class SoftmaxRows {
    /** Elements of a block: with as many results, half of a first-level cache. */
    private static final int BLOCK = 2048;

    private final Rows rows;

    SoftmaxRows(Rows rows) {
        this.rows = rows;
    }

    /** The maximum of a row and the sum of exp(x - maximum); a row without finite maximum may have any sum. */
    record Sum(float max, double sum) {
    }

    /** What the exponentials of a row add up to. */
    Sum sum(float[] x, int xo, int n) {
        float max = Float.NEGATIVE_INFINITY;
        double sum = 0;
        for (int b = 0; b < n; b += BLOCK) {
            int m = Math.min(BLOCK, n - b);
            float higher = Math.max(max, rows.max(x, xo + b, m));
            sum = rescaled(sum, max, higher) + rows.sumExpShifted(x, xo + b, shift(higher), m);
            max = higher;
        }
        return new Sum(max, sum);
    }

    /** {@code y = softmax(x)}. */
    void softmax(float[] x, int xo, float[] y, int yo, int n) {
        float[] maxima = new float[(n + BLOCK - 1) / BLOCK];
        float max = Float.NEGATIVE_INFINITY;
        double sum = 0;
        for (int b = 0; b < n; b += BLOCK) {
            int m = Math.min(BLOCK, n - b);
            float higher = Math.max(max, rows.max(x, xo + b, m));
            sum = rescaled(sum, max, higher) + rows.expShifted(x, xo + b, shift(higher), y, yo + b, m);
            max = higher;
            maxima[b / BLOCK] = max;
        }
        // A row without a finite maximum has no softmax.
        double share = Math.abs(max) <= Float.MAX_VALUE ? 1 / sum : Double.NaN;
        for (int b = 0; b < n; b += BLOCK) {
            float a = (float) rescaled(share, maxima[b / BLOCK], max);
            rows.scale(y, yo + b, a, y, yo + b, Math.min(BLOCK, n - b));
        }
    }

    /** {@code value} exp(lower - higher). */
    private static double rescaled(double value, float lower, float higher) {
        return lower == higher ? value : value * Elementary.exp(lower - higher);
    }

    /** A block of nothing but -infinity adds 0. */
    private static float shift(float max) {
        return max == Float.NEGATIVE_INFINITY ? 0 : max;
    }
}
