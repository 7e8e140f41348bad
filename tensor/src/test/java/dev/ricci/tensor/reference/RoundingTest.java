package dev.ricci.tensor.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.spi.HeapStorage;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RoundingTest {
    private static double[] values(DType half) {
        short[] bits = new short[1 << 16];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = (short) i;
        }
        return Tensor.wrap(HeapStorage.of(half, bits), Shape.of(bits.length)).toDoubleArray();
    }

    @Test
    void everyPatternSurvivesTheWayThroughDouble() {
        double[] f16 = values(DType.F16);
        double[] bf16 = values(DType.BF16);
        for (int i = 0; i < 1 << 16; i++) {
            if (Double.isNaN(f16[i])) {
                assertTrue(Float.isNaN(Float.float16ToFloat(Rounding.toF16(f16[i]))));
            } else {
                assertEquals((short) i, Rounding.toF16(f16[i]));
            }
            if (Double.isNaN(bf16[i])) {
                assertTrue(Float.isNaN(Float.intBitsToFloat(Rounding.toBf16(bf16[i]) << 16)));
            } else {
                assertEquals((short) i, Rounding.toBf16(bf16[i]));
            }
        }
    }

    /** Between two neighbours: below the middle down, above it up, in the middle to the even one. */
    @Test
    void nearestEvenInOneStep() {
        for (DType half : new DType[] {DType.F16, DType.BF16}) {
            double[] v = values(half);
            Random random = new Random(2);
            int infinity = half == DType.F16 ? 0x7C00 : 0x7F80;
            for (int n = 0; n < 5000; n++) {
                int i = random.nextInt(infinity - 1);
                double middle = (v[i] + v[i + 1]) / 2;
                assertEquals(i, round(half, Math.nextDown(middle)));
                assertEquals(i + 1, round(half, Math.nextUp(middle)));
                assertEquals(i % 2 == 0 ? i : i + 1, round(half, middle));
                assertEquals(0x8000 | i, round(half, -Math.nextDown(middle)));
            }
            assertEquals(infinity, round(half, Double.MAX_VALUE));
            assertEquals(0, round(half, Double.MIN_VALUE));
        }
    }

    private static int round(DType half, double v) {
        return (half == DType.F16 ? Rounding.toF16(v) : Rounding.toBf16(v)) & 0xFFFF;
    }

    @Test
    void longsAreRoundedOnce() {
        long tie = (1L << 62) + (1L << 54); // between two BF16 neighbours; as a double it would swallow the 1
        double[] bf16 = Tensor.ofLongs(new long[] {tie - 1, tie, tie + 1, -tie - 1, 3}).to(DType.BF16)
                .toDoubleArray();
        assertArrayEquals(new double[] {0x1p62, 0x1p62, 0x1p62 + 0x1p55, -0x1p62 - 0x1p55, 3}, bf16);
        long middle = (1L << 60) + (1L << 36); // between two F32 neighbours
        assertArrayEquals(new float[] {0x1p60f, 0x1p60f + 0x1p37f},
                Tensor.ofLongs(new long[] {middle, middle + 1}).to(DType.F32).toFloatArray());
    }

    @Test
    void integersSaturate() {
        Tensor x = Tensor.ofDoubles(new double[] {1.9, -1.9, 300, -5, 1e30, -1e30, Double.NaN});
        assertArrayEquals(new int[] {1, -1, 300, -5, Integer.MAX_VALUE, Integer.MIN_VALUE, 0},
                x.to(DType.I32).toIntArray());
        assertArrayEquals(new long[] {1, -1, 300, -5, Long.MAX_VALUE, Long.MIN_VALUE, 0},
                x.to(DType.I64).toLongArray());
        assertArrayEquals(new int[] {1, 0, 255, 0, 255, 0, 0}, x.to(DType.U8).toIntArray());
        assertArrayEquals(new int[] {1, 1, 1, 1, 1, 1, 1}, x.to(DType.BOOL).toIntArray());
        Tensor wide = Tensor.ofLongs(new long[] {1L << 40, -(1L << 40), 7, 0});
        assertArrayEquals(new int[] {Integer.MAX_VALUE, Integer.MIN_VALUE, 7, 0}, wide.to(DType.I32).toIntArray());
        assertArrayEquals(new int[] {255, 0, 7, 0}, wide.to(DType.U8).toIntArray());
        assertArrayEquals(new int[] {1, 1, 1, 0}, wide.to(DType.BOOL).toIntArray());
    }
}
