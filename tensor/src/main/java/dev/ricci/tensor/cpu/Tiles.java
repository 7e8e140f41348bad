package dev.ricci.tensor.cpu;

import dev.ricci.tensor.cpu.rows.MicroKernel;

/** Products of small packed blocks on one thread, with the micro kernel of {@link Gemm}. Not shared between threads. */
final class Tiles {
    private final MicroKernel micro;
    private final float[] edge;
    /** Rows of a left panel. */
    final int mr;
    /** Columns of a right panel. */
    final int nr;

    /** Scratch to be released with {@link #release}. */
    Tiles(MicroKernel micro) {
        this.micro = micro;
        this.mr = micro.rows();
        this.nr = micro.columns();
        this.edge = Scratch.take(mr * nr);
    }

    void release() {
        Scratch.give(edge);
    }

    private static int roundUp(int n, int to) {
        return (n + to - 1) / to * to;
    }

    /** Elements of a packed left operand. */
    int leftSize(int rows, int k) {
        return roundUp(rows, mr) * k;
    }

    /** Elements of a packed right operand. */
    int rightSize(int columns, int k) {
        return roundUp(columns, nr) * k;
    }

    /** Packs [rows, k] as a left operand. */
    void packLeft(float[] from, int at, int rowStride, int kStride, int rows, int k, float[] to) {
        for (int i = 0; i < rows; i += mr) {
            packLeftPanel(from, at + i * rowStride, rowStride, kStride, Math.min(mr, rows - i), k, to, i * k);
        }
    }

    /** Packs [count, k] as one panel of a left operand, or a part of its depth. */
    void packLeftPanel(float[] from, int at, int rowStride, int kStride, int count, int k, float[] to, int toAt) {
        micro.pack(from, at, rowStride, kStride, count, k, to, toAt, mr);
    }

    /** Packs [k, columns] as a right operand of depth {@code depth} &gt;= k; what lies from k on stays as it is. */
    void packRight(float[] from, int at, int kStride, int columnStride, int k, int depth, int columns, float[] to) {
        for (int j = 0; j < columns; j += nr) {
            micro.pack(from, at + j * columnStride, columnStride, kStride, Math.min(nr, columns - j), k, to,
                    j * depth, nr);
        }
    }

    /**
     * c = or += rows {@code rowFrom .. rowTo} of left, from kFrom on, times one panel of right.
     *
     * @param rowFrom a multiple of a panel's rows
     * @param k how deep
     * @param left packed {@code depth} deep
     * @param rightAt where in right the row of index kFrom of the panel begins
     * @param columns wanted columns of the panel
     * @param c receives [rowTo - rowFrom, columns] from cOff on
     */
    void multiply(int rowFrom, int rowTo, int k, float[] left, int depth, int kFrom, float[] right, int rightAt,
            int columns, float[] c, int cOff, int ldc, boolean add) {
        for (int i = rowFrom; i < rowTo; i += mr) {
            micro.tile(Math.min(mr, rowTo - i), columns, k, left, i * depth + kFrom * mr, mr, right, rightAt, c,
                    cOff + (i - rowFrom) * ldc, ldc, add, edge);
        }
    }
}
