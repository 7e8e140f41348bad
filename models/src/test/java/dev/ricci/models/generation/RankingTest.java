package dev.ricci.models.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.Philox;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The heap against sorting everything. */
class RankingTest {
    private static int slow(Sampling s, float[] logits, long seed, long step) {
        int n = logits.length;
        double best = Double.NEGATIVE_INFINITY;
        for (float x : logits) {
            best = Math.max(best, x);
        }
        double[] w = new double[n];
        for (int i = 0; i < n; i++) {
            w[i] = StrictMath.exp((logits[i] - best) / s.temperature());
        }
        List<Integer> ids = IntStream.range(0, n).filter(i -> w[i] >= s.minP() && w[i] > 0).boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -logits[i]).thenComparing(i -> i))
                .limit(s.topK() > 0 ? s.topK() : n).toList();
        double reach = ids.stream().mapToDouble(i -> w[i]).sum() * s.topP();
        int kept = 0;
        double sum = 0;
        while (kept < ids.size() && (sum < reach || kept == 0)) {
            sum += w[ids.get(kept++)];
        }
        int[] words = new int[4];
        Philox.block(words, Philox.split(seed, step, 0), 0);
        double u = Philox.uniform(words[0], words[1]) * sum;
        for (int i = 0; i < kept; i++) {
            u -= w[ids.get(i)];
            if (u < 0) {
                return ids.get(i);
            }
        }
        return ids.get(kept - 1);
    }

    @Test
    void drawsWhatSortingEverythingDraws() {
        Random random = new Random(1);
        for (int round = 0; round < 2000; round++) {
            int n = 1 + random.nextInt(60);
            float[] logits = new float[n];
            boolean ties = random.nextBoolean();
            for (int i = 0; i < n; i++) {
                logits[i] = ties ? random.nextInt(5) : (float) (4 * random.nextGaussian());
                logits[i] = i > 0 && random.nextInt(10) == 0 ? Float.NEGATIVE_INFINITY : logits[i];
            }
            Sampling s = new Sampling(0.2 + 2 * random.nextDouble(), random.nextInt(3) * random.nextInt(20),
                    random.nextBoolean() ? 1 : 0.01 + 0.98 * random.nextDouble(),
                    random.nextBoolean() ? 0 : random.nextDouble(), 1);
            for (int step = 0; step < 5; step++) {
                assertEquals(slow(s, logits, round, step), s.choose(logits, new int[0], 0, round, step),
                        s + " of " + Arrays.toString(logits));
            }
        }
    }

    @Test
    void aNucleusThatReachesItsShareExactlyEndsThere() {
        Sampling half = new Sampling(1, 0, 0.5, 0, 1);
        for (int step = 0; step < 50; step++) {
            assertTrue(half.choose(new float[4], new int[0], 0, 1, step) < 2);
        }
    }
}
