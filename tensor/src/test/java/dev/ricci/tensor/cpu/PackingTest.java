package dev.ricci.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.ricci.tensor.cpu.rows.MicroKernel;
import dev.ricci.tensor.cpu.vector.VectorMicroKernel;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Panels are what {@link MicroKernel#pack} says, to the last zero, whichever way the source lies. */
final class PackingTest {
    static Stream<MicroKernel> kernels() {
        return Stream.of(new PlainMicroKernel(), new VectorMicroKernel());
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void panelsAreFilledUpWithZerosAndNothingBesideThemIsWritten(MicroKernel kernel) {
        float[] from = new float[1 << 14];
        for (int i = 0; i < from.length; i++) {
            from[i] = i + 1;
        }
        for (int width : new int[] {kernel.panelRows(1), kernel.panelRows(2), kernel.rows(), kernel.columns()}) {
            for (int count : new int[] {1, width - 1, width, width + 1, 2 * width, 3 * width - 1}) {
                for (int k : new int[] {1, 5, 16, 37, 70}) {
                    check(kernel, from, 1, 103, count, k, width);
                    check(kernel, from, 103, 1, count, k, width);
                    check(kernel, from, 103, 2, Math.min(count, 60), k / 2, width);
                }
            }
        }
    }

    /** Behind a panel that is narrower than a whole one lies the room of a whole one. */
    private static void check(MicroKernel kernel, float[] from, int xStride, int kStride, int count, int k, int width) {
        int panels = (count + width - 1) / width;
        int room = panels * k * Math.max(width, kernel.rows());
        float[] to = new float[3 + room + 5];
        Arrays.fill(to, -1);
        float[] expected = to.clone();
        for (int i = 0; i < panels * width; i++) {
            for (int p = 0; p < k; p++) {
                expected[3 + (i / width * k + p) * width + i % width] = i < count ? from[7 + i * xStride + p * kStride] : 0;
            }
        }
        kernel.pack(from, 7, xStride, kStride, count, k, to, 3, width);
        System.arraycopy(expected, 3 + panels * k * width, to, 3 + panels * k * width, room - panels * k * width);
        assertArrayEquals(expected, to, count + " in panels of " + width + ", depth " + k + ", strides " + xStride + ", "
                + kStride);
    }
}
