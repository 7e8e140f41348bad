package dev.ricci.tensor.cpu.vector;

import static dev.ricci.tensor.cpu.vector.Lanes.F;
import static dev.ricci.tensor.cpu.vector.Lanes.N;

import jdk.incubator.vector.FloatVector;

/**
 * Tiles of matrix products for 16 vector registers: up to 6 rows by two vectors. The accumulators are named local
 * variables, because the compiler keeps them in registers only if no array holds them.
 */
final class NarrowTile {
    /** Rows of a panel of the left operand. */
    static final int ROWS = 6;

    private NarrowTile() {
    }

    /** The number of rows computed for {@code rows} wanted ones. */
    static int computed(int rows) {
        return rows <= 1 ? 1 : rows <= 2 ? 2 : rows <= 4 ? 4 : 6;
    }

    /**
     * c [rows, 2 N] = sum over p of a[p, i] b[p, j].
     *
     * @param rows one of the numbers that {@link #computed} gives
     */
    static void sum(int rows, int k, float[] a, int aOff, int aStep, float[] b, int bOff, float[] c, int cOff,
            int ldc) {
        switch (rows) {
            case 1 -> one(k, a, aOff, aStep, b, bOff, c, cOff, ldc);
            case 2 -> two(k, a, aOff, aStep, b, bOff, c, cOff, ldc);
            case 4 -> four(k, a, aOff, aStep, b, bOff, c, cOff, ldc);
            default -> six(k, a, aOff, aStep, b, bOff, c, cOff, ldc);
        }
    }

    /** One row. */
    private static void one(int k, float[] a, int aOff, int aStep, float[] b, int bOff, float[] c, int cOff,
            int ldc) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector c0 = zero;
        FloatVector d0 = zero;
        for (int p = 0; p < k; p++) {
            FloatVector l = FloatVector.fromArray(F, b, bOff);
            FloatVector r = FloatVector.fromArray(F, b, bOff + N);
            FloatVector x = FloatVector.broadcast(F, a[aOff]);
            c0 = x.fma(l, c0);
            d0 = x.fma(r, d0);
            aOff += aStep;
            bOff += 2 * N;
        }
        c0.intoArray(c, cOff);
        d0.intoArray(c, cOff + N);
    }

    /** Two rows. */
    private static void two(int k, float[] a, int aOff, int aStep, float[] b, int bOff, float[] c, int cOff,
            int ldc) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector c0 = zero;
        FloatVector d0 = zero;
        FloatVector c1 = zero;
        FloatVector d1 = zero;
        for (int p = 0; p < k; p++) {
            FloatVector l = FloatVector.fromArray(F, b, bOff);
            FloatVector r = FloatVector.fromArray(F, b, bOff + N);
            FloatVector x = FloatVector.broadcast(F, a[aOff]);
            c0 = x.fma(l, c0);
            d0 = x.fma(r, d0);
            x = FloatVector.broadcast(F, a[aOff + 1]);
            c1 = x.fma(l, c1);
            d1 = x.fma(r, d1);
            aOff += aStep;
            bOff += 2 * N;
        }
        c0.intoArray(c, cOff);
        d0.intoArray(c, cOff + N);
        c1.intoArray(c, cOff + ldc);
        d1.intoArray(c, cOff + ldc + N);
    }

    /** Four rows. */
    private static void four(int k, float[] a, int aOff, int aStep, float[] b, int bOff, float[] c, int cOff,
            int ldc) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector c0 = zero;
        FloatVector d0 = zero;
        FloatVector c1 = zero;
        FloatVector d1 = zero;
        FloatVector c2 = zero;
        FloatVector d2 = zero;
        FloatVector c3 = zero;
        FloatVector d3 = zero;
        for (int p = 0; p < k; p++) {
            FloatVector l = FloatVector.fromArray(F, b, bOff);
            FloatVector r = FloatVector.fromArray(F, b, bOff + N);
            FloatVector x = FloatVector.broadcast(F, a[aOff]);
            c0 = x.fma(l, c0);
            d0 = x.fma(r, d0);
            x = FloatVector.broadcast(F, a[aOff + 1]);
            c1 = x.fma(l, c1);
            d1 = x.fma(r, d1);
            x = FloatVector.broadcast(F, a[aOff + 2]);
            c2 = x.fma(l, c2);
            d2 = x.fma(r, d2);
            x = FloatVector.broadcast(F, a[aOff + 3]);
            c3 = x.fma(l, c3);
            d3 = x.fma(r, d3);
            aOff += aStep;
            bOff += 2 * N;
        }
        c0.intoArray(c, cOff);
        d0.intoArray(c, cOff + N);
        c1.intoArray(c, cOff + ldc);
        d1.intoArray(c, cOff + ldc + N);
        c2.intoArray(c, cOff + 2 * ldc);
        d2.intoArray(c, cOff + 2 * ldc + N);
        c3.intoArray(c, cOff + 3 * ldc);
        d3.intoArray(c, cOff + 3 * ldc + N);
    }

    /** Six rows. */
    private static void six(int k, float[] a, int aOff, int aStep, float[] b, int bOff, float[] c, int cOff,
            int ldc) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector c0 = zero;
        FloatVector d0 = zero;
        FloatVector c1 = zero;
        FloatVector d1 = zero;
        FloatVector c2 = zero;
        FloatVector d2 = zero;
        FloatVector c3 = zero;
        FloatVector d3 = zero;
        FloatVector c4 = zero;
        FloatVector d4 = zero;
        FloatVector c5 = zero;
        FloatVector d5 = zero;
        for (int p = 0; p < k; p++) {
            FloatVector l = FloatVector.fromArray(F, b, bOff);
            FloatVector r = FloatVector.fromArray(F, b, bOff + N);
            FloatVector x = FloatVector.broadcast(F, a[aOff]);
            c0 = x.fma(l, c0);
            d0 = x.fma(r, d0);
            x = FloatVector.broadcast(F, a[aOff + 1]);
            c1 = x.fma(l, c1);
            d1 = x.fma(r, d1);
            x = FloatVector.broadcast(F, a[aOff + 2]);
            c2 = x.fma(l, c2);
            d2 = x.fma(r, d2);
            x = FloatVector.broadcast(F, a[aOff + 3]);
            c3 = x.fma(l, c3);
            d3 = x.fma(r, d3);
            x = FloatVector.broadcast(F, a[aOff + 4]);
            c4 = x.fma(l, c4);
            d4 = x.fma(r, d4);
            x = FloatVector.broadcast(F, a[aOff + 5]);
            c5 = x.fma(l, c5);
            d5 = x.fma(r, d5);
            aOff += aStep;
            bOff += 2 * N;
        }
        c0.intoArray(c, cOff);
        d0.intoArray(c, cOff + N);
        c1.intoArray(c, cOff + ldc);
        d1.intoArray(c, cOff + ldc + N);
        c2.intoArray(c, cOff + 2 * ldc);
        d2.intoArray(c, cOff + 2 * ldc + N);
        c3.intoArray(c, cOff + 3 * ldc);
        d3.intoArray(c, cOff + 3 * ldc + N);
        c4.intoArray(c, cOff + 4 * ldc);
        d4.intoArray(c, cOff + 4 * ldc + N);
        c5.intoArray(c, cOff + 5 * ldc);
        d5.intoArray(c, cOff + 5 * ldc + N);
    }
}
