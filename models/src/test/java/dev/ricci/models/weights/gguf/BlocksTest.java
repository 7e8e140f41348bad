package dev.ricci.models.weights.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.weights.BlockDecoder;
import dev.ricci.tensor.weights.BlockEncoder;
import dev.ricci.tensor.weights.WeightType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Block types against bytes worked out by hand, an independent slow decoder, and the bounds of their errors. */
class BlocksTest {
    private static float[] decode(GgufType type, byte[] blocks) {
        float[] to = new float[blocks.length / type.blockBytes() * type.blockElements()];
        BlockDecoder.decode(type.stored(), MemorySegment.ofArray(blocks), to, 0, to.length);
        return to;
    }

    private static byte[] block(GgufType type, int... placesAndBytes) {
        byte[] b = new byte[type.blockBytes()];
        for (int i = 0; i < placesAndBytes.length; i += 2) {
            b[placesAndBytes[i]] = (byte) placesAndBytes[i + 1];
        }
        return b;
    }

    private static RandomGenerator random(long seed) {
        return RandomGeneratorFactory.of("SplittableRandom").create(seed);
    }

    @ParameterizedTest
    @EnumSource
    void everyTypeDecodesAsItsDescriptionSays(GgufType type) {
        RandomGenerator random = random(type.id());
        // More than one chunk of the decoder.
        int n = 2 * (1 << 16) / type.blockBytes() + 3;
        byte[] blocks = new byte[n * type.blockBytes()];
        random.nextBytes(blocks);
        float[] fast = decode(type, blocks);
        int special = 0;
        for (int i = 0; i < n; i++) {
            byte[] block = Arrays.copyOfRange(blocks, i * type.blockBytes(), (i + 1) * type.blockBytes());
            for (int j = 0; j < type.blockElements(); j++) {
                double slow = SlowBlocks.element(type, block, j);
                float got = fast[i * type.blockElements() + j];
                if (!Double.isFinite(slow)) {
                    special++;
                    assertFalse(Float.isFinite(got), type + " " + i + " " + j);
                    continue;
                }
                // Two roundings of the largest term: F16 scales up to 65504, times 63 x 31 and 63 at most.
                double tolerance = type.isQuantised()
                        ? 3e-7 * (Math.abs(slow) + (type == GgufType.Q8_0 || type == GgufType.Q6_K ? 0
                        : Math.abs(terms(type, block)))) : 0;
                assertEquals(slow, got, tolerance, type + " block " + i + " element " + j);
            }
        }
        assertTrue(special < fast.length / 8, special + " of " + fast.length + " are not finite");
    }

    /** The size of what is subtracted or added, whose rounding the result may consist of alone. */
    private static double terms(GgufType type, byte[] block) {
        return switch (type) {
            case Q4_1, Q5_1 -> Math.abs(SlowBlocks.half(block, 2));
            case Q4_K, Q5_K -> 63 * Math.abs(SlowBlocks.half(block, 2));
            default -> 0;
        };
    }

    @Test
    void goldenQ80() {
        float[] x = new float[32];
        // The largest is 127, so that the scale is one; halves go away from zero, and what is just below does not.
        float[] start = {127, -63.5f, 0.5f, -0.5f, 0.49999997f, 2.5f};
        System.arraycopy(start, 0, x, 0, start.length);
        byte[] b = BlockEncoder.encode(WeightType.Q8_0, x, 0, 32);
        assertArrayEquals(block(GgufType.Q8_0, 0, 0x00, 1, 0x3C, 2, 127, 3, -64, 4, 1, 5, -1, 6, 0, 7, 3), b);
        assertArrayEquals(new float[] {127, -64, 1, -1, 0, 3, 0}, Arrays.copyOf(decode(GgufType.Q8_0, b), 7));
        assertArrayEquals(new byte[34], BlockEncoder.encode(WeightType.Q8_0, new float[32], 0, 32));
    }

    @Test
    void goldenQ40() {
        float[] x = new float[32];
        x[0] = -8;
        x[1] = 7;
        x[16] = 0.5f;
        x[17] = -0.5f;
        byte[] b = BlockEncoder.encode(WeightType.Q4_0, x, 0, 32);
        byte[] expected = new byte[18];
        Arrays.fill(expected, (byte) 0x88);
        expected[0] = 0x00;
        expected[1] = 0x3C;
        expected[2] = (byte) 0x90;
        expected[3] = (byte) 0x8F;
        assertArrayEquals(expected, b);
        float[] back = decode(GgufType.Q4_0, b);
        assertArrayEquals(new float[] {-8, 7, 0}, Arrays.copyOf(back, 3));
        assertArrayEquals(new float[] {1, 0, 0}, Arrays.copyOfRange(back, 16, 19));

        // The first of two extremes sets the scale; the other has no place.
        x[0] = 8;
        x[1] = -8;
        b = BlockEncoder.encode(WeightType.Q4_0, x, 0, 32);
        assertEquals((byte) 0xBC, b[1]);
        assertArrayEquals(new float[] {8, -7}, Arrays.copyOf(decode(GgufType.Q4_0, b), 2));
    }

    @Test
    void goldenWithMinimumAndFifthBits() {
        // d = 2, m = -1, byte 0 = 0x5A: element 0 is 10, element 16 is 5.
        float[] a = decode(GgufType.Q4_1, block(GgufType.Q4_1, 1, 0x40, 3, 0xBC, 4, 0x5A));
        assertEquals(19, a[0]);
        assertEquals(9, a[16]);
        assertEquals(-1, a[1]);
        // d = 2; the fifth bits of elements 0 and 17.
        float[] b = decode(GgufType.Q5_0, block(GgufType.Q5_0, 1, 0x40, 2, 0x01, 4, 0x02, 6, 0x5A));
        assertEquals(2 * (26 - 16), b[0]);
        assertEquals(2 * (5 - 16), b[16]);
        assertEquals(0, b[17]);
        assertEquals(-32, b[1]);
        float[] c = decode(GgufType.Q5_1, block(GgufType.Q5_1, 1, 0x40, 3, 0xBC, 4, 0x01, 6, 0x02, 8, 0x5A));
        assertEquals(2 * 26 - 1, c[0]);
        assertEquals(2 * 5 - 1, c[16]);
        assertEquals(2 * 16 - 1, c[17]);
    }

    @Test
    void goldenSuperBlocks() {
        // d = 1, m = 0.5. Group 0: scale 3, minimum 1. Group 4: scale 5 + 3 * 16, minimum 2 + 1 * 16.
        int[] start = {1, 0x3C, 3, 0x38, 4, 0xC3, 8, 0x41, 12, 0x25};
        byte[] k4 = block(GgufType.Q4_K, start);
        k4[16] = 0x7A;
        k4[16 + 64] = 0x0F;
        float[] a = decode(GgufType.Q4_K, k4);
        assertEquals(3 * 10 - 0.5f, a[0]);
        assertEquals(-0.5f, a[1]);
        assertEquals(53 * 15 - 9, a[128]);
        assertEquals(0, a[32], "group 1 has scale and minimum 0");
        byte[] k5 = block(GgufType.Q5_K, start);
        k5[16] = 0x11;
        k5[48] = 0x7A;
        k5[48 + 64] = 0x0F;
        float[] b = decode(GgufType.Q5_K, k5);
        assertEquals(3 * 26 - 0.5f, b[0]);
        assertEquals(53 * 31 - 9, b[128]);
        // d = 0.5, scales -2 of group 0 and 4 of group 4; upper bits 3, 0, 2, 1 of elements 0, 32, 64, 96.
        float[] c = decode(GgufType.Q6_K,
                block(GgufType.Q6_K, 0, 0x9C, 128, 0b01_10_00_11, 192, -2, 196, 4, 198, 1, 209, 0x38));
        assertEquals(0.5f * -2 * 28, c[0]);
        assertEquals(0.5f * 4 * 9, c[64]);
        assertEquals(0.5f * 1 * (16 - 32), c[96]);
        assertEquals(0, c[32] + 0f, "a scale of 0");
    }

    @Test
    void plainTypesKeepEveryBitTheyCanHold() {
        float[] x = {1, -0f, Float.NaN, Float.NEGATIVE_INFINITY, 65504, 0x1p-24f, 1.0009766f};
        assertArrayEquals(x, decode(GgufType.F32, BlockEncoder.encode(WeightType.F32, x, 0, x.length)));
        assertArrayEquals(x, decode(GgufType.F16, BlockEncoder.encode(WeightType.F16, x, 0, x.length)));
        float[] y = {1, -0f, Float.NaN, Float.NEGATIVE_INFINITY, 0x1.02p100f, 1.0078125f};
        assertArrayEquals(y, decode(GgufType.BF16, BlockEncoder.encode(WeightType.BF16, y, 0, y.length)));
        // Ties to even.
        assertArrayEquals(new float[] {1, 1.015625f}, decode(GgufType.BF16,
                BlockEncoder.encode(WeightType.BF16, new float[] {1.00390625f, 1.01171875f}, 0, 2)));
    }

    @Test
    void errorsOfQuantisedValuesAreBounded() {
        RandomGenerator random = random(7);
        for (int round = 0; round < 2000; round++) {
            float[] x = new float[64];
            float size = (float) StrictMath.pow(2, random.nextInt(-9, 12));
            for (int i = 0; i < x.length; i++) {
                x[i] = (float) random.nextGaussian() * size;
            }
            for (GgufType type : new GgufType[] {GgufType.Q8_0, GgufType.Q4_0}) {
                float[] y = decode(type, BlockEncoder.encode(type.stored(), x, 32, 32));
                float most = 0;
                for (int i = 0; i < 32; i++) {
                    most = Math.max(most, Math.abs(x[32 + i]));
                }
                // Half a step by rounding, or a whole one at the end where 4 bits have no place for +8; and the rounding
                // of the scale to 11 bits, or to the smallest F16, of as many steps as the value has.
                double step = most / (type == GgufType.Q8_0 ? 127.0 : 8.0);
                double bound = (type == GgufType.Q8_0 ? 0.5 : 1) * step + most * 0x1p-11 + 127 * 0x1p-25 + 1e-6 * most;
                for (int i = 0; i < 32; i++) {
                    assertEquals(x[32 + i], y[i], bound, type + " of " + most);
                }
            }
        }
    }

    @Test
    void refusesWhatHasNoPlace() {
        float[] x = new float[32];
        for (GgufType type : GgufType.values()) {
            assertEquals(BlockEncoder.supports(type.stored()), !type.name().matches("Q4_1|Q5_.|Q._K"));
            if (type.isQuantised()) {
                assertThrows(TensorException.class, () -> BlockEncoder.encode(type.stored(), x, 0, 31));
                assertThrows(TensorException.class, () -> BlockEncoder.encode(type.stored(), x, 1, 32));
                assertThrows(TensorException.class, () -> decodeInto(type, 1000, 31));
            }
            assertThrows(TensorException.class, () -> decodeInto(type, type.blockBytes() - 1, type.blockElements()));
            assertThrows(TensorException.class, () -> decodeInto(type, 10_000, -type.blockElements()));
            assertThrows(TensorException.class, () -> decodeInto(type, 1_000_000, 512));
        }
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.MAX_VALUE}) {
            x[3] = bad;
            assertThrows(TensorException.class, () -> BlockEncoder.encode(WeightType.Q8_0, x, 0, 32));
            assertThrows(TensorException.class, () -> BlockEncoder.encode(WeightType.Q4_0, x, 0, 32));
        }
        x[3] = Float.MIN_VALUE;
        assertArrayEquals(new float[32], decode(GgufType.Q8_0, BlockEncoder.encode(WeightType.Q8_0, x, 0, 32)));
        assertEquals(0, decode(GgufType.Q4_0, BlockEncoder.encode(WeightType.Q4_0, x, 0, 32))[0], 0);
    }

    private static void decodeInto(GgufType type, int bytes, int elements) {
        BlockDecoder.decode(type.stored(), MemorySegment.ofArray(new byte[bytes]), new float[256], 0, elements);
    }
}
