package dev.ricci.gpu.probe;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Half-precision matrix products on tensor cores (NVIDIA backends only): C in F32 = A * B. A work-group of 8 warps makes a tile of 128 x 128, each
 * warp 32 x 64 of it as 2 x 8 fragments. {@code cfg = [m, n, k, a, b, c]}; m and n are multiples of 128, k of 32.
 *
 * <p>In local memory A lies as slabs of 16 columns, a row of a slab in 8 words; B as panels of 8 columns, a row of a panel in 4 words and a panel
 * padded from 64 to 68 words so that the eight panels that a warp writes fall on different banks.
 */
final class HalfKernels {
    private HalfKernels() {
    }

    private static final int SLAB = 128 * 8;
    private static final int PANEL = 68;
    private static final int B_SLAB = 16 * PANEL;

    /** BF16 operands, two to a word of an {@code IntArray}; tiles are loaded and stored by the items themselves. */
    static void packedBf16(KernelContext context, IntArray halves, FloatArray out, IntArray cfg) {
        int n = cfg.get(1);
        int k = cfg.get(2);
        int a = cfg.get(3);
        int b = cfg.get(4);
        int c = cfg.get(5);
        int tid = context.localIdx;
        int warp = tid / 32;
        int row0 = context.groupIdy * 128;
        int col0 = context.groupIdx * 128;
        int[] tileA = context.allocateIntLocalArray(2 * SLAB);
        int[] tileB = context.allocateIntLocalArray(2 * B_SLAB);
        float[] c00 = context.mmaFragment(0f);
        float[] c01 = context.mmaFragment(0f);
        float[] c02 = context.mmaFragment(0f);
        float[] c03 = context.mmaFragment(0f);
        float[] c04 = context.mmaFragment(0f);
        float[] c05 = context.mmaFragment(0f);
        float[] c06 = context.mmaFragment(0f);
        float[] c07 = context.mmaFragment(0f);
        float[] c10 = context.mmaFragment(0f);
        float[] c11 = context.mmaFragment(0f);
        float[] c12 = context.mmaFragment(0f);
        float[] c13 = context.mmaFragment(0f);
        float[] c14 = context.mmaFragment(0f);
        float[] c15 = context.mmaFragment(0f);
        float[] c16 = context.mmaFragment(0f);
        float[] c17 = context.mmaFragment(0f);
        int offA = (warp / 2) * 1024;
        int offB = (warp % 2) * 8 * PANEL * 4;
        for (int k0 = 0; k0 < k; k0 += 32) {
            for (int i = tid; i < 2 * SLAB; i += 256) {
                int row = i / 16;
                int word = i % 16;
                tileA[(word / 8) * SLAB + row * 8 + word % 8] = halves.get((a + (row0 + row) * k + k0) / 2 + word);
            }
            for (int i = tid; i < 32 * 64; i += 256) {
                int d = i / 64;
                int word = i % 64;
                tileB[(d / 16) * B_SLAB + (word / 4) * PANEL + (d % 16) * 4 + word % 4] = halves.get((b + (k0 + d) * n + col0) / 2 + word);
            }
            context.localBarrier();
            for (int slab = 0; slab < 2; slab++) {
                int atA = slab * SLAB * 4 + offA;
                int atB = slab * B_SLAB * 4 + offB;
                HalfFloat[] a0 = context.mmaLoadA(tileA, 16, atA);
                HalfFloat[] a1 = context.mmaLoadA(tileA, 16, atA + 512);
                HalfFloat[] b0 = context.mmaLoadB(tileB, 16, atB);
                HalfFloat[] b1 = context.mmaLoadB(tileB, 16, atB + PANEL * 4);
                HalfFloat[] b2 = context.mmaLoadB(tileB, 16, atB + 2 * PANEL * 4);
                HalfFloat[] b3 = context.mmaLoadB(tileB, 16, atB + 3 * PANEL * 4);
                HalfFloat[] b4 = context.mmaLoadB(tileB, 16, atB + 4 * PANEL * 4);
                HalfFloat[] b5 = context.mmaLoadB(tileB, 16, atB + 5 * PANEL * 4);
                HalfFloat[] b6 = context.mmaLoadB(tileB, 16, atB + 6 * PANEL * 4);
                HalfFloat[] b7 = context.mmaLoadB(tileB, 16, atB + 7 * PANEL * 4);
                c00 = context.mmaBF16(a0, b0, c00, MMAShape.M16N8K16);
                c01 = context.mmaBF16(a0, b1, c01, MMAShape.M16N8K16);
                c02 = context.mmaBF16(a0, b2, c02, MMAShape.M16N8K16);
                c03 = context.mmaBF16(a0, b3, c03, MMAShape.M16N8K16);
                c04 = context.mmaBF16(a0, b4, c04, MMAShape.M16N8K16);
                c05 = context.mmaBF16(a0, b5, c05, MMAShape.M16N8K16);
                c06 = context.mmaBF16(a0, b6, c06, MMAShape.M16N8K16);
                c07 = context.mmaBF16(a0, b7, c07, MMAShape.M16N8K16);
                c10 = context.mmaBF16(a1, b0, c10, MMAShape.M16N8K16);
                c11 = context.mmaBF16(a1, b1, c11, MMAShape.M16N8K16);
                c12 = context.mmaBF16(a1, b2, c12, MMAShape.M16N8K16);
                c13 = context.mmaBF16(a1, b3, c13, MMAShape.M16N8K16);
                c14 = context.mmaBF16(a1, b4, c14, MMAShape.M16N8K16);
                c15 = context.mmaBF16(a1, b5, c15, MMAShape.M16N8K16);
                c16 = context.mmaBF16(a1, b6, c16, MMAShape.M16N8K16);
                c17 = context.mmaBF16(a1, b7, c17, MMAShape.M16N8K16);
            }
            context.localBarrier();
        }
        int row = row0 + (warp / 2) * 32;
        int col = c + col0 + (warp % 2) * 64;
        context.mmaStore(c00, out, row, col, n);
        context.mmaStore(c01, out, row, col + 8, n);
        context.mmaStore(c02, out, row, col + 16, n);
        context.mmaStore(c03, out, row, col + 24, n);
        context.mmaStore(c04, out, row, col + 32, n);
        context.mmaStore(c05, out, row, col + 40, n);
        context.mmaStore(c06, out, row, col + 48, n);
        context.mmaStore(c07, out, row, col + 56, n);
        context.mmaStore(c10, out, row + 16, col, n);
        context.mmaStore(c11, out, row + 16, col + 8, n);
        context.mmaStore(c12, out, row + 16, col + 16, n);
        context.mmaStore(c13, out, row + 16, col + 24, n);
        context.mmaStore(c14, out, row + 16, col + 32, n);
        context.mmaStore(c15, out, row + 16, col + 40, n);
        context.mmaStore(c16, out, row + 16, col + 48, n);
        context.mmaStore(c17, out, row + 16, col + 56, n);
    }

    /** F16 operands in a {@code HalfFloatArray}; two buffers in local memory, the next one filled by asynchronous copies while one is multiplied. */
    static void asyncF16(KernelContext context, HalfFloatArray halves, FloatArray out, IntArray cfg) {
        int n = cfg.get(1);
        int k = cfg.get(2);
        int a = cfg.get(3);
        int b = cfg.get(4);
        int c = cfg.get(5);
        int tid = context.localIdx;
        int warp = tid / 32;
        int row0 = context.groupIdy * 128;
        int col0 = context.groupIdx * 128;
        int[] tileA = context.allocateIntLocalArray(4 * SLAB);
        int[] tileB = context.allocateIntLocalArray(4 * B_SLAB);
        float[] c00 = context.mmaFragment(0f);
        float[] c01 = context.mmaFragment(0f);
        float[] c02 = context.mmaFragment(0f);
        float[] c03 = context.mmaFragment(0f);
        float[] c04 = context.mmaFragment(0f);
        float[] c05 = context.mmaFragment(0f);
        float[] c06 = context.mmaFragment(0f);
        float[] c07 = context.mmaFragment(0f);
        float[] c10 = context.mmaFragment(0f);
        float[] c11 = context.mmaFragment(0f);
        float[] c12 = context.mmaFragment(0f);
        float[] c13 = context.mmaFragment(0f);
        float[] c14 = context.mmaFragment(0f);
        float[] c15 = context.mmaFragment(0f);
        float[] c16 = context.mmaFragment(0f);
        float[] c17 = context.mmaFragment(0f);
        int offA = (warp / 2) * 1024;
        int offB = (warp % 2) * 8 * PANEL * 4;
        int rowA = tid / 16;
        int wordA = tid % 16;
        int toA = (wordA / 8) * SLAB + rowA * 8 + wordA % 8;
        int fromA = a + (row0 + rowA) * k + wordA * 2;
        int rowB = tid / 64;
        int wordB = tid % 64;
        int toB = (wordB / 4) * PANEL + rowB * 4 + wordB % 4;
        int fromB = b + rowB * n + col0 + wordB * 2;
        for (int i = 0; i < 8; i++) {
            context.asyncCopyToLocal(tileA, toA + i * 128, halves, fromA + i * 16 * k);
            context.asyncCopyToLocal(tileB, toB + (i / 4) * B_SLAB + (i % 4) * 16, halves, fromB + i * 4 * n);
        }
        context.asyncCopyCommit();
        int buffer = 0;
        for (int k0 = 0; k0 < k; k0 += 32) {
            context.asyncCopyWaitGroup(0);
            context.localBarrier();
            int next = 1 - buffer;
            if (k0 + 32 < k) {
                for (int i = 0; i < 8; i++) {
                    context.asyncCopyToLocal(tileA, next * 2 * SLAB + toA + i * 128, halves, fromA + k0 + 32 + i * 16 * k);
                    context.asyncCopyToLocal(tileB, next * 2 * B_SLAB + toB + (i / 4) * B_SLAB + (i % 4) * 16, halves, fromB + (k0 + 32 + i * 4) * n);
                }
                context.asyncCopyCommit();
            }
            for (int slab = 0; slab < 2; slab++) {
                int atA = (buffer * 2 + slab) * SLAB * 4 + offA;
                int atB = (buffer * 2 + slab) * B_SLAB * 4 + offB;
                HalfFloat[] a0 = context.mmaLoadA(tileA, 16, atA);
                HalfFloat[] a1 = context.mmaLoadA(tileA, 16, atA + 512);
                HalfFloat[] b0 = context.mmaLoadB(tileB, 16, atB);
                HalfFloat[] b1 = context.mmaLoadB(tileB, 16, atB + PANEL * 4);
                HalfFloat[] b2 = context.mmaLoadB(tileB, 16, atB + 2 * PANEL * 4);
                HalfFloat[] b3 = context.mmaLoadB(tileB, 16, atB + 3 * PANEL * 4);
                HalfFloat[] b4 = context.mmaLoadB(tileB, 16, atB + 4 * PANEL * 4);
                HalfFloat[] b5 = context.mmaLoadB(tileB, 16, atB + 5 * PANEL * 4);
                HalfFloat[] b6 = context.mmaLoadB(tileB, 16, atB + 6 * PANEL * 4);
                HalfFloat[] b7 = context.mmaLoadB(tileB, 16, atB + 7 * PANEL * 4);
                c00 = context.mma(a0, b0, c00, MMAShape.M16N8K16);
                c01 = context.mma(a0, b1, c01, MMAShape.M16N8K16);
                c02 = context.mma(a0, b2, c02, MMAShape.M16N8K16);
                c03 = context.mma(a0, b3, c03, MMAShape.M16N8K16);
                c04 = context.mma(a0, b4, c04, MMAShape.M16N8K16);
                c05 = context.mma(a0, b5, c05, MMAShape.M16N8K16);
                c06 = context.mma(a0, b6, c06, MMAShape.M16N8K16);
                c07 = context.mma(a0, b7, c07, MMAShape.M16N8K16);
                c10 = context.mma(a1, b0, c10, MMAShape.M16N8K16);
                c11 = context.mma(a1, b1, c11, MMAShape.M16N8K16);
                c12 = context.mma(a1, b2, c12, MMAShape.M16N8K16);
                c13 = context.mma(a1, b3, c13, MMAShape.M16N8K16);
                c14 = context.mma(a1, b4, c14, MMAShape.M16N8K16);
                c15 = context.mma(a1, b5, c15, MMAShape.M16N8K16);
                c16 = context.mma(a1, b6, c16, MMAShape.M16N8K16);
                c17 = context.mma(a1, b7, c17, MMAShape.M16N8K16);
            }
            buffer = next;
        }
        int row = row0 + (warp / 2) * 32;
        int col = c + col0 + (warp % 2) * 64;
        context.mmaStore(c00, out, row, col, n);
        context.mmaStore(c01, out, row, col + 8, n);
        context.mmaStore(c02, out, row, col + 16, n);
        context.mmaStore(c03, out, row, col + 24, n);
        context.mmaStore(c04, out, row, col + 32, n);
        context.mmaStore(c05, out, row, col + 40, n);
        context.mmaStore(c06, out, row, col + 48, n);
        context.mmaStore(c07, out, row, col + 56, n);
        context.mmaStore(c10, out, row + 16, col, n);
        context.mmaStore(c11, out, row + 16, col + 8, n);
        context.mmaStore(c12, out, row + 16, col + 16, n);
        context.mmaStore(c13, out, row + 16, col + 24, n);
        context.mmaStore(c14, out, row + 16, col + 32, n);
        context.mmaStore(c15, out, row + 16, col + 40, n);
        context.mmaStore(c16, out, row + 16, col + 48, n);
        context.mmaStore(c17, out, row + 16, col + 56, n);
    }
}
