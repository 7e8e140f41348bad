package dev.ricci.tensor.cpu.vector;

import static dev.ricci.tensor.cpu.vector.Lanes.F;
import static dev.ricci.tensor.cpu.vector.Lanes.N;

import dev.ricci.tensor.cpu.rows.PlainPacking;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * {@link PlainPacking} on vectors: whole vectors are copied where a source's rows are a panel's rows, and blocks of 16
 * by 16 are transposed in 512-bit registers where its rows are a panel's columns.
 */
final class VectorPacking {
    /** Rows and columns of what is transposed at once. */
    private static final int BLOCK = 16;
    /** Depth of one pass over the columns of a source: the panel part that it writes stays in the first cache. */
    private static final int DEPTH = 64;
    private static final VectorShuffle<Float> SWAP_1 = VectorShuffle.fromOp(F, i -> (i ^ 1) % N);
    private static final VectorMask<Float> ODD_1 = odd(1);
    private static final VectorShuffle<Float> SWAP_2 = VectorShuffle.fromOp(F, i -> (i ^ 2) % N);
    private static final VectorMask<Float> ODD_2 = odd(2);
    private static final VectorShuffle<Float> SWAP_4 = VectorShuffle.fromOp(F, i -> (i ^ 4) % N);
    private static final VectorMask<Float> ODD_4 = odd(4);
    private static final VectorShuffle<Float> SWAP_8 = VectorShuffle.fromOp(F, i -> (i ^ 8) % N);
    private static final VectorMask<Float> ODD_8 = odd(8);

    private VectorPacking() {
    }

    private static VectorMask<Float> odd(int bit) {
        boolean[] lanes = new boolean[N];
        for (int i = 0; i < N; i++) {
            lanes[i] = (i & bit) != 0;
        }
        return VectorMask.fromArray(F, lanes, 0);
    }

    static void panel(float[] from, int at, int xStride, int kStride, int count, int k, float[] to, int toAt,
            int width) {
        if (xStride == 1) {
            rows(from, at, kStride, count, k, to, toAt, width);
        } else if (kStride == 1 && N == BLOCK && (width < BLOCK || width % BLOCK == 0)) {
            columns(from, at, xStride, count, k, to, toAt, width);
        } else {
            PlainPacking.panel(from, at, xStride, kStride, count, k, to, toAt, width);
        }
    }

    private static void rows(float[] from, int at, int kStride, int count, int k, float[] to, int toAt, int width) {
        if (count == 2 * N && width == 2 * N) {
            for (int p = 0; p < k; p++) {
                FloatVector l = FloatVector.fromArray(F, from, at + p * kStride);
                FloatVector r = FloatVector.fromArray(F, from, at + p * kStride + N);
                l.intoArray(to, toAt + p * width);
                r.intoArray(to, toAt + p * width + N);
            }
            return;
        }
        for (int j = 0; j < width; j += N) {
            VectorMask<Float> read = F.indexInRange(j, count);
            VectorMask<Float> write = F.indexInRange(j, width);
            for (int p = 0; p < k; p++) {
                FloatVector.fromArray(F, from, at + p * kStride + j, read).intoArray(to, toAt + p * width + j, write);
            }
        }
    }

    private static void columns(float[] from, int at, int xStride, int count, int k, float[] to, int toAt, int width) {
        // A block writes 16 columns. Where the panel is narrower, the next row is written over what was too much, so the
        // end of the panel is left to plain code.
        int whole = (width < BLOCK ? k - 1 : k) / BLOCK * BLOCK;
        for (int p = 0; p < whole; p += DEPTH) {
            for (int j = 0; j < count; j += BLOCK) {
                for (int q = p; q < Math.min(whole, p + DEPTH); q += BLOCK) {
                    block(from, at + j * xStride + q, xStride, count - j - 1, to, toAt + q * width + j, width);
                }
            }
        }
        for (int p = 0; p < whole && count < width; p++) {
            Arrays.fill(to, toAt + p * width + count, toAt + (p + 1) * width, 0f);
        }
        if (whole < k) {
            PlainPacking.panel(from, at + whole, xStride, 1, count, k - whole, to, toAt + whole * width, width);
        }
    }

    /**
     * to[toAt + p width + i] = from[at + min(i, last) xStride + p] for p and i below 16. No row is read behind the last;
     * a branch around a load, or a mask on a store, would make the compiler keep vectors in memory.
     */
    private static void block(float[] from, int at, int xStride, int last, float[] to, int toAt, int width) {
        FloatVector r0 = FloatVector.fromArray(F, from, at);
        FloatVector r1 = FloatVector.fromArray(F, from, at + Math.min(1, last) * xStride);
        FloatVector r2 = FloatVector.fromArray(F, from, at + Math.min(2, last) * xStride);
        FloatVector r3 = FloatVector.fromArray(F, from, at + Math.min(3, last) * xStride);
        FloatVector r4 = FloatVector.fromArray(F, from, at + Math.min(4, last) * xStride);
        FloatVector r5 = FloatVector.fromArray(F, from, at + Math.min(5, last) * xStride);
        FloatVector r6 = FloatVector.fromArray(F, from, at + Math.min(6, last) * xStride);
        FloatVector r7 = FloatVector.fromArray(F, from, at + Math.min(7, last) * xStride);
        FloatVector r8 = FloatVector.fromArray(F, from, at + Math.min(8, last) * xStride);
        FloatVector r9 = FloatVector.fromArray(F, from, at + Math.min(9, last) * xStride);
        FloatVector r10 = FloatVector.fromArray(F, from, at + Math.min(10, last) * xStride);
        FloatVector r11 = FloatVector.fromArray(F, from, at + Math.min(11, last) * xStride);
        FloatVector r12 = FloatVector.fromArray(F, from, at + Math.min(12, last) * xStride);
        FloatVector r13 = FloatVector.fromArray(F, from, at + Math.min(13, last) * xStride);
        FloatVector r14 = FloatVector.fromArray(F, from, at + Math.min(14, last) * xStride);
        FloatVector r15 = FloatVector.fromArray(F, from, at + Math.min(15, last) * xStride);
        // Exchange between rows that differ in bit 1 of their number.
        FloatVector t0 = r0.blend(r1.rearrange(SWAP_1), ODD_1);
        r1 = r0.rearrange(SWAP_1).blend(r1, ODD_1);
        r0 = t0;
        FloatVector t1 = r2.blend(r3.rearrange(SWAP_1), ODD_1);
        r3 = r2.rearrange(SWAP_1).blend(r3, ODD_1);
        r2 = t1;
        FloatVector t2 = r4.blend(r5.rearrange(SWAP_1), ODD_1);
        r5 = r4.rearrange(SWAP_1).blend(r5, ODD_1);
        r4 = t2;
        FloatVector t3 = r6.blend(r7.rearrange(SWAP_1), ODD_1);
        r7 = r6.rearrange(SWAP_1).blend(r7, ODD_1);
        r6 = t3;
        FloatVector t4 = r8.blend(r9.rearrange(SWAP_1), ODD_1);
        r9 = r8.rearrange(SWAP_1).blend(r9, ODD_1);
        r8 = t4;
        FloatVector t5 = r10.blend(r11.rearrange(SWAP_1), ODD_1);
        r11 = r10.rearrange(SWAP_1).blend(r11, ODD_1);
        r10 = t5;
        FloatVector t6 = r12.blend(r13.rearrange(SWAP_1), ODD_1);
        r13 = r12.rearrange(SWAP_1).blend(r13, ODD_1);
        r12 = t6;
        FloatVector t7 = r14.blend(r15.rearrange(SWAP_1), ODD_1);
        r15 = r14.rearrange(SWAP_1).blend(r15, ODD_1);
        r14 = t7;
        // Exchange between rows that differ in bit 2 of their number.
        FloatVector t8 = r0.blend(r2.rearrange(SWAP_2), ODD_2);
        r2 = r0.rearrange(SWAP_2).blend(r2, ODD_2);
        r0 = t8;
        FloatVector t9 = r1.blend(r3.rearrange(SWAP_2), ODD_2);
        r3 = r1.rearrange(SWAP_2).blend(r3, ODD_2);
        r1 = t9;
        FloatVector t10 = r4.blend(r6.rearrange(SWAP_2), ODD_2);
        r6 = r4.rearrange(SWAP_2).blend(r6, ODD_2);
        r4 = t10;
        FloatVector t11 = r5.blend(r7.rearrange(SWAP_2), ODD_2);
        r7 = r5.rearrange(SWAP_2).blend(r7, ODD_2);
        r5 = t11;
        FloatVector t12 = r8.blend(r10.rearrange(SWAP_2), ODD_2);
        r10 = r8.rearrange(SWAP_2).blend(r10, ODD_2);
        r8 = t12;
        FloatVector t13 = r9.blend(r11.rearrange(SWAP_2), ODD_2);
        r11 = r9.rearrange(SWAP_2).blend(r11, ODD_2);
        r9 = t13;
        FloatVector t14 = r12.blend(r14.rearrange(SWAP_2), ODD_2);
        r14 = r12.rearrange(SWAP_2).blend(r14, ODD_2);
        r12 = t14;
        FloatVector t15 = r13.blend(r15.rearrange(SWAP_2), ODD_2);
        r15 = r13.rearrange(SWAP_2).blend(r15, ODD_2);
        r13 = t15;
        // Exchange between rows that differ in bit 4 of their number.
        FloatVector t16 = r0.blend(r4.rearrange(SWAP_4), ODD_4);
        r4 = r0.rearrange(SWAP_4).blend(r4, ODD_4);
        r0 = t16;
        FloatVector t17 = r1.blend(r5.rearrange(SWAP_4), ODD_4);
        r5 = r1.rearrange(SWAP_4).blend(r5, ODD_4);
        r1 = t17;
        FloatVector t18 = r2.blend(r6.rearrange(SWAP_4), ODD_4);
        r6 = r2.rearrange(SWAP_4).blend(r6, ODD_4);
        r2 = t18;
        FloatVector t19 = r3.blend(r7.rearrange(SWAP_4), ODD_4);
        r7 = r3.rearrange(SWAP_4).blend(r7, ODD_4);
        r3 = t19;
        FloatVector t20 = r8.blend(r12.rearrange(SWAP_4), ODD_4);
        r12 = r8.rearrange(SWAP_4).blend(r12, ODD_4);
        r8 = t20;
        FloatVector t21 = r9.blend(r13.rearrange(SWAP_4), ODD_4);
        r13 = r9.rearrange(SWAP_4).blend(r13, ODD_4);
        r9 = t21;
        FloatVector t22 = r10.blend(r14.rearrange(SWAP_4), ODD_4);
        r14 = r10.rearrange(SWAP_4).blend(r14, ODD_4);
        r10 = t22;
        FloatVector t23 = r11.blend(r15.rearrange(SWAP_4), ODD_4);
        r15 = r11.rearrange(SWAP_4).blend(r15, ODD_4);
        r11 = t23;
        // Exchange between rows that differ in bit 8 of their number.
        FloatVector t24 = r0.blend(r8.rearrange(SWAP_8), ODD_8);
        r8 = r0.rearrange(SWAP_8).blend(r8, ODD_8);
        r0 = t24;
        FloatVector t25 = r1.blend(r9.rearrange(SWAP_8), ODD_8);
        r9 = r1.rearrange(SWAP_8).blend(r9, ODD_8);
        r1 = t25;
        FloatVector t26 = r2.blend(r10.rearrange(SWAP_8), ODD_8);
        r10 = r2.rearrange(SWAP_8).blend(r10, ODD_8);
        r2 = t26;
        FloatVector t27 = r3.blend(r11.rearrange(SWAP_8), ODD_8);
        r11 = r3.rearrange(SWAP_8).blend(r11, ODD_8);
        r3 = t27;
        FloatVector t28 = r4.blend(r12.rearrange(SWAP_8), ODD_8);
        r12 = r4.rearrange(SWAP_8).blend(r12, ODD_8);
        r4 = t28;
        FloatVector t29 = r5.blend(r13.rearrange(SWAP_8), ODD_8);
        r13 = r5.rearrange(SWAP_8).blend(r13, ODD_8);
        r5 = t29;
        FloatVector t30 = r6.blend(r14.rearrange(SWAP_8), ODD_8);
        r14 = r6.rearrange(SWAP_8).blend(r14, ODD_8);
        r6 = t30;
        FloatVector t31 = r7.blend(r15.rearrange(SWAP_8), ODD_8);
        r15 = r7.rearrange(SWAP_8).blend(r15, ODD_8);
        r7 = t31;
        r0.intoArray(to, toAt);
        r1.intoArray(to, toAt + width);
        r2.intoArray(to, toAt + 2 * width);
        r3.intoArray(to, toAt + 3 * width);
        r4.intoArray(to, toAt + 4 * width);
        r5.intoArray(to, toAt + 5 * width);
        r6.intoArray(to, toAt + 6 * width);
        r7.intoArray(to, toAt + 7 * width);
        r8.intoArray(to, toAt + 8 * width);
        r9.intoArray(to, toAt + 9 * width);
        r10.intoArray(to, toAt + 10 * width);
        r11.intoArray(to, toAt + 11 * width);
        r12.intoArray(to, toAt + 12 * width);
        r13.intoArray(to, toAt + 13 * width);
        r14.intoArray(to, toAt + 14 * width);
        r15.intoArray(to, toAt + 15 * width);
    }
}
