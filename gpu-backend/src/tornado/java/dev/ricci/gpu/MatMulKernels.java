package dev.ricci.gpu;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/**
 * Matrix products: batches of them, operands in any layout, result dense; perhaps a bias is added to each row. All kernels
 * add the products of an element one by one in order of k, from zero on, and zeros up to a multiple of 16, so they give
 * the same bits, and a row has the same bits for every number of rows. Groups count tiles of columns, then tiles of rows,
 * then batches.
 */
final class MatMulKernels {
    private MatMulKernels() {
    }

    /** A group makes a tile of 16 x 16, an item one element. */
    static void kMatMul(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int m = p.get(Params.M);
        int columns = p.get(Params.N);
        int k = p.get(Params.K);
        int across = (columns + 15) / 16;
        int tiles = (m + 15) / 16;
        int line = c.groupIdx / across;
        int batch = line / tiles;
        int a = p.get(Params.A) + Index.at(p, Params.STRIDES_A, batch);
        int b = p.get(Params.B) + Index.at(p, Params.STRIDES_B, batch);
        int tx = c.localIdx % 16;
        int ty = c.localIdx / 16;
        int row = (line - batch * tiles) * 16 + ty;
        int column = (c.groupIdx - line * across) * 16 + tx;
        float[] left = c.allocateFloatLocalArray(256);
        float[] right = c.allocateFloatLocalArray(256);
        float sum = 0f;
        for (int k0 = 0; k0 < k; k0 += 16) {
            float x = 0f;
            float y = 0f;
            if (row < m && k0 + tx < k) {
                x = f.get(a + row * p.get(Params.A_ROW) + (k0 + tx) * p.get(Params.A_COLUMN));
            }
            if (column < columns && k0 + ty < k) {
                y = f.get(b + (k0 + ty) * p.get(Params.B_ROW) + column * p.get(Params.B_COLUMN));
            }
            left[ty * 16 + tx] = x;
            right[ty * 16 + tx] = y;
            c.localBarrier();
            for (int d = 0; d < 16; d++) {
                // Beyond k stand zeros, but zero times the other operand's NaN must not count: both are zero there.
                sum += left[ty * 16 + d] * right[d * 16 + tx];
            }
            c.localBarrier();
        }
        if (row < m && column < columns) {
            if (p.get(Params.FLAG) == 1) {
                sum = sum + f.get(p.get(Params.C) + column * p.get(Params.SECOND));
            }
            f.set(p.get(Params.OUT) + (batch * m + row) * columns + column, sum);
        }
    }

    /**
     * Up to 8 rows, which cost what reading B costs: a group makes 32 columns of them, an item one element. The next 128
     * rows of B are read into registers while the present ones are multiplied. EXTRA: B lies by columns, and neighbouring
     * items read along them.
     */
    static void kMatMulFew(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int m = p.get(Params.M);
        int columns = p.get(Params.N);
        int k = p.get(Params.K);
        int across = (columns + 31) / 32;
        int batch = c.groupIdx / across;
        int a = p.get(Params.A) + Index.at(p, Params.STRIDES_A, batch);
        int b = p.get(Params.B) + Index.at(p, Params.STRIDES_B, batch);
        int tx = c.localIdx % 32;
        int ty = c.localIdx / 32;
        int first = (c.groupIdx - batch * across) * 32;
        // What an item reads of B: 4 x 4 elements, i steps in one direction and j steps in the other.
        int byColumns = p.get(Params.EXTRA);
        int kFrom = byColumns == 1 ? tx : ty;
        int kI = byColumns == 1 ? 0 : 32;
        int kJ = byColumns == 1 ? 32 : 8;
        int columnFrom = byColumns == 1 ? ty : tx;
        int columnI = byColumns == 1 ? 8 : 0;
        int left0 = a + Math.min(ty, m - 1) * p.get(Params.A_ROW);
        float[] left = c.allocateFloatLocalArray(8 * 128);
        float[] right = c.allocateFloatLocalArray(128 * 33);
        float[] nextA = new float[4];
        float[] nextB = new float[16];
        float sum = 0f;
        for (int k0 = -128; k0 < k; k0 += 128) {
            int ahead = k0 + 128;
            if (ahead < k) {
                for (int j = 0; j < 4; j++) {
                    nextA[j] = 0f;
                    if (ahead + tx + 32 * j < k) {
                        nextA[j] = f.get(left0 + (ahead + tx + 32 * j) * p.get(Params.A_COLUMN));
                    }
                }
                for (int i = 0; i < 4; i++) {
                    int column = Math.min(first + columnFrom + i * columnI, columns - 1);
                    for (int j = 0; j < 4; j++) {
                        int d = ahead + kFrom + i * kI + j * kJ;
                        nextB[i * 4 + j] = 0f;
                        if (d < k) {
                            nextB[i * 4 + j] = f.get(b + d * p.get(Params.B_ROW) + column * p.get(Params.B_COLUMN));
                        }
                    }
                }
            }
            if (k0 >= 0) {
                if (ty < m) {
                    int depth = Math.min(128, k - k0);
                    for (int d0 = 0; d0 < depth; d0 += 16) {
                        for (int d = 0; d < 16; d++) {
                            sum += left[ty * 128 + d0 + d] * right[(d0 + d) * 33 + tx];
                        }
                    }
                }
            }
            c.localBarrier();
            if (ahead < k) {
                for (int j = 0; j < 4; j++) {
                    left[ty * 128 + tx + 32 * j] = nextA[j];
                }
                for (int i = 0; i < 4; i++) {
                    for (int j = 0; j < 4; j++) {
                        right[(kFrom + i * kI + j * kJ) * 33 + columnFrom + i * columnI] = nextB[i * 4 + j];
                    }
                }
            }
            c.localBarrier();
        }
        int column = first + tx;
        if (ty < m && column < columns) {
            if (p.get(Params.FLAG) == 1) {
                sum = sum + f.get(p.get(Params.C) + column * p.get(Params.SECOND));
            }
            f.set(p.get(Params.OUT) + (batch * m + ty) * columns + column, sum);
        }
    }

    /**
     * A group makes a tile of 128 x 128, an item 8 x 8 sums 16 apart, so that neighbours touch neighbouring words of local
     * memory, which is read one word at a time. The next 16 columns of A and rows of B are read into registers while the
     * present ones are multiplied. THIRD: A lies by columns; EXTRA: B does; neighbouring items read what lies side by side.
     */
    static void kMatMulLarge(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int m = p.get(Params.M);
        int columns = p.get(Params.N);
        int k = p.get(Params.K);
        int across = (columns + 127) / 128;
        int tiles = (m + 127) / 128;
        int line = c.groupIdx / across;
        int batch = line / tiles;
        int a = p.get(Params.A) + Index.at(p, Params.STRIDES_A, batch);
        int b = p.get(Params.B) + Index.at(p, Params.STRIDES_B, batch);
        int row0 = (line - batch * tiles) * 128;
        int column0 = (c.groupIdx - line * across) * 128;
        int tid = c.localIdx;
        int ty = tid / 16;
        int tx = tid % 16;
        // An item reads 8 elements of each, 16 rows or columns apart.
        int aK = p.get(Params.THIRD) == 1 ? ty : tx;
        int aRow = p.get(Params.THIRD) == 1 ? tx : ty;
        int aFrom = a + (row0 + aRow) * p.get(Params.A_ROW) + aK * p.get(Params.A_COLUMN);
        int aStep = 16 * p.get(Params.A_ROW);
        int bK = p.get(Params.EXTRA) == 1 ? tx : ty;
        int bColumn = p.get(Params.EXTRA) == 1 ? ty : tx;
        int bFrom = b + (column0 + bColumn) * p.get(Params.B_COLUMN) + bK * p.get(Params.B_ROW);
        int bStep = 16 * p.get(Params.B_COLUMN);
        float[] tileA = c.allocateFloatLocalArray(2 * 16 * 130);
        float[] tileB = c.allocateFloatLocalArray(2 * 16 * 130);
        float[] sum = new float[64];
        float[] left = new float[8];
        float[] right = new float[8];
        float[] nextA = new float[8];
        float[] nextB = new float[8];
        for (int i = 0; i < 64; i++) {
            sum[i] = 0f;
        }
        int buffer = 0;
        for (int k0 = -16; k0 < k; k0 += 16) {
            int ahead = k0 + 16;
            if (ahead < k) {
                int aAt = aFrom + ahead * p.get(Params.A_COLUMN);
                int bAt = bFrom + ahead * p.get(Params.B_ROW);
                for (int i = 0; i < 8; i++) {
                    nextA[i] = 0f;
                    if (ahead + aK < k && row0 + aRow + 16 * i < m) {
                        nextA[i] = f.get(aAt + aStep * i);
                    }
                }
                for (int i = 0; i < 8; i++) {
                    nextB[i] = 0f;
                    if (ahead + bK < k && column0 + bColumn + 16 * i < columns) {
                        nextB[i] = f.get(bAt + bStep * i);
                    }
                }
            }
            if (k0 >= 0) {
                for (int d = 0; d < 16; d++) {
                    for (int i = 0; i < 8; i++) {
                        left[i] = tileA[(buffer * 16 + d) * 130 + ty + 16 * i];
                    }
                    for (int j = 0; j < 8; j++) {
                        right[j] = tileB[(buffer * 16 + d) * 130 + tx + 16 * j];
                    }
                    for (int i = 0; i < 8; i++) {
                        for (int j = 0; j < 8; j++) {
                            sum[i * 8 + j] += left[i] * right[j];
                        }
                    }
                }
            }
            buffer = 1 - buffer;
            if (ahead < k) {
                for (int i = 0; i < 8; i++) {
                    tileA[(buffer * 16 + aK) * 130 + aRow + 16 * i] = nextA[i];
                }
                for (int i = 0; i < 8; i++) {
                    tileB[(buffer * 16 + bK) * 130 + bColumn + 16 * i] = nextB[i];
                }
            }
            c.localBarrier();
        }
        for (int j = 0; j < 8; j++) {
            int column = column0 + tx + 16 * j;
            if (column < columns) {
                float bias = 0f;
                if (p.get(Params.FLAG) == 1) {
                    bias = f.get(p.get(Params.C) + column * p.get(Params.SECOND));
                }
                for (int i = 0; i < 8; i++) {
                    int row = row0 + ty + 16 * i;
                    if (row < m) {
                        float y = sum[i * 8 + j];
                        if (p.get(Params.FLAG) == 1) {
                            y = y + bias;
                        }
                        f.set(p.get(Params.OUT) + (batch * m + row) * columns + column, y);
                    }
                }
            }
        }
    }
}
