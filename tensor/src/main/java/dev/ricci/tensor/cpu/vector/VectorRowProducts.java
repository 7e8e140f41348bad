package dev.ricci.tensor.cpu.vector;

import static dev.ricci.tensor.cpu.vector.Lanes.F;
import static dev.ricci.tensor.cpu.vector.Lanes.I;
import static dev.ricci.tensor.cpu.vector.Lanes.N;
import static dev.ricci.tensor.cpu.vector.VectorDecoding.B;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * One row times two panels of weights, which are decoded in registers. Two panels at once: the sums of one would wait for
 * themselves, and memory delivers two streams faster than one. Everything is written out, because the compiler would leave
 * helpers as calls in methods of this size, and box what they give.
 */
final class VectorRowProducts {
    private VectorRowProducts() {
    }

    static void floats(float[] x, int xAt, int xStep, int depth, float[] b, int first, int second, float[] sums) {
        FloatVector c0 = FloatVector.fromArray(F, sums, 0);
        FloatVector c1 = FloatVector.fromArray(F, sums, N);
        FloatVector c2 = FloatVector.fromArray(F, sums, 2 * N);
        FloatVector c3 = FloatVector.fromArray(F, sums, 3 * N);
        for (int k = 0; k < depth; k++) {
            FloatVector v = FloatVector.broadcast(F, x[xAt]);
            c0 = v.fma(FloatVector.fromArray(F, b, first), c0);
            c1 = v.fma(FloatVector.fromArray(F, b, first + N), c1);
            c2 = v.fma(FloatVector.fromArray(F, b, second), c2);
            c3 = v.fma(FloatVector.fromArray(F, b, second + N), c3);
            xAt += xStep;
            first += 2 * N;
            second += 2 * N;
        }
        c0.intoArray(sums, 0);
        c1.intoArray(sums, N);
        c2.intoArray(sums, 2 * N);
        c3.intoArray(sums, 3 * N);
    }

    static void bytes(float[] x, int xAt, int xStep, int depth, byte[] q, int first, int second, int group, float[] d,
            float[] sums) {
        FloatVector c0 = FloatVector.fromArray(F, sums, 0);
        FloatVector c1 = FloatVector.fromArray(F, sums, N);
        FloatVector c2 = FloatVector.fromArray(F, sums, 2 * N);
        FloatVector c3 = FloatVector.fromArray(F, sums, 3 * N);
        int other = depth / group * 2 * N;
        for (int s = 0; s < other; s += 2 * N) {
            FloatVector d0 = FloatVector.fromArray(F, d, s);
            FloatVector d1 = FloatVector.fromArray(F, d, s + N);
            FloatVector d2 = FloatVector.fromArray(F, d, other + s);
            FloatVector d3 = FloatVector.fromArray(F, d, other + s + N);
            for (int k = 0; k < group; k++) {
                FloatVector v = FloatVector.broadcast(F, x[xAt]);
                c0 = v.fma(((FloatVector) ByteVector.fromArray(B, q, first).convertShape(VectorOperators.B2I, I, 0)
                        .convert(VectorOperators.I2F, 0)).mul(d0), c0);
                c1 = v.fma(((FloatVector) ByteVector.fromArray(B, q, first + N).convertShape(VectorOperators.B2I, I, 0)
                        .convert(VectorOperators.I2F, 0)).mul(d1), c1);
                c2 = v.fma(((FloatVector) ByteVector.fromArray(B, q, second).convertShape(VectorOperators.B2I, I, 0)
                        .convert(VectorOperators.I2F, 0)).mul(d2), c2);
                c3 = v.fma(((FloatVector) ByteVector.fromArray(B, q, second + N).convertShape(VectorOperators.B2I, I, 0)
                        .convert(VectorOperators.I2F, 0)).mul(d3), c3);
                xAt += xStep;
                first += 2 * N;
                second += 2 * N;
            }
        }
        c0.intoArray(sums, 0);
        c1.intoArray(sums, N);
        c2.intoArray(sums, 2 * N);
        c3.intoArray(sums, 3 * N);
    }

    static void nibbles(float[] x, int xAt, int xStep, int depth, byte[] low, int first, int second, int group,
            float[] d, float[] m, float[] sums) {
        FloatVector c0 = FloatVector.fromArray(F, sums, 0);
        FloatVector c1 = FloatVector.fromArray(F, sums, N);
        FloatVector c2 = FloatVector.fromArray(F, sums, 2 * N);
        FloatVector c3 = FloatVector.fromArray(F, sums, 3 * N);
        int other = depth / group * 2 * N;
        for (int s = 0; s < other; s += 2 * N) {
            FloatVector d0 = FloatVector.fromArray(F, d, s);
            FloatVector d1 = FloatVector.fromArray(F, d, s + N);
            FloatVector d2 = FloatVector.fromArray(F, d, other + s);
            FloatVector d3 = FloatVector.fromArray(F, d, other + s + N);
            FloatVector m0 = FloatVector.fromArray(F, m, s);
            FloatVector m1 = FloatVector.fromArray(F, m, s + N);
            FloatVector m2 = FloatVector.fromArray(F, m, other + s);
            FloatVector m3 = FloatVector.fromArray(F, m, other + s + N);
            for (int k = 0; k < group; k += 2) {
                FloatVector v = FloatVector.broadcast(F, x[xAt]);
                FloatVector w = FloatVector.broadcast(F, x[xAt + xStep]);
                IntVector q0 = (IntVector) ByteVector.fromArray(B, low, first)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
                IntVector q1 = (IntVector) ByteVector.fromArray(B, low, first + N)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
                IntVector q2 = (IntVector) ByteVector.fromArray(B, low, second)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
                IntVector q3 = (IntVector) ByteVector.fromArray(B, low, second + N)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
                c0 = v.fma(((FloatVector) q0.and(0xF).convert(VectorOperators.I2F, 0)).fma(d0, m0), c0);
                c1 = v.fma(((FloatVector) q1.and(0xF).convert(VectorOperators.I2F, 0)).fma(d1, m1), c1);
                c2 = v.fma(((FloatVector) q2.and(0xF).convert(VectorOperators.I2F, 0)).fma(d2, m2), c2);
                c3 = v.fma(((FloatVector) q3.and(0xF).convert(VectorOperators.I2F, 0)).fma(d3, m3), c3);
                c0 = w.fma(((FloatVector) q0.lanewise(VectorOperators.LSHR, 4).convert(VectorOperators.I2F, 0))
                        .fma(d0, m0), c0);
                c1 = w.fma(((FloatVector) q1.lanewise(VectorOperators.LSHR, 4).convert(VectorOperators.I2F, 0))
                        .fma(d1, m1), c1);
                c2 = w.fma(((FloatVector) q2.lanewise(VectorOperators.LSHR, 4).convert(VectorOperators.I2F, 0))
                        .fma(d2, m2), c2);
                c3 = w.fma(((FloatVector) q3.lanewise(VectorOperators.LSHR, 4).convert(VectorOperators.I2F, 0))
                        .fma(d3, m3), c3);
                xAt += 2 * xStep;
                first += 2 * N;
                second += 2 * N;
            }
        }
        c0.intoArray(sums, 0);
        c1.intoArray(sums, N);
        c2.intoArray(sums, 2 * N);
        c3.intoArray(sums, 3 * N);
    }
}
