package dev.ricci.tensor.cpu.vector;

import static dev.ricci.tensor.cpu.vector.Lanes.F;
import static dev.ricci.tensor.cpu.vector.Lanes.I;
import static dev.ricci.tensor.cpu.vector.Lanes.N;

import dev.ricci.tensor.cpu.rows.PlainDecoding;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Decodes quantised weights on vectors, in panels of two vectors' columns. Bytes are widened to int and then converted to
 * float: the direct conversion is three times slower.
 */
final class VectorDecoding {
    /** As many bytes as a vector has floats; there is no such vector for four. */
    static final VectorSpecies<Byte> B =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, 8 * N)));
    static final boolean FITS = B.length() == N;

    private VectorDecoding() {
    }

    static void bytes(byte[] q, int at, int depth, int group, float[] d, float[] to, int toAt) {
        if (!FITS) {
            PlainDecoding.bytes(q, at, depth, group, d, to, toAt, 2 * N);
            return;
        }
        int scales = 0;
        for (int k = 0; k < depth; k += group) {
            FloatVector l = FloatVector.fromArray(F, d, scales);
            FloatVector r = FloatVector.fromArray(F, d, scales + N);
            for (int i = 0; i < group; i++) {
                signed(q, at).mul(l).intoArray(to, toAt);
                signed(q, at + N).mul(r).intoArray(to, toAt + N);
                at += 2 * N;
                toAt += 2 * N;
            }
            scales += 2 * N;
        }
    }

    private static FloatVector signed(byte[] q, int at) {
        return (FloatVector) ByteVector.fromArray(B, q, at).convertShape(VectorOperators.B2I, I, 0)
                .convert(VectorOperators.I2F, 0);
    }

    static void nibbles(byte[] low, int lowAt, byte[] high, int highAt, int upper, int depth, int group, float[] d,
            float[] m, float[] to, int toAt) {
        if (!FITS) {
            PlainDecoding.nibbles(low, lowAt, high, highAt, upper, depth, group, d, m, to, toAt, 2 * N);
            return;
        }
        // The two halves of a panel one after the other: eight rows at a time keep a vector of upper bits in a register.
        for (int half = 0; half < 2; half++) {
            int c = half * N;
            if (upper == 0) {
                four(low, lowAt + c, depth, group, d, m, c, to, toAt + c);
            } else if (upper == 1) {
                five(low, lowAt + c, high, highAt + c, depth, group, d, m, c, to, toAt + c);
            } else {
                six(low, lowAt + c, high, highAt + c, depth, group, d, m, c, to, toAt + c);
            }
        }
    }

    private static void four(byte[] low, int at, int depth, int group, float[] d, float[] m, int scales, float[] to,
            int toAt) {
        for (int k = 0; k < depth; k += group) {
            FloatVector s = FloatVector.fromArray(F, d, scales);
            FloatVector t = FloatVector.fromArray(F, m, scales);
            for (int i = 0; i < group; i += 2) {
                IntVector pair = unsigned(low, at);
                floats(pair.and(0xF)).fma(s, t).intoArray(to, toAt);
                floats(pair.lanewise(VectorOperators.LSHR, 4)).fma(s, t).intoArray(to, toAt + 2 * N);
                at += 2 * N;
                toAt += 4 * N;
            }
            scales += 2 * N;
        }
    }

    private static void five(byte[] low, int at, byte[] high, int highAt, int depth, int group, float[] d, float[] m,
            int scales, float[] to, int toAt) {
        for (int k = 0; k < depth; k += group) {
            FloatVector s = FloatVector.fromArray(F, d, scales);
            FloatVector t = FloatVector.fromArray(F, m, scales);
            for (int i = 0; i < group; i += 8) {
                IntVector upper = unsigned(high, highAt).lanewise(VectorOperators.LSHL, 4);
                for (int j = 0; j < 4; j++) {
                    IntVector pair = unsigned(low, at);
                    floats(pair.and(0xF).or(upper.and(0x10))).fma(s, t).intoArray(to, toAt);
                    floats(pair.lanewise(VectorOperators.LSHR, 4).or(upper.lanewise(VectorOperators.LSHR, 1).and(0x10)))
                            .fma(s, t).intoArray(to, toAt + 2 * N);
                    upper = upper.lanewise(VectorOperators.LSHR, 2);
                    at += 2 * N;
                    toAt += 4 * N;
                }
                highAt += 2 * N;
            }
            scales += 2 * N;
        }
    }

    private static void six(byte[] low, int at, byte[] high, int highAt, int depth, int group, float[] d, float[] m,
            int scales, float[] to, int toAt) {
        for (int k = 0; k < depth; k += group) {
            FloatVector s = FloatVector.fromArray(F, d, scales);
            FloatVector t = FloatVector.fromArray(F, m, scales);
            for (int i = 0; i < group; i += 4) {
                IntVector upper = unsigned(high, highAt).lanewise(VectorOperators.LSHL, 4);
                for (int j = 0; j < 2; j++) {
                    IntVector pair = unsigned(low, at);
                    floats(pair.and(0xF).or(upper.and(0x30))).fma(s, t).intoArray(to, toAt);
                    floats(pair.lanewise(VectorOperators.LSHR, 4).or(upper.lanewise(VectorOperators.LSHR, 2).and(0x30)))
                            .fma(s, t).intoArray(to, toAt + 2 * N);
                    upper = upper.lanewise(VectorOperators.LSHR, 4);
                    at += 2 * N;
                    toAt += 4 * N;
                }
                highAt += 2 * N;
            }
            scales += 2 * N;
        }
    }

    private static IntVector unsigned(byte[] q, int at) {
        return (IntVector) ByteVector.fromArray(B, q, at).convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
    }

    private static FloatVector floats(IntVector q) {
        return (FloatVector) q.convert(VectorOperators.I2F, 0);
    }
}
