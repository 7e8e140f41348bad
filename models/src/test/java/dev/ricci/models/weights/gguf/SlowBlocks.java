package dev.ricci.models.weights.gguf;

/**
 * One element of one block in double precision, from the description of the formats alone: where its bits lie, which
 * scale is its own. An oracle for decoders that go through whole blocks.
 */
final class SlowBlocks {
    private SlowBlocks() {
    }

    static double element(GgufType type, byte[] block, int i) {
        return switch (type) {
            case F32 -> Float.intBitsToFloat((int) bits(block, 0, 32));
            case F16 -> half(block, 0);
            case BF16 -> Float.intBitsToFloat((int) bits(block, 0, 16) << 16);
            case Q8_0 -> half(block, 0) * block[2 + i];
            case Q4_0 -> half(block, 0) * (nibble(block, 2, i) - 8);
            case Q4_1 -> half(block, 0) * nibble(block, 4, i) + half(block, 2);
            case Q5_0 -> half(block, 0) * (nibble(block, 6, i) + 16 * bits(block, 8 * 2 + i, 1) - 16);
            case Q5_1 -> half(block, 0) * (nibble(block, 8, i) + 16 * bits(block, 8 * 4 + i, 1)) + half(block, 2);
            case Q4_K -> superBlock(block, i, superNibble(block, 16, i));
            // The fifth bits: byte i % 32 of the 32 bytes from 16 on, bit of the group's number.
            case Q5_K -> superBlock(block, i, superNibble(block, 48, i)
                    + 16 * bits(block, 8 * (16 + i % 32) + i / 32, 1));
            case Q6_K -> {
                int half = i / 128;
                int quarter = i % 128 / 32;
                long low = bits(block, 8 * (64 * half + i % 64) + (quarter < 2 ? 0 : 4), 4);
                long high = bits(block, 8 * (128 + 32 * half + i % 32) + 2 * quarter, 2);
                yield half(block, 208) * block[192 + i / 16] * (low + 16 * high - 32);
            }
        };
    }

    /** The simple types: elements 0 to 15 in the lower halves of 16 bytes, 16 to 31 in the upper. */
    private static long nibble(byte[] block, int start, int i) {
        return bits(block, 8 * (start + i % 16) + 4 * (i / 16), 4);
    }

    /** Of each 64 elements the first 32 in the lower halves of 32 bytes, the others in the upper. */
    private static long superNibble(byte[] block, int start, int i) {
        return bits(block, 8 * (start + 32 * (i / 64) + i % 32) + 4 * (i / 32 % 2), 4);
    }

    private static double superBlock(byte[] block, int i, long q) {
        int g = i / 32;
        long scale = g < 4 ? bits(block, 8 * (4 + g), 6)
                : bits(block, 8 * (12 + g - 4), 4) + 16 * bits(block, 8 * (4 + g - 4) + 6, 2);
        long minimum = g < 4 ? bits(block, 8 * (8 + g), 6)
                : bits(block, 8 * (12 + g - 4) + 4, 4) + 16 * bits(block, 8 * (8 + g - 4) + 6, 2);
        return half(block, 0) * scale * q - half(block, 2) * minimum;
    }

    private static long bits(byte[] block, int from, int count) {
        long v = 0;
        for (int k = count - 1; k >= 0; k--) {
            v = 2 * v + (block[(from + k) / 8] >> (from + k) % 8 & 1);
        }
        return v;
    }

    /** Sign, five bits of exponent with bias 15, ten of fraction. */
    static double half(byte[] block, int at) {
        long b = bits(block, 8 * at, 16);
        long exponent = b >> 10 & 31;
        double fraction = b & 1023;
        double magnitude = exponent == 0 ? StrictMath.scalb(fraction, -24)
                : exponent < 31 ? StrictMath.scalb(1024 + fraction, (int) exponent - 25)
                : fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
        return b >> 15 == 1 ? -magnitude : magnitude;
    }
}
