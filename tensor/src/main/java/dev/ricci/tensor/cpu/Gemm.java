package dev.ricci.tensor.cpu;

import dev.ricci.tensor.cpu.rows.MicroKernel;
import dev.ricci.tensor.weights.WeightStorage;
import java.util.Arrays;

/**
 * Matrix multiplication with packed operands and cache blocks, after Goto and van de Geijn (2008).
 *
 * <p>Each element of the result is summed over blocks of {@link #DEPTH} in ascending order, within a block as the
 * {@link MicroKernel} says, and a block's sum is added to the result as one number. Nothing else touches the order, so
 * the bits of a row depend neither on how many rows there are nor on threads, and every other block size here may
 * follow the caches.
 */
final class Gemm {
    /** Depth of a block. It decides bits: the same everywhere. */
    static final int DEPTH = 256;
    /** Columns of b that are packed at once; with all of them, rows of a are packed once. */
    private static final int BLOCK_COLUMNS = 4096;
    /** Rows of a task, at most: a seventh of the second cache, and many tasks for many rows, so that all end together. */
    private static final int MAX_TASK_ROWS = Caches.secondLevelBytes() / 28 / DEPTH;
    /** Up to so many rows a panel of columns is packed where it is used. */
    static final int FEW_ROWS = 192;
    private static final int MIN_TASK_ROWS = 48;
    /** Multiply-adds worth a task of its own. */
    private static final long MIN_TASK = 1 << 19;
    private static final int TASKS = 8;
    /** Fewer tasks of packing than others: each reads long stretches. */
    private static final int PACK_TASKS = 4;
    /** Panels that are packed side by side, at most: more would read longer stretches, but write to too many places. */
    private static final int PACK_PANELS = 8;

    private final MicroKernel micro;
    private final int mr;
    private final int nr;

    Gemm(MicroKernel micro) {
        this.micro = micro;
        this.mr = micro.rows();
        this.nr = micro.columns();
    }

    /** Multiply-adds below which a product runs on the calling thread alone. */
    static boolean isSmall(int m, int n, int k) {
        return (long) m * n * k <= MIN_TASK;
    }

    /**
     * c = a b, or c += a b.
     *
     * @param a [M, K], any strides
     * @param b [K, N], any strides
     * @param c receives [M, N], row-major from cOff on
     * @param ldc elements between rows of c
     * @param add whether the product is added to c; the first block's sum is then one more addend in order
     */
    void multiply(Matrix a, Matrix b, float[] c, int cOff, int ldc, boolean add) {
        multiply(a, right(b, null), null, c, cOff, ldc, add);
    }

    /**
     * The same, where b may lie in panels already.
     *
     * @param bias [N] that each row of c begins with, or null; only without add
     */
    void multiply(Matrix a, Right b, Dense bias, float[] c, int cOff, int ldc, boolean add) {
        int m = a.rows();
        int n = b.columns();
        int k = a.columns();
        if (m == 0 || n == 0) {
            return;
        }
        Product product = new Product(a, b, bias, c, cOff, ldc, add);
        if (k == 0) {
            for (int i = 0; i < m && !add; i++) {
                Arrays.fill(c, cOff + i * ldc, cOff + i * ldc + n, 0f);
                product.begin(i, 1, 0, n);
            }
            return;
        }
        if (m <= FEW_ROWS) {
            product.fewRows();
        } else {
            product.manyRows();
        }
    }

    /** All of a right operand, panel by panel, each with its whole depth: one row of a then reads it as one stream. */
    float[] pack(Matrix b) {
        int panels = ceil(b.columns(), nr);
        float[] packed = new float[Math.multiplyExact(panels * nr, b.rows())];
        Right right = right(b, null);
        Parallel.parts(panels, p -> {
            for (int q = 0; q < b.rows(); q += DEPTH) {
                right.pack(p, 1, q, Math.min(DEPTH, b.rows() - q), packed, (p * b.rows() + q) * nr);
            }
        });
        return packed;
    }

    /**
     * A matrix as a right operand.
     *
     * @param packed what {@link #pack} gave for it, or null
     */
    Right right(Matrix b, float[] packed) {
        return new Right.Strided(b, packed, micro);
    }

    /** Weights kept as stored [N, K] as the right operand [K, N], or null if their panels are not of this kernel's width. */
    Right right(WeightStorage weights) {
        return weights.panelRows() == nr ? new Right.Stored(weights, micro) : null;
    }

    private static int roundUp(int n, int to) {
        return (n + to - 1) / to * to;
    }

    private static int ceil(int n, int by) {
        return (n + by - 1) / by;
    }

    private final class Product {
        private final Matrix a;
        private final Right b;
        private final float[] packed;
        private final Dense bias;
        private final float[] c;
        private final int cOff;
        private final int ldc;
        private final boolean add;
        private final int m;
        private final int n;
        private final int k;

        Product(Matrix a, Right b, Dense bias, float[] c, int cOff, int ldc, boolean add) {
            this.a = a;
            this.b = b;
            this.packed = b.panels();
            this.bias = bias;
            this.c = c;
            this.cOff = cOff;
            this.ldc = ldc;
            this.add = add || bias != null;
            this.m = a.rows();
            this.n = b.columns();
            this.k = a.columns();
        }

        /** All of a is packed first; a panel of b is packed where it is used, and stays in the first cache meanwhile. */
        void fewRows() {
            int panels = ceil(n, nr);
            // One row needs no packing: its elements are read one by one anyway.
            float[] left = m == 1 ? a.data() : Scratch.take(roundUp(m, mr) * k);
            for (int q = 0; m > 1 && q < k; q += DEPTH) {
                packLeft(left, roundUp(m, mr) * q, 0, m, q);
            }
            boolean small = isSmall(m, n, k);
            int least = small ? panels : Math.clamp(MIN_TASK / ((long) m * nr * k), 1, Math.max(1, panels / TASKS));
            int width = least + (least & 1); // rows of weights take two panels at once
            Parallel.parts(ceil(panels, width), t -> {
                if (m == 1 && b.hasRow()) {
                    oneRow(t * width, Math.min(panels, (t + 1) * width));
                    return;
                }
                float[] right = packed == null ? Scratch.take(nr * DEPTH) : packed;
                float[] edge = Scratch.take(mr * nr);
                for (int p = t * width; p < Math.min(panels, (t + 1) * width); p++) {
                    for (int q = 0; q < k; q += DEPTH) {
                        if (packed == null) {
                            b.pack(p, 1, q, Math.min(DEPTH, k - q), right, 0);
                        }
                        int rightAt = packed == null ? 0 : (p * k + q) * nr;
                        if (m == 1) {
                            if (q == 0) {
                                begin(0, 1, p * nr, Math.min(nr, n - p * nr));
                            }
                            micro.tile(1, Math.min(nr, n - p * nr), Math.min(DEPTH, k - q), left,
                                    a.offset() + q * a.columnStride(), a.columnStride(), right, rightAt, c,
                                    cOff + p * nr, ldc, add || q > 0, edge);
                        } else {
                            panel(0, m, left, roundUp(m, mr) * q, right, rightAt, p, q, edge);
                        }
                    }
                }
                Scratch.give(edge);
                if (packed == null) {
                    Scratch.give(right);
                }
            });
            if (m > 1) {
                Scratch.give(left);
            }
        }

        /** One row times the panels from to to of weights that are decoded as they are read. */
        private void oneRow(int from, int to) {
            float[] sums = Scratch.take(2 * nr);
            for (int p = from; p < to; p += 2) {
                int count = Math.min(2, to - p);
                begin(0, 1, p * nr, Math.min(count * nr, n - p * nr));
                for (int q = 0; q < k; q += DEPTH) {
                    b.row(a.data(), a.offset() + q * a.columnStride(), a.columnStride(), p, count, q,
                            Math.min(DEPTH, k - q), sums);
                    int columns = Math.min(count * nr, n - p * nr);
                    for (int j = 0; j < columns; j++) {
                        c[cOff + p * nr + j] = add || q > 0 ? c[cOff + p * nr + j] + sums[j] : sums[j];
                    }
                }
            }
            Scratch.give(sums);
        }

        /**
         * Block by block of b, which is packed by all threads and then read by all; each task packs the rows of a that it
         * uses, which stay in its second cache meanwhile.
         */
        void manyRows() {
            int blockPanels = Math.max(1, Math.min(ceil(n, nr), BLOCK_COLUMNS / nr));
            int rows = Math.clamp(roundUp(ceil(m, TASKS), mr), roundUp(MIN_TASK_ROWS, mr),
                    Math.max(MIN_TASK_ROWS, MAX_TASK_ROWS) / mr * mr);
            // Equal numbers of tiles: with a smaller last task one thread would wait for the others.
            int tiles = ceil(m, mr);
            int tasks = ceil(m, rows);
            int perTask = Math.clamp(ceil(Math.min(blockPanels, ceil(n, nr)), PACK_TASKS), 1, PACK_PANELS);
            float[] right = packed == null ? Scratch.take(blockPanels * nr * Math.min(k, DEPTH)) : packed;
            for (int p0 = 0; p0 < ceil(n, nr); p0 += blockPanels) {
                int from = p0;
                int to = Math.min(ceil(n, nr), p0 + blockPanels);
                for (int q0 = 0; q0 < k; q0 += DEPTH) {
                    int q = q0;
                    int depth = Math.min(DEPTH, k - q);
                    Parallel.parts(packed == null ? ceil(to - from, perTask) : 0, t -> {
                        int first = from + t * perTask;
                        b.pack(first, Math.min(perTask, to - first), q, depth, right, t * perTask * nr * depth);
                    });
                    Parallel.parts(tasks, t -> {
                        int first = (int) ((long) tiles * t / tasks) * mr;
                        int last = Math.min(m, (int) ((long) tiles * (t + 1) / tasks) * mr);
                        float[] left = Scratch.take(roundUp(last - first, mr) * depth);
                        float[] edge = Scratch.take(mr * nr);
                        packLeft(left, 0, first, last, q);
                        for (int p = from; p < to; p++) {
                            int rightAt = packed == null ? (p - from) * nr * depth : (p * k + q) * nr;
                            panel(first, last, left, 0, right, rightAt, p, q, edge);
                        }
                        Scratch.give(edge);
                        Scratch.give(left);
                    });
                }
            }
            if (packed == null) {
                Scratch.give(right);
            }
        }

        /** Lets a tile of the result begin with the bias, right before its first sum is added. */
        void begin(int row, int rows, int column, int columns) {
            for (int i = row; bias != null && i < row + rows; i++) {
                System.arraycopy(bias.data(), bias.offset() + column, c, cOff + i * ldc + column, columns);
            }
        }

        /** Packs rows of the block that begins at depth q: whole panels, and a last one that may be narrower. */
        private void packLeft(float[] left, int at, int from, int to, int q) {
            int depth = Math.min(DEPTH, k - q);
            int whole = from + (to - from) / mr * mr;
            int data = a.offset() + q * a.columnStride();
            micro.pack(a.data(), data + from * a.rowStride(), a.rowStride(), a.columnStride(), whole - from, depth, left, at,
                    mr);
            if (whole < to) {
                micro.pack(a.data(), data + whole * a.rowStride(), a.rowStride(), a.columnStride(), to - whole, depth, left,
                        at + (whole - from) * depth, micro.panelRows(to - whole));
            }
        }

        /** The part of the result at rows from to to and panel p, for the block that begins at depth q. */
        private void panel(int from, int to, float[] left, int leftAt, float[] right, int rightAt, int p, int q,
                float[] edge) {
            int depth = Math.min(DEPTH, k - q);
            int columns = Math.min(nr, n - p * nr);
            for (int i = from; i < to; i += mr) {
                int rows = Math.min(mr, to - i);
                if (q == 0) {
                    begin(i, rows, p * nr, columns);
                }
                micro.tile(rows, columns, depth, left, leftAt + (i - from) * depth, micro.panelRows(rows), right,
                        rightAt, c, cOff + i * ldc + p * nr, ldc, add || q > 0, edge);
            }
        }
    }
}
