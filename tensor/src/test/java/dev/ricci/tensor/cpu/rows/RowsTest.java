package dev.ricci.tensor.cpu.rows;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.cpu.vector.VectorRows;
import dev.ricci.tensor.op.BinaryKind;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each primitive of both kinds against double precision, at sizes around every block boundary. */
final class RowsTest {
    private static final int[] SIZES = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 130, 1000};

    static Stream<Rows> rows() {
        return Stream.of(new PlainRows(), new VectorRows());
    }

    private static float[] random(Random random, int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    private interface Term {
        double at(int i);
    }

    private static double sum(int n, Term term) {
        double s = 0;
        for (int i = 0; i < n; i++) {
            s += term.at(i);
        }
        return s;
    }

    @ParameterizedTest
    @MethodSource("rows")
    void sums(Rows rows) {
        Random random = new Random(1);
        for (int n : SIZES) {
            float[] x = random(random, n + 9);
            float[] y = random(random, n + 9);
            float[] z = random(random, n + 9);
            float[] out = new float[n + 9];
            double close = 1e-5 * (1 + n / 50.0);
            assertEquals(sum(n, i -> x[2 + i]), rows.sum(x, 2, n), close);
            assertEquals(sum(n, i -> x[2 + i] * (double) y[3 + i]), rows.dot(x, 2, y, 3, n), close);
            float[] sums = new float[2];
            rows.normSums(x, 2, y, 3, 0.1f, 0.7f, z, 4, sums, n);
            assertEquals(sum(n, i -> x[2 + i] * (double) z[4 + i]), sums[0], close);
            assertEquals(sum(n, i -> x[2 + i] * (double) z[4 + i] * (y[3 + i] - 0.1) * 0.7), sums[1], close);
            assertEquals(sum(n, i -> Math.pow(x[2 + i] - 0.25, 2)), rows.squaredDeviation(x, 2, 0.25f, n), close);
            double exp = sum(n, i -> Math.exp(x[2 + i] - 0.5));
            assertEquals(exp, rows.sumExpShifted(x, 2, 0.5f, n), close * 5);
            assertEquals(exp, rows.expShifted(x, 2, 0.5f, out, 1, n), close * 5);
            near(n, i -> Math.exp(x[2 + i] - 0.5), out);
        }
    }

    @ParameterizedTest
    @MethodSource("rows")
    void extremesFindEveryPlaceAndNan(Rows rows) {
        for (int n : SIZES) {
            float[] x = new float[n + 3];
            Arrays.fill(x, Float.NaN);
            Arrays.fill(x, 2, 2 + n, 1);
            assertEquals(n == 0 ? Float.NEGATIVE_INFINITY : 1, rows.max(x, 2, n));
            assertEquals(n == 0 ? Float.POSITIVE_INFINITY : 1, rows.min(x, 2, n));
            for (int i = 0; i < n; i++) {
                x[2 + i] = 5;
                assertEquals(5, rows.max(x, 2, n));
                x[2 + i] = -5;
                assertEquals(-5, rows.min(x, 2, n));
                x[2 + i] = Float.NaN;
                assertTrue(Float.isNaN(rows.max(x, 2, n)));
                assertTrue(Float.isNaN(rows.min(x, 2, n)));
                x[2 + i] = 1;
            }
        }
    }

    @ParameterizedTest
    @MethodSource("rows")
    void maps(Rows rows) {
        Random random = new Random(2);
        for (int n : SIZES) {
            float[] x = random(random, n + 9);
            float[] y = random(random, n + 9);
            float[] z = random(random, n + 9);
            float[] old = random(random, n + 9);
            check(n, old, out -> rows.fill(3, out, 1, n), i -> 3);
            check(n, old, out -> rows.scale(x, 2, 0.7f, out, 1, n), i -> x[2 + i] * 0.7f);
            check(n, old, out -> rows.add(x, 2, out, 1, n), i -> old[1 + i] + (double) x[2 + i]);
            check(n, old, out -> rows.axpy(0.7f, x, 2, out, 1, n), i -> old[1 + i] + 0.7f * (double) x[2 + i]);
            check(n, old, out -> rows.subtract(x, 2, 0.7f, 3, out, 1, n), i -> x[2 + i] - 0.7 - 3);
            check(n, old, out -> rows.expAffine(x, 2, 0.5f, 0.7f, 3, out, 1, n),
                    i -> Math.exp(x[2 + i] - 0.5) * 0.7 + 3);
            check(n, old, out -> rows.scaleMultiply(x, 2, 0.7f, y, 3, out, 1, n), i -> x[2 + i] * 0.7 * y[3 + i]);
            check(n, old, out -> rows.normalize(x, 2, 0.1f, 0.7f, y, 3, z, 4, out, 1, n),
                    i -> (x[2 + i] - 0.1) * 0.7 * y[3 + i] + z[4 + i]);
            check(n, old, out -> rows.softmaxBackward(x, 2, y, 3, 0.7f, out, 1, n),
                    i -> y[3 + i] * (x[2 + i] - 0.7));
            check(n, old, out -> rows.logSoftmaxBackward(x, 2, y, 3, 0.7f, out, 1, n),
                    i -> x[2 + i] - Math.exp(y[3 + i]) * 0.7);
            float[] other = new float[n + 9];
            check(n, old, out -> rows.normGradient(x, 2, y, 3, 0.1f, 0.7f, z, 4, 0.3f, 2, out, 1, other, 0, n),
                    i -> x[2 + i] * 0.7 * z[4 + i] + 0.3 + (y[3 + i] - 0.1) * 1.4);
            check(n, old, out -> rows.normGradient(x, 2, y, 3, 0.1f, 0.7f, z, 4, 0.3f, 2, other, 0, out, 1, n),
                    i -> old[1 + i] + x[2 + i] * (y[3 + i] - 0.1) * 0.7);
        }
    }

    @ParameterizedTest
    @MethodSource("rows")
    void functionsOfTwo(Rows rows) {
        Random random = new Random(3);
        float[] x = random(random, 1009);
        float[] y = random(random, 1009);
        x[7] = Float.NaN;
        y[8] = Float.NaN;
        x[9] = -0f;
        y[9] = 0;
        for (int n : SIZES) {
            for (BinaryKind kind : List.of(BinaryKind.ADD, BinaryKind.SUB, BinaryKind.MUL, BinaryKind.DIV,
                    BinaryKind.MAX, BinaryKind.MIN)) {
                float[] expected = new float[n];
                float[] out = new float[n + 2];
                PlainBinary.run(kind, x, 2, y, 2, expected, 0, n);
                rows.binary(kind, x, 2, y, 2, out, 1, n);
                assertArrayEquals(expected, Arrays.copyOfRange(out, 1, n + 1), kind + " of " + n);
                assertEquals(0, out[0] + out[n + 1], "wrote beside the row");
            }
        }
    }

    private interface Map {
        void run(float[] out);
    }

    private static void check(int n, float[] old, Map map, Term expected) {
        float[] out = old.clone();
        map.run(out);
        near(n, expected, out);
        IntUnaryOperator bits = i -> Float.floatToRawIntBits(out[i]) - Float.floatToRawIntBits(old[i]);
        assertEquals(0, bits.applyAsInt(0), "wrote before the row");
        assertEquals(0, bits.applyAsInt(1 + n), "wrote behind the row");
    }

    /** Elements 1 .. n of {@code out}. */
    private static void near(int n, Term expected, float[] out) {
        for (int i = 0; i < n; i++) {
            assertEquals(expected.at(i), out[1 + i], 1e-5 * (1 + Math.abs(expected.at(i))), "element " + i + " of " + n);
        }
    }

    @ParameterizedTest
    @MethodSource("rows")
    void blocksAreCopied(Rows rows) {
        Random random = new Random(11);
        float[] x = random(random, 70 * 75);
        for (int height : new int[] {0, 1, 3, 4, 6, 12, 16, 33}) {
            for (int width : new int[] {0, 1, 5, 12, 16, 32, 40, 66}) {
                float[] copied = new float[70 * 75];
                float[] transposed = new float[70 * 75];
                rows.copy(x, 3, 70, height, width, copied, 5, 68);
                rows.transpose(x, 3, 70, height, width, transposed, 5, 36);
                float[] expectedCopy = new float[70 * 75];
                float[] expected = new float[70 * 75];
                for (int r = 0; r < height; r++) {
                    for (int c = 0; c < width; c++) {
                        expectedCopy[5 + r * 68 + c] = x[3 + r * 70 + c];
                        expected[5 + c * 36 + r] = x[3 + r * 70 + c];
                    }
                }
                assertTrue(Arrays.equals(expectedCopy, copied), height + " by " + width);
                float[] dense = new float[70 * 75];
                int end = x.length - Math.max(0, height - 1) * 70 - width;
                rows.copy(x, end, 70, height, width, dense, 5, width);
                for (int i = 0; i < dense.length; i++) {
                    boolean inside = i >= 5 && i < 5 + height * width;
                    assertEquals(inside ? x[end + (i - 5) / width * 70 + (i - 5) % width] : 0, dense[i]);
                }
                assertTrue(Arrays.equals(expected, transposed), height + " by " + width);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("rows")
    void softmaxOfColumnsHasTheBitsOfEachAlone(Rows rows) {
        Random random = new Random(12);
        int w = 32;
        float[] max = new float[w + 1];
        Arrays.fill(max, -Float.MAX_VALUE);
        float[] total = new float[w + 1];
        float[] shrink = new float[w + 1];
        float[] ownMax = max.clone();
        float[] ownTotal = total.clone();
        float[] ownShrink = shrink.clone();
        for (int n : new int[] {1, 2, 3, 4, 6, 15, 16, 17, 64, 101}) {
            float[] x = random(random, 2 + n * w);
            for (int c = 0; c < w; c++) {
                x[2 + random.nextInt(n) * w + c] = Float.NEGATIVE_INFINITY;
                x[2 + random.nextInt(n) * w + c] -= random.nextInt(2) * 95;
            }
            float[] scores = x.clone();
            rows.softmaxColumns(x, 2, n, w, max, total, shrink, 1);
            for (int c = 0; c < w; c++) {
                float[] column = new float[n + 3];
                double sum = 0;
                for (int i = 0; i < n; i++) {
                    column[3 + i] = scores[2 + i * w + c];
                    sum += Math.exp(column[3 + i] - (double) max[1 + c]);
                }
                double before = ownTotal[1 + c];
                rows.softmaxStep(column, 3, n, ownMax, ownTotal, ownShrink, 1 + c);
                assertEquals(ownMax[1 + c], max[1 + c]);
                assertEquals(ownTotal[1 + c], total[1 + c]);
                assertEquals(ownShrink[1 + c], shrink[1 + c]);
                for (int i = 0; i < n; i++) {
                    assertEquals(column[3 + i], x[2 + i * w + c]);
                    assertEquals(Math.exp(scores[2 + i * w + c] - (double) max[1 + c]), x[2 + i * w + c], 1e-6);
                }
                assertEquals(before * shrink[1 + c] + sum, total[1 + c], 1e-5 * (1 + sum + before));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("rows")
    void partsOfAttention(Rows rows) {
        Random random = new Random(13);
        int w = 32;
        for (int n : new int[] {0, 1, 5, 12, 33}) {
            float[] a = random(random, n * w + w + 3);
            float[] x = random(random, n * w + w + 3);
            float[] out = random(random, n * w + w + 3);
            float[] s = random(random, n * w + w + 3);
            float[] old = out.clone();
            float[] shift = s.clone();
            rows.scaleAddColumns(a, 1, x, 2, out, 3, n, w);
            for (int i = 0; i < n * w; i++) {
                assertEquals(Math.fma(old[3 + i], a[1 + i % w], x[2 + i]), out[3 + i]);
                shift[1 + i] = s[2 + i] + Math.abs(x[i]);
            }
            float[] scores = s.clone();
            float[] g = old.clone();
            rows.softmaxSlopes(s, 2, g, 3, n, w, shift, 1, a, 2);
            for (int i = 0; i < n * w; i++) {
                assertEquals(Math.exp(scores[2 + i] - (double) shift[1 + i]), s[2 + i], 1e-6);
                assertEquals(s[2 + i] * (old[3 + i] - a[2 + i]), g[3 + i]);
            }
            for (int columns : new int[] {0, 1, 9, 24, 70}) {
                float[] v = random(random, 2 + n * 71);
                float[] sums = new float[columns + 1];
                rows.weightedSum(a, 1, n, v, 2, 71, sums, 1, columns);
                for (int c = 0; c < columns; c++) {
                    float sum = 0;
                    for (int r = 0; r < n; r++) {
                        sum = Math.fma(a[1 + r], v[2 + r * 71 + c], sum);
                    }
                    assertEquals(sum, sums[1 + c]);
                }
            }
        }
    }
}
