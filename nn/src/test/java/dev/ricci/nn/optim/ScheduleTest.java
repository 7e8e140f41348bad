package dev.ricci.nn.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ricci.tensor.TensorException;
import org.junit.jupiter.api.Test;

class ScheduleTest {
    private static void follows(Schedule s, double... rates) {
        for (int i = 0; i < rates.length; i++) {
            assertEquals(rates[i], s.at(i), 1e-12, "step " + i + " of " + s);
        }
    }

    @Test
    void followTheirFormulas() {
        follows(Schedule.constant(0.3), 0.3, 0.3);
        follows(Schedule.linear(1, 0.5, 2), 1, 0.75, 0.5, 0.5);
        double eighth = 0.4 * Math.cos(Math.PI / 4);
        follows(Schedule.cosine(1, 0.2, 4), 1, 0.6 + eighth, 0.6, 0.6 - eighth, 0.2, 0.2);
        follows(Schedule.linear(1, 0, 2).warmUp(3), 0.25, 0.5, 0.75, 1, 0.5, 0, 0);
        follows(Schedule.constant(1).warmUp(0), 1, 1);
        follows(Schedule.inverseSquareRoot(1, 4), 0.25, 0.5, 0.75, 1, Math.sqrt(4 / 5.0), Math.sqrt(4 / 6.0));
        follows(Schedule.cyclic(1, 3, 2), 1, 2, 3, 2, 1, 2, 3);
        follows(Schedule.warmUpStableDecay(1, 0.2, 1, 2, 2), 0.5, 1, 1, 1, 0.6, 0.2, 0.2);
    }

    @Test
    void isNanoGptsRate() {
        // max 1e-3, min 1e-4, warm-up 100, decay until 2000: its get_lr at iterations 0, 99, 100, 1050, 2000
        Schedule s = Schedule.cosine(1e-3, 1e-4, 1900).warmUp(100);
        assertEquals(1e-3 / 101, s.at(0), 1e-15);
        assertEquals(1e-3 * 100 / 101, s.at(99), 1e-15);
        assertEquals(1e-3, s.at(100), 1e-15);
        assertEquals(5.5e-4, s.at(1050), 1e-15);
        assertEquals(1e-4, s.at(2000), 1e-15);
    }

    @Test
    void sayWhatTheyAre() {
        assertEquals("WarmUp[steps=3, then=Linear[from=1.0, to=0.0, steps=2]]",
                Schedule.describe(Schedule.linear(1, 0, 2).warmUp(3)));
        Schedule lambda = step -> 1;
        assertEquals("custom", Schedule.describe(lambda));
        assertEquals("WarmUp[steps=3, then=custom]", Schedule.describe(lambda.warmUp(3)));
    }

    @Test
    void refuseBadNumbers() {
        for (double bad : new double[] {Double.NaN, -1, Double.POSITIVE_INFINITY}) {
            assertThrows(TensorException.class, () -> Schedule.constant(bad));
            assertThrows(TensorException.class, () -> Schedule.linear(1, bad, 2));
            assertThrows(TensorException.class, () -> Schedule.cosine(bad, 1, 2));
            assertThrows(TensorException.class, () -> Schedule.cyclic(1, bad, 2));
            assertThrows(TensorException.class, () -> Schedule.inverseSquareRoot(bad, 2));
            assertThrows(TensorException.class, () -> Schedule.warmUpStableDecay(1, bad, 1, 1, 1));
        }
        assertThrows(TensorException.class, () -> Schedule.linear(1, 0, 0));
        assertThrows(TensorException.class, () -> Schedule.cosine(1, 0, -1));
        assertThrows(TensorException.class, () -> Schedule.constant(1).warmUp(-1));
        assertThrows(TensorException.class, () -> Schedule.cyclic(0, 1, 0));
        assertThrows(TensorException.class, () -> Schedule.inverseSquareRoot(1, 0));
        assertThrows(TensorException.class, () -> Schedule.warmUpStableDecay(1, 0, 1, 1, 0));
        assertThrows(TensorException.class, () -> Schedule.constant(1).at(-1));
    }
}
