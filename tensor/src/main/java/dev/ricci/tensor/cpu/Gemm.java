package dev.ricci.tensor.cpu;

import dev.ricci.tensor.cpu.rows.MicroKernel;
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
    static final int DEPTH = 384;
    /** Depth of what is packed at once. */
    private static final int CHUNK_DEPTH = 4 * DEPTH;
    /** Elements of one packed operand, about: a part of the last shared cache. */
    private static final int CHUNK = 1 << 20;
    /** Rows of a task: with DEPTH, what the second cache holds. */
    private static final int MAX_TASK_ROWS = 192;
    private static final int MIN_TASK_ROWS = 48;
    /** Multiply-adds worth a task of its own. */
    private static final long MIN_TASK = 1 << 18;
    private static final int MAX_TASKS = 16;
    /** Elements worth a packing task. */
    private static final int PACK_TASK = 1 << 14;

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
        return (long) m * n * k <= 2 * MIN_TASK;
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
        int m = a.rows();
        int n = b.columns();
        int k = a.columns();
        if (m == 0 || n == 0) {
            return;
        }
        if (k == 0) {
            for (int i = 0; i < m && !add; i++) {
                Arrays.fill(c, cOff + i * ldc, cOff + i * ldc + n, 0f);
            }
            return;
        }
        int kChunk = Math.min(k, CHUNK_DEPTH);
        int mChunk = Math.min(roundUp(m, mr), CHUNK / kChunk / mr * mr);
        int nChunk = Math.min(roundUp(n, nr), CHUNK / kChunk / nr * nr);
        float[] pa = Scratch.take(mChunk * kChunk);
        float[] pb = Scratch.take(nChunk * kChunk);
        for (int m0 = 0; m0 < m; m0 += mChunk) {
            for (int k0 = 0; k0 < k; k0 += kChunk) {
                for (int n0 = 0; n0 < n; n0 += nChunk) {
                    Chunk chunk = new Chunk(a, b, c, cOff, ldc, add || k0 > 0, m0, Math.min(mChunk, m - m0), n0,
                            Math.min(nChunk, n - n0), k0, Math.min(kChunk, k - k0), pa, pb);
                    chunk.run(n0 == 0);
                }
            }
        }
        Scratch.give(pa);
        Scratch.give(pb);
    }

    private static int roundUp(int n, int to) {
        return (n + to - 1) / to * to;
    }

    /** A part of the product whose packed operands fit the caches: m rows, n columns, k deep. */
    private final class Chunk {
        private final Matrix a;
        private final Matrix b;
        private final float[] c;
        private final int cOff;
        private final int ldc;
        private final boolean add;
        private final int m0;
        private final int m;
        private final int n0;
        private final int n;
        private final int k0;
        private final int k;
        private final float[] pa;
        private final float[] pb;
        private final int mPad;
        private final int nPad;

        Chunk(Matrix a, Matrix b, float[] c, int cOff, int ldc, boolean add, int m0, int m, int n0, int n, int k0,
                int k, float[] pa, float[] pb) {
            this.a = a;
            this.b = b;
            this.c = c;
            this.cOff = cOff;
            this.ldc = ldc;
            this.add = add;
            this.m0 = m0;
            this.m = m;
            this.n0 = n0;
            this.n = n;
            this.k0 = k0;
            this.k = k;
            this.pa = pa;
            this.pb = pb;
            this.mPad = roundUp(m, mr);
            this.nPad = roundUp(n, nr);
        }

        void run(boolean packA) {
            if (isSmall(m, n, k)) {
                if (packA) {
                    packA(0, mPad / mr);
                }
                packB(0, nPad / nr);
                compute(0, m, 0, n);
                return;
            }
            boolean skinny = m <= MIN_TASK_ROWS;
            int perA = Math.max(1, PACK_TASK / (mr * k));
            int perB = Math.max(1, PACK_TASK / (nr * k));
            int tasksA = packA ? ceil(mPad / mr, perA) : 0;
            int tasksB = skinny ? 0 : ceil(nPad / nr, perB);
            Parallel.parts(tasksA + tasksB, t -> {
                if (t < tasksA) {
                    packA(t * perA, Math.min(mPad / mr, (t + 1) * perA));
                } else {
                    packB((t - tasksA) * perB, Math.min(nPad / nr, (t - tasksA + 1) * perB));
                }
            });
            long work = (long) m * n * k;
            int wanted = Math.clamp(work / MIN_TASK, 1, MAX_TASKS);
            int rows = Math.clamp(roundUp(ceil(m, wanted), mr), roundUp(MIN_TASK_ROWS, mr), MAX_TASK_ROWS);
            int blocks = ceil(m, rows);
            int columns = Math.max(2 * nr, roundUp(ceil(n, ceil(wanted, blocks)), nr));
            Parallel.parts(blocks * ceil(n, columns), t -> {
                int r = t % blocks * rows;
                int s = t / blocks * columns;
                int end = Math.min(n, s + columns);
                if (skinny) {
                    // Few rows: a panel of b is used once, so it is packed where it is used, while it is in the cache.
                    packB(s / nr, ceil(end, nr));
                }
                compute(r, Math.min(m, r + rows), s, end);
            });
        }

        private static int ceil(int n, int by) {
            return (n + by - 1) / by;
        }

        private void packA(int from, int to) {
            for (int q = 0; q < k; q += DEPTH) {
                int depth = Math.min(DEPTH, k - q);
                for (int p = from; p < to; p++) {
                    int at = a.offset() + (m0 + p * mr) * a.rowStride() + (k0 + q) * a.columnStride();
                    Packing.panel(a.data(), at, a.rowStride(), a.columnStride(), Math.min(mr, m - p * mr), depth, pa,
                            q * mPad + p * mr * depth, mr);
                }
            }
        }

        private void packB(int from, int to) {
            for (int q = 0; q < k; q += DEPTH) {
                int depth = Math.min(DEPTH, k - q);
                for (int p = from; p < to; p++) {
                    int at = b.offset() + (n0 + p * nr) * b.columnStride() + (k0 + q) * b.rowStride();
                    Packing.panel(b.data(), at, b.columnStride(), b.rowStride(), Math.min(nr, n - p * nr), depth, pb,
                            q * nPad + p * nr * depth, nr);
                }
            }
        }

        private void compute(int rowFrom, int rowTo, int columnFrom, int columnTo) {
            float[] edge = Scratch.take(mr * nr);
            for (int q = 0; q < k; q += DEPTH) {
                int depth = Math.min(DEPTH, k - q);
                for (int j = columnFrom; j < columnTo; j += nr) {
                    int bAt = q * nPad + j * depth;
                    for (int i = rowFrom; i < rowTo; i += mr) {
                        micro.tile(Math.min(mr, rowTo - i), Math.min(nr, columnTo - j), depth, pa,
                                q * mPad + i * depth, pb, bAt, c, cOff + (m0 + i) * ldc + n0 + j, ldc, add || q > 0,
                                edge);
                    }
                }
            }
            Scratch.give(edge);
        }
    }
}
