package dev.ricci.models.architecture;

import dev.ricci.models.weights.gguf.GgufType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/**
 * Random bytes as weights. Every bit is drawn but those that set the size: exponents of plain types, and the scales of
 * blocks, of either sign, so that elements have about a standard deviation and no mean.
 */
final class RandomBlocks {
    private RandomBlocks() {
    }

    static byte[] of(GgufType type, int elements, double deviation, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] bytes = new byte[(int) type.bytes(elements)];
        random.nextBytes(bytes);
        ByteBuffer b = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < bytes.length; at += type.blockBytes()) {
            switch (type) {
                // Magnitudes from an eighth to twice the deviation, and some that are next to nothing.
                case F32 -> b.putInt(at, sized(random, b.getInt(at), 23, 8, deviation));
                case F16 -> b.putShort(at, (short) sized(random, b.getShort(at), 10, 5, deviation));
                case BF16 -> b.putShort(at, (short) sized(random, b.getShort(at), 7, 8, deviation));
                // The deviation of whole numbers of so many bits, times that of their group's scale.
                case Q8_0 -> scale(b, at, random, deviation / 74);
                case Q4_0 -> scale(b, at, random, deviation / 4.6);
                case Q5_0 -> scale(b, at, random, deviation / 9.2);
                case Q4_1 -> minimum(b, at + 2, scale(b, at, random, deviation / 4.6) * -7.5);
                case Q5_1 -> minimum(b, at + 2, scale(b, at, random, deviation / 9.2) * -15.5);
                case Q4_K -> minimum(b, at + 2, scale(b, at, random, deviation / 4.6 / 36) * 7.5);
                case Q5_K -> minimum(b, at + 2, scale(b, at, random, deviation / 9.2 / 36) * 15.5);
                case Q6_K -> scale(b, at + 208, random, deviation / 18.5 / 74);
            }
        }
        return bytes;
    }

    private static int sized(SplittableRandom random, int bits, int fraction, int exponentBits, double deviation) {
        int most = Math.getExponent(deviation) + (1 << exponentBits - 1) - 1;
        int exponent = random.nextInt(16) == 0 ? 0 : most - random.nextInt(4);
        return bits & ~((1 << exponentBits) - 1 << fraction) | exponent << fraction;
    }

    private static double scale(ByteBuffer b, int at, SplittableRandom random, double size) {
        double d = (random.nextBoolean() ? 1 : -1) * size * random.nextDouble(0.5, 1.5);
        b.putShort(at, Float.floatToFloat16((float) d));
        return d;
    }

    private static void minimum(ByteBuffer b, int at, double m) {
        b.putShort(at, Float.floatToFloat16((float) m));
    }
}
