package dev.ricci.models.diffusion;

import static dev.ricci.models.diffusion.TinyDiffusion.CONTEXT;
import static dev.ricci.models.diffusion.TinyDiffusion.MASK;
import static dev.ricci.models.diffusion.TinyDiffusion.VOCABULARY;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.nn.data.Batch;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class DiffusionScoringTest {
    private static int[] text(long seed, int length) {
        return new Random(seed).ints(length, 0, MASK).toArray();
    }

    /** -log p of an id at a place, given all that is seen there. */
    private static double loss(Decoder model, int[] seen, int place, int id) {
        double[] z = NoGrad.call(() -> model.logits(Tensor.ofInts(seen, 1, seen.length))).toDoubleArray();
        double[] own = Arrays.copyOfRange(z, place * VOCABULARY, (place + 1) * VOCABULARY);
        return Math.log(Arrays.stream(own).map(Math::exp).sum()) - own[id];
    }

    @Test
    void blocksOfOneTokenGiveTheSumFromLeftToRight() {
        Decoder model = TinyDiffusion.model(1);
        for (int given : new int[] {0, 1, 7}) {
            int[] ids = text(given, CONTEXT);
            double sum = 0;
            for (int i = given; i < ids.length; i++) {
                int[] seen = Arrays.copyOf(ids, i + 1);
                seen[i] = MASK;
                sum += loss(model, seen, i, ids[i]);
            }
            DiffusionScoring.Estimate found = DiffusionScoring.bound(model, ids, given, 10, 3);
            assertEquals(sum, found.nats(), 1e-5 * sum);
            assertEquals(0, found.standardError());
            // The loss of training hides every id, each counts 1, if p is 1.
            Tensor row = Tensor.ofInts(ids, 1, CONTEXT);
            double mean = new MaskedDiffusion(model, new NoiseRange(1, 1)).loss(new Batch(row, row), Rng.of(1)).item();
            if (given == 0) {
                assertEquals(sum, mean * CONTEXT, 1e-5 * sum);
                assertEquals(sum - loss(model, new int[] {MASK}, 0, ids[0]),
                        DiffusionScoring.meanLoss(model, ids, CONTEXT, 5) * (CONTEXT - 1), 1e-5 * sum);
            }
        }
    }

    /** All ways to hide l of the ids, counted out. */
    private static double expected(Decoder model, int[] ids, int from, int to) {
        int n = to - from;
        double[] sums = new double[n + 1];
        int[] ways = new int[n + 1];
        for (int subset = 1; subset < 1 << n; subset++) {
            int[] seen = ids.clone();
            for (int i = 0; i < n; i++) {
                seen[from + i] = (subset >> i & 1) == 1 ? MASK : ids[from + i];
            }
            int l = Integer.bitCount(subset);
            ways[l]++;
            for (int i = 0; i < n; i++) {
                if ((subset >> i & 1) == 1) {
                    sums[l] += loss(model, seen, from + i, ids[from + i]) * n / l;
                }
            }
        }
        double mean = 0;
        for (int l = 1; l <= n; l++) {
            mean += sums[l] / ways[l] / n;
        }
        return mean;
    }

    @Test
    void theBoundIsTheMeanOverAllWaysToHide() {
        Decoder whole = TinyDiffusion.model(0);
        int[] ids = text(1, 8);
        double expected = expected(whole, ids, 3, 8);
        DiffusionScoring.Estimate found = DiffusionScoring.bound(whole, ids, 3, 400, 7);
        assertEquals(expected, found.nats(), 4 * found.standardError());
        assertTrue(found.standardError() < 0.08 * expected && found.standardError() > 0, "error " + found);

        // Blocks [0, 4), [4, 8) and the beginning of a third one, whose rest is always hidden.
        Decoder blocks = TinyDiffusion.model(4);
        int[] longer = Arrays.copyOf(text(2, 10), 12);
        Arrays.fill(longer, 10, 12, MASK);
        double sum = expected(blocks, Arrays.copyOf(longer, 4), 2, 4) + expected(blocks, Arrays.copyOf(longer, 8), 4, 8)
                + expected(blocks, longer, 8, 10);
        found = DiffusionScoring.bound(blocks, Arrays.copyOf(longer, 10), 2, 400, 7);
        assertEquals(sum, found.nats(), 4 * found.standardError());
    }

    /** Few draws have each amount of noise about equally often. */
    @Test
    void amountsOfNoiseAreSpreadEvenly() {
        Decoder model = TinyDiffusion.model(0);
        int[] ids = text(3, 5);
        double[] few = new double[24];
        for (int i = 0; i < few.length; i++) {
            few[i] = DiffusionScoring.bound(model, ids, 0, 5, i).nats();
        }
        double mean = Arrays.stream(few).average().orElseThrow();
        double spread = Math.sqrt(Arrays.stream(few).map(x -> (x - mean) * (x - mean)).sum() / few.length);
        DiffusionScoring.Estimate all = DiffusionScoring.bound(model, ids, 0, 400, 1);
        assertEquals(all.nats(), mean, 4 * spread / Math.sqrt(few.length) + 4 * all.standardError());
        assertTrue(spread < all.standardError() * Math.sqrt(400.0 / 5), spread + " against " + all);
    }

    @Test
    void narrowRangesVaryLess() {
        Decoder model = TinyDiffusion.model(4);
        List<Batch> batches = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Tensor ids = Rng.of(i).ints(MASK, 2, CONTEXT);
            batches.add(new Batch(ids, ids));
        }
        List<NoiseSearch.Variance> found = NoiseSearch.variances(model, batches, Rng.of(1));
        assertEquals(1 + 11 + 10 + 9 + 8 + 7 + 6 + 5 + 4 + 3, found.size());
        for (int i = 1; i < found.size(); i++) {
            assertTrue(found.get(i - 1).variance() <= found.get(i).variance());
        }
        double full = found.stream().filter(v -> v.noise().equals(NoiseRange.FULL)).findFirst().orElseThrow().variance();
        assertTrue(found.getFirst().variance() < full / 2, found.getFirst() + ", full "
                + full);
    }

    @Test
    void refusesWhatDoesNotFit() {
        Decoder model = TinyDiffusion.model(0);
        assertThrows(TensorException.class, () -> DiffusionScoring.bound(model, new int[] {1}, 1, 1, 1));
        assertThrows(TensorException.class, () -> DiffusionScoring.bound(model, new int[] {1, 2}, 1, 0, 1));
        assertThrows(TensorException.class, () -> DiffusionScoring.bound(model, new int[CONTEXT + 1], 1, 1, 1));
        assertThrows(TensorException.class, () -> DiffusionScoring.meanLoss(model, new int[] {1, 2}, 3, 1));
        assertThrows(TensorException.class, () -> DiffusionScoring.meanLoss(model, new int[] {1, 2}, 1, 1));
        assertThrows(TensorException.class, () -> NoiseSearch.variances(model, List.of(), Rng.of(1)));
        Decoder causal = new Decoder(DecoderConfig.llama(VOCABULARY, CONTEXT, 2, 4, 2, 16, 24), Rng.of(1));
        assertThrows(TensorException.class, () -> DiffusionScoring.bound(causal, new int[] {1, 2}, 1, 1, 1));
    }

    @Test
    void refusesTheMaskAndWhatTheModelDoesNotRead() {
        Decoder model = TinyDiffusion.model(5); // a context of 24, of which blocks of 5 leave 20
        int[] ids = new int[21];
        for (Executable call : List.<Executable>of(() -> DiffusionScoring.bound(model, ids, 0, 1, 1),
                () -> DiffusionScoring.meanLoss(model, ids, 21, 1))) {
            TensorException e = assertThrows(TensorException.class, call);
            assertTrue(e.getMessage().contains("21 tokens exceed the 20"), e.getMessage());
        }
        ids[3] = TinyDiffusion.MASK;
        for (Executable call : List.<Executable>of(() -> DiffusionScoring.bound(model, Arrays.copyOf(ids, 10), 0, 1, 1),
                () -> DiffusionScoring.meanLoss(model, ids, 20, 1))) {
            TensorException e = assertThrows(TensorException.class, call);
            assertTrue(e.getMessage().contains("position 3 is the mask"), e.getMessage());
        }
    }
}
