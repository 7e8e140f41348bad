package dev.ricci.tensor.weights;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * One quantised block taken apart: the whole numbers of its elements in their order, and its scales. Filled again and
 * again by {@link #read}; not for several threads.
 */
final class Block {
    private static final int LARGEST = 256;
    private static final int HALF = 16;
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    /** The bits of each element: with a sign for Q8_0, else 0 .. 63. */
    final byte[] quants = new byte[LARGEST];
    /** Where scales are nested: that of each group. */
    final byte[] scales = new byte[LARGEST / 16];
    /** Where scales are nested: the minimum of each group, to be subtracted. */
    final byte[] minima = new byte[LARGEST / 32];
    private short scale;
    private short minimum;


    /** The scale of the block, an F16. */
    short scale() {
        return scale;
    }

    /** The minimum of the block, or the scale of its groups' minima, an F16; 0 for types without. */
    short minimum() {
        return minimum;
    }

    /**
     * Takes a block apart.
     *
     * @param type a quantised one
     * @param b holds the block from {@code at} on
     */
    void read(WeightType type, byte[] b, int at) {
        minimum = 0;
        scale = getShort(b, type == WeightType.Q6_K ? at + 208 : at);
        switch (type) {
            case Q8_0 -> System.arraycopy(b, at + 2, quants, 0, 32);
            case Q4_0 -> nibbles(b, at + 2, HALF, 0);
            case Q4_1 -> {
                minimum = getShort(b, at + 2);
                nibbles(b, at + 4, HALF, 0);
            }
            case Q5_0 -> {
                nibbles(b, at + 6, HALF, 0);
                fifthBits(getInt(b, at + 2));
            }
            case Q5_1 -> {
                minimum = getShort(b, at + 2);
                nibbles(b, at + 8, HALF, 0);
                fifthBits(getInt(b, at + 4));
            }
            case Q4_K -> {
                groupScales(b, at);
                for (int pair = 0; pair < 4; pair++) {
                    nibbles(b, at + 16 + 32 * pair, 32, 64 * pair);
                }
            }
            case Q5_K -> q5k(b, at);
            case Q6_K -> q6k(b, at);
            case F32, F16, BF16 -> throw new IllegalArgumentException(type + " has no blocks");
        }
    }

    /** Byte j of n holds element j below and element n + j above. */
    private void nibbles(byte[] b, int at, int n, int to) {
        for (int j = 0; j < n; j++) {
            int q = b[at + j];
            quants[to + j] = (byte) (q & 0xF);
            quants[to + n + j] = (byte) (q >> 4 & 0xF);
        }
    }

    private void fifthBits(int word) {
        for (int j = 0; j < 32; j++) {
            quants[j] |= (byte) ((word >> j & 1) << 4);
        }
    }

    /**
     * Scales and minima of the 8 groups of Q4_K and Q5_K. 12 bytes hold 6 bits each: those of groups 0 to 3 in the lower
     * bits of bytes 0 to 3 and 4 to 7; of groups 4 to 7 four bits in the halves of bytes 8 to 11, and two in the upper bits
     * of the first eight.
     */
    private void groupScales(byte[] b, int at) {
        minimum = getShort(b, at + 2);
        int p = at + 4;
        for (int g = 0; g < 4; g++) {
            scales[g] = (byte) (b[p + g] & 63);
            minima[g] = (byte) (b[p + g + 4] & 63);
            scales[g + 4] = (byte) (b[p + g + 8] & 0xF | (b[p + g] & 0xC0) >> 2);
            minima[g + 4] = (byte) (b[p + g + 8] >> 4 & 0xF | (b[p + g + 4] & 0xC0) >> 2);
        }
    }

    /** As Q4_K, with 32 bytes before the quants: bit g of byte j is the fifth bit of element j of group g. */
    private void q5k(byte[] b, int at) {
        groupScales(b, at);
        for (int pair = 0; pair < 4; pair++) {
            nibbles(b, at + 48 + 32 * pair, 32, 64 * pair);
        }
        for (int g = 0; g < 8; g++) {
            for (int j = 0; j < 32; j++) {
                quants[32 * g + j] |= (byte) ((b[at + 16 + j] >> g & 1) << 4);
            }
        }
    }

    /**
     * 128 bytes of lower four bits, 64 of upper two, 16 signed scales, d. In each half of 128 elements, byte j of 64 holds
     * elements j and 64 + j; byte j of 32 the upper bits of elements j, 32 + j, 64 + j and 96 + j.
     */
    private void q6k(byte[] b, int at) {
        System.arraycopy(b, at + 192, scales, 0, 16);
        for (int half = 0; half < 2; half++) {
            nibbles(b, at + 64 * half, 64, 128 * half);
            for (int j = 0; j < 32; j++) {
                int high = b[at + 128 + 32 * half + j];
                for (int k = 0; k < 4; k++) {
                    quants[128 * half + 32 * k + j] |= (byte) ((high >> 2 * k & 3) << 4);
                }
            }
        }
    }

    /** The scale of a group as F32. */
    float scale(WeightType type, int group) {
        float d = Float.float16ToFloat(scale);
        return type.isNested() ? d * scales[group] : d;
    }

    /** What is added to each element of a group, for types with a minimum. */
    float minimum(WeightType type, int group) {
        float m = Float.float16ToFloat(minimum);
        return type.isNested() ? -(m * minima[group]) : m;
    }

    /** The 16 bits at a byte. */
    static short getShort(byte[] b, int at) {
        return (short) SHORT.get(b, at);
    }

    /** The 32 bits at a byte. */
    static int getInt(byte[] b, int at) {
        return (int) INT.get(b, at);
    }

    /** Writes 16 bits at a byte. */
    static void putShort(byte[] b, int at, short v) {
        SHORT.set(b, at, v);
    }

    /** Writes 32 bits at a byte. */
    static void putInt(byte[] b, int at, int v) {
        INT.set(b, at, v);
    }
}
