package dev.ricci.tensor.cpu.vector;

import static dev.ricci.tensor.cpu.vector.Lanes.F;
import static dev.ricci.tensor.cpu.vector.Lanes.N;

import dev.ricci.tensor.cpu.rows.MicroKernel;
import jdk.incubator.vector.FloatVector;

/**
 * The inner kernel of matrix multiplication on vectors: 512-bit vectors come with 32 registers and use
 * {@link WideTile}; others may have 16 and use {@link NarrowTile}.
 */
public final class VectorMicroKernel implements MicroKernel {
    private static final boolean WIDE = N >= 16;
    private static final int ROWS = WIDE ? WideTile.ROWS : NarrowTile.ROWS;

    /** The kernel for this JVM's vector width. */
    public VectorMicroKernel() {
    }

    @Override
    public int rows() {
        return ROWS;
    }

    @Override
    public int columns() {
        return 2 * N;
    }

    @Override
    public int panelRows(int rows) {
        return WIDE ? WideTile.computed(rows) : NarrowTile.computed(rows);
    }

    @Override
    public void tile(int rows, int columns, int k, float[] a, int aOff, int aStep, float[] b, int bOff, float[] c,
            int cOff, int ldc, boolean add, float[] edge) {
        int computed = panelRows(rows);
        if (!add && rows == computed && columns == 2 * N) {
            sum(computed, k, a, aOff, aStep, b, bOff, c, cOff, ldc);
        } else {
            sum(computed, k, a, aOff, aStep, b, bOff, edge, 0, 2 * N);
            finish(rows, columns, edge, c, cOff, ldc, add);
        }
    }

    private static void sum(int rows, int k, float[] a, int aOff, int aStep, float[] b, int bOff, float[] c, int cOff,
            int ldc) {
        if (WIDE) {
            WideTile.sum(rows, k, a, aOff, aStep, b, bOff, c, cOff, ldc);
        } else {
            NarrowTile.sum(rows, k, a, aOff, aStep, b, bOff, c, cOff, ldc);
        }
    }

    /** Not a part of the sums: with it they outgrow what the compiler inlines. */
    @Override
    public void finish(int rows, int columns, float[] tile, float[] c, int cOff, int ldc, boolean add) {
        if (columns < 2 * N) {
            MicroKernel.super.finish(rows, columns, tile, c, cOff, ldc, add);
        } else if (add) {
            add(rows, tile, c, cOff, ldc);
        } else {
            copy(rows, tile, c, cOff, ldc);
        }
    }

    private static void add(int rows, float[] tile, float[] c, int cOff, int ldc) {
        for (int i = 0; i < rows; i++) {
            int from = i * 2 * N;
            int to = cOff + i * ldc;
            FloatVector.fromArray(F, c, to).add(FloatVector.fromArray(F, tile, from)).intoArray(c, to);
            FloatVector.fromArray(F, c, to + N).add(FloatVector.fromArray(F, tile, from + N)).intoArray(c, to + N);
        }
    }

    private static void copy(int rows, float[] tile, float[] c, int cOff, int ldc) {
        for (int i = 0; i < rows; i++) {
            int from = i * 2 * N;
            int to = cOff + i * ldc;
            FloatVector.fromArray(F, tile, from).intoArray(c, to);
            FloatVector.fromArray(F, tile, from + N).intoArray(c, to + N);
        }
    }

    @Override
    public void pack(float[] from, int at, int xStride, int kStride, int count, int k, float[] to, int toAt,
            int width) {
        VectorPacking.panels(from, at, xStride, kStride, count, k, to, toAt, width);
    }

    @Override
    public void decodeBytes(byte[] q, int at, int depth, int group, float[] d, float[] to, int toAt) {
        VectorDecoding.bytes(q, at, depth, group, d, to, toAt);
    }

    @Override
    public void decodeNibbles(byte[] low, int lowAt, byte[] high, int highAt, int upper, int depth, int group,
            float[] d, float[] m, float[] to, int toAt) {
        VectorDecoding.nibbles(low, lowAt, high, highAt, upper, depth, group, d, m, to, toAt);
    }

    @Override
    public void row(float[] x, int xAt, int xStep, int depth, float[] b, int first, int second, float[] sums) {
        VectorRowProducts.floats(x, xAt, xStep, depth, b, first, second, sums);
    }

    @Override
    public boolean rowBytes(float[] x, int xAt, int xStep, int depth, byte[] q, int first, int second, int group,
            float[] d, float[] sums) {
        if (VectorDecoding.FITS) {
            VectorRowProducts.bytes(x, xAt, xStep, depth, q, first, second, group, d, sums);
        }
        return VectorDecoding.FITS;
    }

    @Override
    public boolean rowNibbles(float[] x, int xAt, int xStep, int depth, byte[] low, int first, int second, int group,
            float[] d, float[] m, float[] sums) {
        if (VectorDecoding.FITS) {
            VectorRowProducts.nibbles(x, xAt, xStep, depth, low, first, second, group, d, m, sums);
        }
        return VectorDecoding.FITS;
    }
}
