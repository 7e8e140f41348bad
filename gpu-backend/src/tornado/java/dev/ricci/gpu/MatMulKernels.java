package dev.ricci.gpu;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/** Matrix products. */
final class MatMulKernels {
    private MatMulKernels() {
    }

    /**
     * Batches of products, operands in any layout, result dense; perhaps a bias is added to each row. A group makes a
     * tile of 16 x 16, an item one element, its products added in order of k, so that a row has the same bits for every
     * number of rows. Group x: tile of columns; group y: tile of rows, then batch.
     */
    static void kMatMul(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int m = p.get(Params.M);
        int columns = p.get(Params.N);
        int k = p.get(Params.K);
        int tiles = (m + 15) / 16;
        int batch = c.groupIdy / tiles;
        int a = p.get(Params.A) + Index.at(p, Params.STRIDES_A, batch);
        int b = p.get(Params.B) + Index.at(p, Params.STRIDES_B, batch);
        int tx = c.localIdx % 16;
        int ty = c.localIdx / 16;
        int row = (c.groupIdy - batch * tiles) * 16 + ty;
        int column = c.groupIdx * 16 + tx;
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
}
