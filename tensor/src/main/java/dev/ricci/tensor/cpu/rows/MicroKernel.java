package dev.ricci.tensor.cpu.rows;

/**
 * The innermost part of matrix multiplication: a small tile of the result from packed operands. Each element is the
 * sum over k in ascending order of fused multiply-adds that start from 0, whatever the tile's size, so that an element
 * has the same bits wherever it lies in a matrix of whatever size.
 */
public interface MicroKernel {
    /** Rows of a full tile, and of a panel of the packed left operand. */
    int rows();

    /** Rows of the narrowest panel of the left operand that serves a tile of so many rows: at least so many. */
    int panelRows(int rows);

    /** Columns of a full tile, and of a panel of the packed right operand. */
    int columns();

    /**
     * c[i, j] = (add ? c[i, j] : 0) + sum over p of a[p, i] * b[p, j].
     *
     * @param rows wanted rows, at most {@link #rows()}
     * @param columns wanted columns, at most {@link #columns()}
     * @param k depth
     * @param a panel of at least panelRows(rows) rows from aOff on
     * @param aStep elements between depths of a
     * @param b panel [k, columns()] from bOff on
     * @param c result, [rows, columns] from cOff on
     * @param ldc elements between rows of c
     * @param add whether the sum is added to what c holds
     * @param edge scratch of rows() * columns() for tiles that are not full
     */
    void tile(int rows, int columns, int k, float[] a, int aOff, int aStep, float[] b, int bOff, float[] c, int cOff,
            int ldc, boolean add, float[] edge);

    /**
     * c[i, j] = (add ? c[i, j] : 0) + tile[i, j]: the wanted corner of a scratch tile.
     *
     * @param tile [rows, columns()], what {@link #tile} wrote with an ldc of columns()
     */
    default void finish(int rows, int columns, float[] tile, float[] c, int cOff, int ldc, boolean add) {
        for (int i = 0; i < rows; i++) {
            int from = i * columns();
            int to = cOff + i * ldc;
            if (add) {
                for (int j = 0; j < columns; j++) {
                    c[to + j] += tile[from + j];
                }
            } else {
                for (int j = 0; j < columns; j++) {
                    c[to + j] = tile[from + j];
                }
            }
        }
    }

    /**
     * Packs panels, one behind the other: to[toAt + (i / width * k + p) * width + i % width] = from[at + i * xStride + p *
     * kStride] for i &lt; count and p &lt; k, and 0 in what is left of the last panel.
     *
     * @param width of a panel: at most {@link #rows()}, or {@link #columns()}
     */
    default void pack(float[] from, int at, int xStride, int kStride, int count, int k, float[] to, int toAt,
            int width) {
        PlainPacking.panels(from, at, xStride, kStride, count, k, to, toAt, width);
    }
}
