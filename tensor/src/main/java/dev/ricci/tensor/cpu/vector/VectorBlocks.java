package dev.ricci.tensor.cpu.vector;

import static dev.ricci.tensor.cpu.vector.Lanes.F;
import static dev.ricci.tensor.cpu.vector.Lanes.N;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * Copies of blocks of floats, transposed or not. A square of vectors is transposed in registers: each step swaps the
 * off-diagonal halves of blocks half as large. It is unrolled by hand, because rows in an array would be boxed.
 */
final class VectorBlocks {
    private static final VectorShuffle<Float> SWAP_8 = swap(8);
    private static final VectorShuffle<Float> SWAP_4 = swap(4);
    private static final VectorShuffle<Float> SWAP_2 = swap(2);
    private static final VectorShuffle<Float> SWAP_1 = swap(1);
    private static final VectorMask<Float> ODD_8 = VectorMask.fromLong(F, 0xFF00);
    private static final VectorMask<Float> ODD_4 = VectorMask.fromLong(F, 0xF0F0);
    private static final VectorMask<Float> ODD_2 = VectorMask.fromLong(F, 0xCCCC);
    private static final VectorMask<Float> ODD_1 = VectorMask.fromLong(F, 0xAAAA);

    private VectorBlocks() {
    }

    private static VectorShuffle<Float> swap(int distance) {
        return VectorShuffle.fromOp(F, i -> (i ^ distance) % N);
    }

    /** See {@link dev.ricci.tensor.cpu.rows.Rows#copy}. */
    static void copy(float[] x, int xo, int ldx, int rows, int columns, float[] out, int oo, int ldo) {
        if (columns < N && N == 4) {
            scalarCopy(x, xo, ldx, rows, columns, out, oo, ldo);
        } else if (columns < N) {
            VectorMask<Float> mask = F.indexInRange(0, columns);
            for (int r = 0; r < rows; r++) {
                FloatVector.fromArray(F, x, xo + r * ldx, mask).intoArray(out, oo + r * ldo, mask);
            }
        } else {
            for (int r = 0; r < rows; r++) {
                int from = xo + r * ldx;
                int to = oo + r * ldo;
                for (int c = 0; c <= columns - N; c += N) {
                    FloatVector.fromArray(F, x, from + c).intoArray(out, to + c);
                }
                if (columns % N != 0) {
                    FloatVector.fromArray(F, x, from + columns - N).intoArray(out, to + columns - N);
                }
            }
        }
    }

    private static void scalarCopy(float[] x, int xo, int ldx, int rows, int columns, float[] out, int oo, int ldo) {
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                out[oo + r * ldo + c] = x[xo + r * ldx + c];
            }
        }
    }

    /** See {@link dev.ricci.tensor.cpu.rows.Rows#transpose}. */
    static void transpose(float[] x, int xo, int ldx, int rows, int columns, float[] out, int oo, int ldo) {
        int covered = columns < N ? 0 : rows / N * N;
        for (int r = 0; r < covered; r += N) {
            int c = 0;
            for (; c <= columns - N; c += N) {
                square(x, xo + r * ldx + c, ldx, N - 1, out, oo + c * ldo + r, ldo);
            }
            if (c < columns) {
                c = columns - N;
                square(x, xo + r * ldx + c, ldx, N - 1, out, oo + c * ldo + r, ldo);
            }
        }
        for (int r = covered; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                out[oo + c * ldo + r] = x[xo + r * ldx + c];
            }
        }
    }

    /**
     * out[oo + p ldo + i] = x[xo + min(i, last) ldx + p] for p and i below N. No row is read behind the last; a branch
     * around a load, or a mask on the stores, would make the compiler keep vectors in memory, in some runs or in all.
     */
    static void square(float[] x, int xo, int ldx, int last, float[] out, int oo, int ldo) {
        switch (N) {
            case 16 -> square16(x, xo, ldx, last, out, oo, ldo);
            case 8 -> square8(x, xo, ldx, last, out, oo, ldo);
            default -> square4(x, xo, ldx, last, out, oo, ldo);
        }
    }

    private static void square16(float[] x, int xo, int ldx, int last, float[] out, int oo,
            int ldo) {
        FloatVector r0 = FloatVector.fromArray(F, x, xo);
        FloatVector r1 = FloatVector.fromArray(F, x, xo + Math.min(1, last) * ldx);
        FloatVector r2 = FloatVector.fromArray(F, x, xo + Math.min(2, last) * ldx);
        FloatVector r3 = FloatVector.fromArray(F, x, xo + Math.min(3, last) * ldx);
        FloatVector r4 = FloatVector.fromArray(F, x, xo + Math.min(4, last) * ldx);
        FloatVector r5 = FloatVector.fromArray(F, x, xo + Math.min(5, last) * ldx);
        FloatVector r6 = FloatVector.fromArray(F, x, xo + Math.min(6, last) * ldx);
        FloatVector r7 = FloatVector.fromArray(F, x, xo + Math.min(7, last) * ldx);
        FloatVector r8 = FloatVector.fromArray(F, x, xo + Math.min(8, last) * ldx);
        FloatVector r9 = FloatVector.fromArray(F, x, xo + Math.min(9, last) * ldx);
        FloatVector r10 = FloatVector.fromArray(F, x, xo + Math.min(10, last) * ldx);
        FloatVector r11 = FloatVector.fromArray(F, x, xo + Math.min(11, last) * ldx);
        FloatVector r12 = FloatVector.fromArray(F, x, xo + Math.min(12, last) * ldx);
        FloatVector r13 = FloatVector.fromArray(F, x, xo + Math.min(13, last) * ldx);
        FloatVector r14 = FloatVector.fromArray(F, x, xo + Math.min(14, last) * ldx);
        FloatVector r15 = FloatVector.fromArray(F, x, xo + Math.min(15, last) * ldx);
        FloatVector t;
        t = r0.blend(r8.rearrange(SWAP_8), ODD_8);
        r8 = r0.rearrange(SWAP_8).blend(r8, ODD_8);
        r0 = t;
        t = r1.blend(r9.rearrange(SWAP_8), ODD_8);
        r9 = r1.rearrange(SWAP_8).blend(r9, ODD_8);
        r1 = t;
        t = r2.blend(r10.rearrange(SWAP_8), ODD_8);
        r10 = r2.rearrange(SWAP_8).blend(r10, ODD_8);
        r2 = t;
        t = r3.blend(r11.rearrange(SWAP_8), ODD_8);
        r11 = r3.rearrange(SWAP_8).blend(r11, ODD_8);
        r3 = t;
        t = r4.blend(r12.rearrange(SWAP_8), ODD_8);
        r12 = r4.rearrange(SWAP_8).blend(r12, ODD_8);
        r4 = t;
        t = r5.blend(r13.rearrange(SWAP_8), ODD_8);
        r13 = r5.rearrange(SWAP_8).blend(r13, ODD_8);
        r5 = t;
        t = r6.blend(r14.rearrange(SWAP_8), ODD_8);
        r14 = r6.rearrange(SWAP_8).blend(r14, ODD_8);
        r6 = t;
        t = r7.blend(r15.rearrange(SWAP_8), ODD_8);
        r15 = r7.rearrange(SWAP_8).blend(r15, ODD_8);
        r7 = t;
        t = r0.blend(r4.rearrange(SWAP_4), ODD_4);
        r4 = r0.rearrange(SWAP_4).blend(r4, ODD_4);
        r0 = t;
        t = r1.blend(r5.rearrange(SWAP_4), ODD_4);
        r5 = r1.rearrange(SWAP_4).blend(r5, ODD_4);
        r1 = t;
        t = r2.blend(r6.rearrange(SWAP_4), ODD_4);
        r6 = r2.rearrange(SWAP_4).blend(r6, ODD_4);
        r2 = t;
        t = r3.blend(r7.rearrange(SWAP_4), ODD_4);
        r7 = r3.rearrange(SWAP_4).blend(r7, ODD_4);
        r3 = t;
        t = r8.blend(r12.rearrange(SWAP_4), ODD_4);
        r12 = r8.rearrange(SWAP_4).blend(r12, ODD_4);
        r8 = t;
        t = r9.blend(r13.rearrange(SWAP_4), ODD_4);
        r13 = r9.rearrange(SWAP_4).blend(r13, ODD_4);
        r9 = t;
        t = r10.blend(r14.rearrange(SWAP_4), ODD_4);
        r14 = r10.rearrange(SWAP_4).blend(r14, ODD_4);
        r10 = t;
        t = r11.blend(r15.rearrange(SWAP_4), ODD_4);
        r15 = r11.rearrange(SWAP_4).blend(r15, ODD_4);
        r11 = t;
        t = r0.blend(r2.rearrange(SWAP_2), ODD_2);
        r2 = r0.rearrange(SWAP_2).blend(r2, ODD_2);
        r0 = t;
        t = r1.blend(r3.rearrange(SWAP_2), ODD_2);
        r3 = r1.rearrange(SWAP_2).blend(r3, ODD_2);
        r1 = t;
        t = r4.blend(r6.rearrange(SWAP_2), ODD_2);
        r6 = r4.rearrange(SWAP_2).blend(r6, ODD_2);
        r4 = t;
        t = r5.blend(r7.rearrange(SWAP_2), ODD_2);
        r7 = r5.rearrange(SWAP_2).blend(r7, ODD_2);
        r5 = t;
        t = r8.blend(r10.rearrange(SWAP_2), ODD_2);
        r10 = r8.rearrange(SWAP_2).blend(r10, ODD_2);
        r8 = t;
        t = r9.blend(r11.rearrange(SWAP_2), ODD_2);
        r11 = r9.rearrange(SWAP_2).blend(r11, ODD_2);
        r9 = t;
        t = r12.blend(r14.rearrange(SWAP_2), ODD_2);
        r14 = r12.rearrange(SWAP_2).blend(r14, ODD_2);
        r12 = t;
        t = r13.blend(r15.rearrange(SWAP_2), ODD_2);
        r15 = r13.rearrange(SWAP_2).blend(r15, ODD_2);
        r13 = t;
        t = r0.blend(r1.rearrange(SWAP_1), ODD_1);
        r1 = r0.rearrange(SWAP_1).blend(r1, ODD_1);
        r0 = t;
        t = r2.blend(r3.rearrange(SWAP_1), ODD_1);
        r3 = r2.rearrange(SWAP_1).blend(r3, ODD_1);
        r2 = t;
        t = r4.blend(r5.rearrange(SWAP_1), ODD_1);
        r5 = r4.rearrange(SWAP_1).blend(r5, ODD_1);
        r4 = t;
        t = r6.blend(r7.rearrange(SWAP_1), ODD_1);
        r7 = r6.rearrange(SWAP_1).blend(r7, ODD_1);
        r6 = t;
        t = r8.blend(r9.rearrange(SWAP_1), ODD_1);
        r9 = r8.rearrange(SWAP_1).blend(r9, ODD_1);
        r8 = t;
        t = r10.blend(r11.rearrange(SWAP_1), ODD_1);
        r11 = r10.rearrange(SWAP_1).blend(r11, ODD_1);
        r10 = t;
        t = r12.blend(r13.rearrange(SWAP_1), ODD_1);
        r13 = r12.rearrange(SWAP_1).blend(r13, ODD_1);
        r12 = t;
        t = r14.blend(r15.rearrange(SWAP_1), ODD_1);
        r15 = r14.rearrange(SWAP_1).blend(r15, ODD_1);
        r14 = t;
        r0.intoArray(out, oo);
        r1.intoArray(out, oo + ldo);
        r2.intoArray(out, oo + 2 * ldo);
        r3.intoArray(out, oo + 3 * ldo);
        r4.intoArray(out, oo + 4 * ldo);
        r5.intoArray(out, oo + 5 * ldo);
        r6.intoArray(out, oo + 6 * ldo);
        r7.intoArray(out, oo + 7 * ldo);
        r8.intoArray(out, oo + 8 * ldo);
        r9.intoArray(out, oo + 9 * ldo);
        r10.intoArray(out, oo + 10 * ldo);
        r11.intoArray(out, oo + 11 * ldo);
        r12.intoArray(out, oo + 12 * ldo);
        r13.intoArray(out, oo + 13 * ldo);
        r14.intoArray(out, oo + 14 * ldo);
        r15.intoArray(out, oo + 15 * ldo);
    }

    private static void square8(float[] x, int xo, int ldx, int last, float[] out, int oo,
            int ldo) {
        FloatVector r0 = FloatVector.fromArray(F, x, xo);
        FloatVector r1 = FloatVector.fromArray(F, x, xo + Math.min(1, last) * ldx);
        FloatVector r2 = FloatVector.fromArray(F, x, xo + Math.min(2, last) * ldx);
        FloatVector r3 = FloatVector.fromArray(F, x, xo + Math.min(3, last) * ldx);
        FloatVector r4 = FloatVector.fromArray(F, x, xo + Math.min(4, last) * ldx);
        FloatVector r5 = FloatVector.fromArray(F, x, xo + Math.min(5, last) * ldx);
        FloatVector r6 = FloatVector.fromArray(F, x, xo + Math.min(6, last) * ldx);
        FloatVector r7 = FloatVector.fromArray(F, x, xo + Math.min(7, last) * ldx);
        FloatVector t;
        t = r0.blend(r4.rearrange(SWAP_4), ODD_4);
        r4 = r0.rearrange(SWAP_4).blend(r4, ODD_4);
        r0 = t;
        t = r1.blend(r5.rearrange(SWAP_4), ODD_4);
        r5 = r1.rearrange(SWAP_4).blend(r5, ODD_4);
        r1 = t;
        t = r2.blend(r6.rearrange(SWAP_4), ODD_4);
        r6 = r2.rearrange(SWAP_4).blend(r6, ODD_4);
        r2 = t;
        t = r3.blend(r7.rearrange(SWAP_4), ODD_4);
        r7 = r3.rearrange(SWAP_4).blend(r7, ODD_4);
        r3 = t;
        t = r0.blend(r2.rearrange(SWAP_2), ODD_2);
        r2 = r0.rearrange(SWAP_2).blend(r2, ODD_2);
        r0 = t;
        t = r1.blend(r3.rearrange(SWAP_2), ODD_2);
        r3 = r1.rearrange(SWAP_2).blend(r3, ODD_2);
        r1 = t;
        t = r4.blend(r6.rearrange(SWAP_2), ODD_2);
        r6 = r4.rearrange(SWAP_2).blend(r6, ODD_2);
        r4 = t;
        t = r5.blend(r7.rearrange(SWAP_2), ODD_2);
        r7 = r5.rearrange(SWAP_2).blend(r7, ODD_2);
        r5 = t;
        t = r0.blend(r1.rearrange(SWAP_1), ODD_1);
        r1 = r0.rearrange(SWAP_1).blend(r1, ODD_1);
        r0 = t;
        t = r2.blend(r3.rearrange(SWAP_1), ODD_1);
        r3 = r2.rearrange(SWAP_1).blend(r3, ODD_1);
        r2 = t;
        t = r4.blend(r5.rearrange(SWAP_1), ODD_1);
        r5 = r4.rearrange(SWAP_1).blend(r5, ODD_1);
        r4 = t;
        t = r6.blend(r7.rearrange(SWAP_1), ODD_1);
        r7 = r6.rearrange(SWAP_1).blend(r7, ODD_1);
        r6 = t;
        r0.intoArray(out, oo);
        r1.intoArray(out, oo + ldo);
        r2.intoArray(out, oo + 2 * ldo);
        r3.intoArray(out, oo + 3 * ldo);
        r4.intoArray(out, oo + 4 * ldo);
        r5.intoArray(out, oo + 5 * ldo);
        r6.intoArray(out, oo + 6 * ldo);
        r7.intoArray(out, oo + 7 * ldo);
    }

    private static void square4(float[] x, int xo, int ldx, int last, float[] out, int oo,
            int ldo) {
        FloatVector r0 = FloatVector.fromArray(F, x, xo);
        FloatVector r1 = FloatVector.fromArray(F, x, xo + Math.min(1, last) * ldx);
        FloatVector r2 = FloatVector.fromArray(F, x, xo + Math.min(2, last) * ldx);
        FloatVector r3 = FloatVector.fromArray(F, x, xo + Math.min(3, last) * ldx);
        FloatVector t;
        t = r0.blend(r2.rearrange(SWAP_2), ODD_2);
        r2 = r0.rearrange(SWAP_2).blend(r2, ODD_2);
        r0 = t;
        t = r1.blend(r3.rearrange(SWAP_2), ODD_2);
        r3 = r1.rearrange(SWAP_2).blend(r3, ODD_2);
        r1 = t;
        t = r0.blend(r1.rearrange(SWAP_1), ODD_1);
        r1 = r0.rearrange(SWAP_1).blend(r1, ODD_1);
        r0 = t;
        t = r2.blend(r3.rearrange(SWAP_1), ODD_1);
        r3 = r2.rearrange(SWAP_1).blend(r3, ODD_1);
        r2 = t;
        r0.intoArray(out, oo);
        r1.intoArray(out, oo + ldo);
        r2.intoArray(out, oo + 2 * ldo);
        r3.intoArray(out, oo + 3 * ldo);
    }
}
