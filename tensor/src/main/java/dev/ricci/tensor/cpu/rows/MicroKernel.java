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
     * kStride] for i &lt; count and p &lt; k, and 0 in what is left of the last panel. What lies behind panels
     * narrower than {@link #rows()} may be overwritten, as far as whole ones would reach.
     *
     * @param width of a panel: at most {@link #rows()}, or {@link #columns()}
     */
    default void pack(float[] from, int at, int xStride, int kStride, int count, int k, float[] to, int toAt,
            int width) {
        PlainPacking.panels(from, at, xStride, kStride, count, k, to, toAt, width);
    }

    /** to[toAt + i] = the F16 from[at + i], for i &lt; n. */
    default void decodeF16(short[] from, int at, int n, float[] to, int toAt) {
        for (int i = 0; i < n; i++) {
            to[toAt + i] = Float.float16ToFloat(from[at + i]);
        }
    }

    /** to[toAt + i] = the BF16 from[at + i], for i &lt; n. */
    default void decodeBf16(short[] from, int at, int n, float[] to, int toAt) {
        for (int i = 0; i < n; i++) {
            to[toAt + i] = Float.intBitsToFloat(from[at + i] << 16);
        }
    }

    /**
     * Decodes a part of a panel of bytes: to[k, j] = q[k, j] * d[k / group, j], where rows have {@link #columns()}
     * elements.
     *
     * @param q holds [depth, columns] from {@code at} on
     * @param depth rows, a multiple of the group
     * @param group rows that share their scales, at least 8
     * @param d scales, [depth / group, columns]
     */
    default void decodeBytes(byte[] q, int at, int depth, int group, float[] d, float[] to, int toAt) {
        PlainDecoding.bytes(q, at, depth, group, d, to, toAt, columns());
    }

    /**
     * Decodes a part of a panel of elements of 4 to 6 bits: to[k, j] = fma(q[k, j], d[k / group, j], m[k / group, j]),
     * where rows have {@link #columns()} elements.
     *
     * @param low the lower four bits, [depth / 2, columns] from {@code lowAt} on, those of odd rows above
     * @param high the upper bits, [depth * upper / 8, columns] from {@code highAt} on, the first row's lowest; or null
     * @param upper how many bits those are: 0, 1 or 2
     * @param depth rows, a multiple of the group
     * @param group rows that share their scales, a multiple of 8
     * @param d scales, [depth / group, columns]
     * @param m what is added, [depth / group, columns]
     */
    default void decodeNibbles(byte[] low, int lowAt, byte[] high, int highAt, int upper, int depth, int group,
            float[] d, float[] m, float[] to, int toAt) {
        PlainDecoding.nibbles(low, lowAt, high, highAt, upper, depth, group, d, m, to, toAt, columns());
    }

    /**
     * Continues the sums of one row of the left operand with two panels of the right one: for k ascending, sums[j] =
     * fma(x[k], b[k, j], sums[j]). From zeros, that is what {@link #tile} computes for one row.
     *
     * @param x the row, from xAt on, xStep apart
     * @param depth how many
     * @param b holds both panels, [depth, columns()]
     * @param first where one begins
     * @param second where the other begins; perhaps the same, where there is none
     * @param sums [2, columns()]
     */
    default void row(float[] x, int xAt, int xStep, int depth, float[] b, int first, int second, float[] sums) {
        PlainDecoding.row(x, xAt, xStep, depth, b, first, second, sums, columns());
    }

    /**
     * As {@link #row}, where b is what {@link #decodeBytes} gives for each panel.
     *
     * @param q holds both panels from {@code first} and from {@code second} on
     * @param d scales of both, [2, depth / group, columns()]
     * @return whether there is such a kernel; else nothing was done
     */
    default boolean rowBytes(float[] x, int xAt, int xStep, int depth, byte[] q, int first, int second, int group,
            float[] d, float[] sums) {
        return false;
    }

    /**
     * As {@link #row}, where b is what {@link #decodeNibbles} gives for each panel, without upper bits.
     *
     * @param low holds both panels from {@code first} and from {@code second} on
     * @param d scales of both, [2, depth / group, columns()]
     * @param m what is added, [2, depth / group, columns()]
     * @return whether there is such a kernel; else nothing was done
     */
    default boolean rowNibbles(float[] x, int xAt, int xStep, int depth, byte[] low, int first, int second, int group,
            float[] d, float[] m, float[] sums) {
        return false;
    }
}
