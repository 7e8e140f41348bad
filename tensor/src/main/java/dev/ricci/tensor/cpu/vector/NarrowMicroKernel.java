package dev.ricci.tensor.cpu.vector;

import static dev.ricci.tensor.cpu.vector.Lanes.F;
import static dev.ricci.tensor.cpu.vector.Lanes.N;

import dev.ricci.tensor.cpu.rows.MicroKernel;
import jdk.incubator.vector.FloatVector;

/**
 * The inner kernel of matrix multiplication for 16 vector registers: 6 rows by two vectors of columns. The
 * accumulators are named local variables, because the compiler keeps them in registers only if no array holds them.
 */
final class NarrowMicroKernel implements MicroKernel {
    private static final int ROWS = 6;

    @Override
    public int rows() {
        return ROWS;
    }

    @Override
    public int columns() {
        return 2 * N;
    }

    @Override
    public void tile(int rows, int columns, int k, float[] a, int aOff, float[] b, int bOff, float[] c, int cOff,
            int ldc, boolean add, float[] edge) {
        int computed = rows == 1 ? 1 : rows <= 4 ? 4 : ROWS;
        if (!add && rows == computed && columns == 2 * N) {
            sum(computed, k, a, aOff, b, bOff, c, cOff, ldc);
            return;
        }
        sum(computed, k, a, aOff, b, bOff, edge, 0, 2 * N);
        if (add && columns == 2 * N) {
            add(rows, edge, c, cOff, ldc);
        } else {
            MicroKernel.copyEdge(rows, columns, edge, 2 * N, c, cOff, ldc, add);
        }
    }

    private static void sum(int rows, int k, float[] a, int aOff, float[] b, int bOff, float[] c, int cOff, int ldc) {
        switch (rows) {
            case 1 -> one(k, a, aOff, b, bOff, c, cOff);
            case 4 -> four(k, a, aOff, b, bOff, c, cOff, ldc);
            default -> all(k, a, aOff, b, bOff, c, cOff, ldc);
        }
    }

    /** Adds a tile to the result. Not a part of the sums: with it they outgrow what the compiler inlines. */
    private static void add(int rows, float[] tile, float[] c, int cOff, int ldc) {
        for (int i = 0; i < rows; i++) {
            int from = i * 2 * N;
            int to = cOff + i * ldc;
            FloatVector l = FloatVector.fromArray(F, tile, from);
            FloatVector r = FloatVector.fromArray(F, tile, from + N);
            FloatVector.fromArray(F, c, to).add(l).intoArray(c, to);
            FloatVector.fromArray(F, c, to + N).add(r).intoArray(c, to + N);
        }
    }

    /** One row. */
    private static void one(int k, float[] a, int aOff, float[] b, int bOff, float[] c, int cOff) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector c0 = zero;
        FloatVector d0 = zero;
        for (int p = 0; p < k; p++) {
            FloatVector l = FloatVector.fromArray(F, b, bOff);
            FloatVector r = FloatVector.fromArray(F, b, bOff + N);
            FloatVector x = FloatVector.broadcast(F, a[aOff]);
            c0 = x.fma(l, c0);
            d0 = x.fma(r, d0);
            aOff += ROWS;
            bOff += 2 * N;
        }
        c0.intoArray(c, cOff);
        d0.intoArray(c, cOff + N);
    }

    /** Four rows. */
    private static void four(int k, float[] a, int aOff, float[] b, int bOff, float[] c, int cOff,
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
            aOff += ROWS;
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

    /** All rows. */
    private static void all(int k, float[] a, int aOff, float[] b, int bOff, float[] c, int cOff,
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
            aOff += ROWS;
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
