package dev.ricci.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.generation.Sampling;
import dev.ricci.tensor.TensorException;
import org.junit.jupiter.api.Test;

class SamplingTest {
    private static final float[] LOGITS = {0, 2, 1, -1, 2};
    private static final int DRAWS = 20_000;

    private static double[] frequencies(Sampling sampling, float[] logits, int... history) {
        double[] f = new double[logits.length];
        for (int step = 0; step < DRAWS; step++) {
            f[sampling.choose(logits, history, history.length, 7, step)] += 1.0 / DRAWS;
        }
        return f;
    }

    private static double[] softmax(double temperature, boolean... kept) {
        double[] p = new double[LOGITS.length];
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            p[i] = kept[i] ? Math.exp(LOGITS[i] / temperature) : 0;
            sum += p[i];
        }
        for (int i = 0; i < p.length; i++) {
            p[i] /= sum;
        }
        return p;
    }

    private static void assertClose(double[] expected, double[] actual) {
        for (int i = 0; i < expected.length; i++) {
            // Four standard deviations of a frequency over the draws.
            assertEquals(expected[i], actual[i], 4 * Math.sqrt(0.25 / DRAWS) + 1e-12, "id " + i);
            assertTrue(expected[i] > 0 || actual[i] == 0, "id " + i + " was drawn though it is cut off");
        }
    }

    @Test
    void greedyTakesTheFirstOfTheLargest() {
        assertEquals(1, Sampling.GREEDY.choose(LOGITS, new int[0], 0, 1, 1));
    }

    @Test
    void temperatureShapesTheDistribution() {
        assertClose(softmax(1, true, true, true, true, true), frequencies(Sampling.temperature(1), LOGITS));
        assertClose(softmax(0.5, true, true, true, true, true), frequencies(Sampling.temperature(0.5), LOGITS));
    }

    @Test
    void topKKeepsTheKLargest() {
        assertClose(softmax(1, false, true, true, false, true), frequencies(Sampling.temperature(1).withTopK(3), LOGITS));
        assertClose(softmax(1, false, true, false, false, false),
                frequencies(Sampling.temperature(1).withTopK(1), LOGITS));
    }

    @Test
    void topPKeepsTheFewestThatReachP() {
        // Probabilities: 0.392 twice, then 0.144, 0.053, 0.020; their sums: 0.392, 0.783, 0.928, 0.980.
        assertClose(softmax(1, false, true, false, false, true),
                frequencies(Sampling.temperature(1).withTopP(0.75), LOGITS));
        assertClose(softmax(1, false, true, true, false, true),
                frequencies(Sampling.temperature(1).withTopP(0.9), LOGITS));
    }

    @Test
    void minPKeepsWhatIsProbableEnough() {
        // Relative to the best: 1 twice, then 0.368, 0.135, 0.050.
        assertClose(softmax(1, false, true, true, false, true),
                frequencies(Sampling.temperature(1).withMinP(0.3), LOGITS));
    }

    @Test
    void repetitionPenaltyLowersWhatWasSeen() {
        assertEquals(4, Sampling.GREEDY.withRepetitionPenalty(1.5).choose(LOGITS, new int[] {1, 1, 3}, 3, 1, 1));
        float[] negative = {-1, -2};
        assertEquals(1, Sampling.GREEDY.withRepetitionPenalty(3).choose(negative, new int[] {0}, 1, 1, 1));
        assertEquals(1, Sampling.GREEDY.withRepetitionPenalty(3).choose(LOGITS, new int[] {1}, 0, 1, 1),
                "only the first `length` ids of the history count");
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertThrows(TensorException.class, () -> Sampling.temperature(-1));
        assertThrows(TensorException.class, () -> Sampling.temperature(Double.NaN));
        assertThrows(TensorException.class, () -> Sampling.GREEDY.withTopP(0));
        assertThrows(TensorException.class, () -> Sampling.GREEDY.withTopK(-1));
        assertThrows(TensorException.class, () -> Sampling.GREEDY.withMinP(1.5));
        assertThrows(TensorException.class, () -> Sampling.GREEDY.withRepetitionPenalty(0));
        String message = assertThrows(TensorException.class,
                () -> Sampling.GREEDY.choose(new float[] {0, Float.NaN}, new int[0], 0, 1, 1)).getMessage();
        assertTrue(message.contains("id 1 is NaN"), message);
        for (float infinite : new float[] {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            float[] logits = {infinite, infinite};
            String refused = assertThrows(TensorException.class,
                    () -> Sampling.temperature(1).choose(logits, new int[0], 0, 1, 1)).getMessage();
            assertTrue(refused.contains("largest logit"), refused);
        }
        assertEquals(1, Sampling.temperature(1).choose(new float[] {Float.NEGATIVE_INFINITY, 0}, new int[0], 0, 1, 1),
                "a masked token is never drawn");
    }
}
