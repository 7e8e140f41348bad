package dev.ricci.tensor.cpu.rows;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.cpu.vector.VectorRows;
import dev.ricci.tensor.op.UnaryKind;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

final class ElementaryTest {
    /** Odd, and not near a power of two, so that all exponents and all parts of the mantissas are met. */
    private static final int STEP = 9973;
    private static final float[] SPECIAL = {0f, -0f, 1f, -1f, Float.MIN_VALUE, -Float.MIN_VALUE, Float.MIN_NORMAL,
        -Float.MIN_NORMAL, Float.MAX_VALUE, -Float.MAX_VALUE, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN,
        Elementary.EXP_MAX, Math.nextUp(Elementary.EXP_MAX), Elementary.EXP_MIN, Math.nextDown(Elementary.EXP_MIN),
        Elementary.ERF_SPLIT, -Elementary.ERF_SPLIT, Math.nextDown(Elementary.ERF_SPLIT), Elementary.TRIG_MAX,
        Math.nextUp(Elementary.TRIG_MAX), 1e10f, -1e30f, 0x1p-24f, -17.5f, 88f, -88f, -103.9f, 10f, -10f};

    record Function(UnaryKind kind, DoubleUnaryOperator exact, float from, float to, double ulps) {
        @Override
        public String toString() {
            return kind.opName();
        }
    }

    static Stream<Function> functions() {
        float max = Float.MAX_VALUE;
        return Stream.of(new Function(UnaryKind.EXP, StrictMath::exp, -max, max, 1),
                new Function(UnaryKind.EXPM1, StrictMath::expm1, -max, max, 1.5),
                new Function(UnaryKind.LOG, StrictMath::log, -max, max, 1),
                new Function(UnaryKind.LOG1P, StrictMath::log1p, -max, max, 1.7),
                new Function(UnaryKind.SIN, StrictMath::sin, -max, max, 2),
                new Function(UnaryKind.COS, StrictMath::cos, -max, max, 2),
                new Function(UnaryKind.TANH, StrictMath::tanh, -max, max, 2.5),
                new Function(UnaryKind.SIGMOID, ElementaryTest::sigmoid, -max, max, 2.5),
                new Function(UnaryKind.SILU, x -> x * sigmoid(x), -80, max, 3),
                new Function(UnaryKind.SOFTPLUS, x -> x > 40 ? x : StrictMath.log1p(StrictMath.exp(x)), -max, max, 2.5),
                new Function(UnaryKind.GELU_TANH, ElementaryTest::geluTanh, -3, max, 14));
    }

    private static double sigmoid(double x) {
        return 1 / (1 + StrictMath.exp(-x));
    }

    private static double geluTanh(double x) {
        return x * sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x));
    }

    /** The distance to the exact value in units of its last place as a float. */
    private static double ulps(float actual, double exact) {
        float nearest = (float) exact;
        if (Float.isNaN(nearest) || Float.isInfinite(nearest) || !Float.isFinite(actual)) {
            return Float.compare(actual, nearest) == 0 ? 0 : Double.POSITIVE_INFINITY;
        }
        return Math.abs(actual - exact) / Math.ulp(nearest);
    }

    @ParameterizedTest
    @MethodSource("functions")
    void isWithinItsUlpsOverAllExponents(Function f) {
        double worst = 0;
        float at = 0;
        for (long bits = 0; bits < 1L << 32; bits += STEP) {
            float x = Float.intBitsToFloat((int) bits);
            if (x >= f.from && x <= f.to) {
                double distance = ulps(PlainUnary.apply(f.kind, x), f.exact.applyAsDouble(x));
                if (distance > worst) {
                    worst = distance;
                    at = x;
                }
            }
        }
        assertTrue(worst <= f.ulps, f + " is off by " + worst + " ulps at " + at);
    }

    @ParameterizedTest
    @MethodSource("functions")
    void isRightAtTheEdges(Function f) {
        for (float x : SPECIAL) {
            boolean limited = x < f.from || f.kind == UnaryKind.SILU && x == Float.NEGATIVE_INFINITY;
            if (!limited) {
                double distance = ulps(PlainUnary.apply(f.kind, x), f.exact.applyAsDouble(x));
                assertTrue(distance <= f.ulps, f + " is off by " + distance + " ulps at " + x);
            }
        }
    }

    /** The integral of the normal density from 0, by Simpson's rule: independent of series and polynomials. */
    private static double normalIntegral(double from, double to) {
        int n = 2000;
        double h = (to - from) / n;
        double sum = density(from) + density(to);
        for (int i = 1; i < n; i++) {
            sum += (i % 2 == 0 ? 2 : 4) * density(from + i * h);
        }
        return sum * h / 3;
    }

    private static double density(double x) {
        return StrictMath.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
    }

    @Test
    void erfAndTheNormalDistributionAgreeWithTheIntegral() {
        for (double x = -6; x < 6; x += 0.0137) {
            float v = (float) x;
            double erf = 2 * normalIntegral(0, v * Math.sqrt(2));
            assertTrue(ulps(Elementary.erf(v), erf) <= 3, "erf(" + v + ") = " + Elementary.erf(v));
            double cdf = v < 0 ? normalIntegral(v - 12, v) : 0.5 + normalIntegral(0, v);
            double relative = Math.abs(Elementary.normalCdf(v) - cdf) / cdf;
            assertTrue(relative <= 3e-6, "Phi(" + v + ") = " + Elementary.normalCdf(v) + ", off by " + relative);
            assertEquals((float) (v * cdf), Elementary.gelu(v), Math.abs(v * cdf) * 3e-6);
        }
        assertEquals(-0f, Elementary.gelu(-20));
        assertEquals(20, Elementary.gelu(20));
    }

    @Test
    void slopesAgreeWithDifferences() {
        for (double x = -6; x < 6; x += 0.0137) {
            float v = (float) x;
            double h = 1e-4;
            double silu = ((v + h) * sigmoid(v + h) - (v - h) * sigmoid(v - h)) / (2 * h);
            double geluTanh = (geluTanh(v + h) - geluTanh(v - h)) / (2 * h);
            double gelu = 0.5 + Math.signum(v) * normalIntegral(0, Math.abs(v)) + v * density(v);
            assertEquals(silu, Elementary.siluSlope(v), 3e-6);
            assertEquals(geluTanh, Elementary.geluTanhSlope(v), 3e-6);
            assertEquals(gelu, Elementary.geluSlope(v), 1e-6);
        }
        for (float v : new float[] {1e30f, Float.POSITIVE_INFINITY}) {
            assertEquals(1, Elementary.siluSlope(v));
            assertEquals(1, Elementary.geluSlope(v));
            assertEquals(1, Elementary.geluTanhSlope(v));
            assertEquals(0, Elementary.siluSlope(-v));
            assertEquals(0, Elementary.geluSlope(-v));
            assertEquals(0, Elementary.geluTanhSlope(-v));
        }
    }

    @ParameterizedTest
    @EnumSource(value = UnaryKind.class, mode = EnumSource.Mode.EXCLUDE,
            names = {"LOGICAL_NOT", "IS_NAN", "IS_FINITE"})
    void lanesHaveTheBitsOfTheScalarFunction(UnaryKind kind) {
        Rows rows = new VectorRows();
        int n = 4099;
        float[] x = new float[n];
        float[] y = new float[n];
        System.arraycopy(SPECIAL, 0, x, 0, SPECIAL.length);
        int filled = SPECIAL.length;
        for (long bits = 0; bits < 1L << 32; bits += STEP) {
            x[filled++] = Float.intBitsToFloat((int) bits);
            if (filled == n || bits + STEP >= 1L << 32) {
                rows.unary(kind, x, 0, y, 0, filled);
                for (int i = 0; i < filled; i++) {
                    sameBits(PlainUnary.apply(kind, x[i]), y[i], kind + " at " + x[i]);
                }
                filled = 0;
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = UnaryKind.class, names = {"GELU", "GELU_TANH", "SILU"})
    void lanesOfGradientsHaveTheBitsOfTheScalarFunction(UnaryKind kind) {
        Rows rows = new VectorRows();
        int n = 40_013;
        float[] g = new float[n];
        float[] x = new float[n];
        float[] y = new float[n];
        for (int i = 0; i < n; i++) {
            g[i] = 1 + 0.001f * i;
            x[i] = i < SPECIAL.length ? SPECIAL[i] : (i - n / 2) * 0.001f;
        }
        rows.unaryBackward(kind, g, 0, x, 0, y, 0, n);
        for (int i = 0; i < n; i++) {
            sameBits(g[i] * PlainUnary.slope(kind, x[i]), y[i], kind + " at " + x[i]);
        }
    }

    private static void sameBits(float expected, float actual, String what) {
        if (Float.floatToIntBits(expected) != Float.floatToIntBits(actual)) {
            assertEquals(expected, actual, what);
        }
    }
}
