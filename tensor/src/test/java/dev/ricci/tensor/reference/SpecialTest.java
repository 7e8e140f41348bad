package dev.ricci.tensor.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SpecialTest {
    private static final MathContext DIGITS = new MathContext(80);
    private static final BigDecimal TWO_OVER_SQRT_PI = BigDecimal.TWO.divide(new BigDecimal(
            "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899").sqrt(DIGITS), DIGITS);

    /** The Taylor series of erf in 80 decimal digits. */
    private static BigDecimal exactErf(double x) {
        BigDecimal square = new BigDecimal(x).pow(2);
        BigDecimal power = new BigDecimal(x);
        BigDecimal sum = power;
        for (int n = 1; power.abs().compareTo(new BigDecimal("1e-75")) > 0; n++) {
            power = power.multiply(square).divide(BigDecimal.valueOf(-n), DIGITS);
            sum = sum.add(power.divide(BigDecimal.valueOf(2 * n + 1), DIGITS));
        }
        return sum.multiply(TWO_OVER_SQRT_PI, DIGITS);
    }

    @Test
    void errorFunctionToTheLastBits() {
        Random random = new Random(1);
        for (int i = 0; i < 1500; i++) {
            double x = i < 1000 ? random.nextDouble() * 6.5 : random.nextDouble() * 2;
            x = i % 2 == 0 ? x : -x;
            BigDecimal erf = exactErf(x);
            BigDecimal erfc = BigDecimal.ONE.subtract(erf);
            assertEquals(erf.doubleValue(), Special.erf(x), 6e-16 * Math.abs(erf.doubleValue()), "erf " + x);
            assertEquals(erfc.doubleValue(), Special.erfc(x), 2e-15 * erfc.doubleValue(), "erfc " + x);
        }
    }

    /** Abramowitz and Stegun, table 7.1, and the far tail. */
    @Test
    void tabulated() {
        assertEquals(0.1124629160, Special.erf(0.1), 5e-11);
        assertEquals(0.5204998778, Special.erf(0.5), 5e-11);
        assertEquals(0.8427007929, Special.erf(1), 6e-11);
        assertEquals(0.9953222650, Special.erf(2), 5e-11);
        assertEquals(2.088487583762545e-45, Special.erfc(10), 1e-59);
        assertEquals(1, Special.erf(7));
        assertEquals(-1, Special.erf(Double.NEGATIVE_INFINITY));
        assertEquals(0, Special.erfc(40));
        assertEquals(2, Special.erfc(-40));
        assertEquals(1e-300 * 2 / Math.sqrt(Math.PI), Special.erf(1e-300), 1e-315);
        assertEquals(-0.0, Special.erf(-0.0));
        assertTrue(Double.isNaN(Special.erf(Double.NaN)));
        assertTrue(Double.isNaN(Special.erfc(Double.NaN)));
    }

    @Test
    void activationsAtTheirEnds() {
        assertEquals(1, Special.sigmoid(800));
        assertEquals(Math.exp(-700), Special.sigmoid(-700), 1e-317);
        assertEquals(Math.log(2), Special.softplus(0), 1e-16);
        assertEquals(1000, Special.softplus(1000));
        assertEquals(Math.exp(-50), Special.softplus(-50), 1e-37);
        assertTrue(Double.isNaN(Special.softplus(Double.NaN)));
        assertEquals(50, Special.gelu(50));
        // x Phi(x) keeps its relative precision in the lower tail: Phi(-10) = 7.619853024160526e-24.
        assertEquals(-7.619853024160526e-23, Special.gelu(-10), 1e-36);
        assertEquals(0.8413447460685429, Special.gelu(1), 2e-16);
        assertEquals(0.8411919906082768, Special.geluTanh(1), 2e-16);
        assertEquals(1 / (1 + Math.exp(-1)), Special.silu(1), 2e-16);
    }

    @Test
    void slopes() {
        for (double x = -6; x < 6; x += 0.37) {
            double h = 1e-5;
            assertEquals((Special.gelu(x + h) - Special.gelu(x - h)) / (2 * h), Special.geluSlope(x), 1e-9);
            assertEquals((Special.geluTanh(x + h) - Special.geluTanh(x - h)) / (2 * h), Special.geluTanhSlope(x),
                    1e-9);
            assertEquals((Special.silu(x + h) - Special.silu(x - h)) / (2 * h), Special.siluSlope(x), 1e-9);
        }
        assertEquals(1, Special.geluTanhSlope(1e200));
        assertEquals(1, Special.geluSlope(1e200));
        assertEquals(1, Special.siluSlope(Double.POSITIVE_INFINITY));
    }
}
