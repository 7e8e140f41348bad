package dev.ricci.models.diffusion;

import static dev.ricci.models.diffusion.TinyDiffusion.CONTEXT;
import static dev.ricci.models.diffusion.TinyDiffusion.MASK;
import static dev.ricci.models.diffusion.TinyDiffusion.VOCABULARY;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.Sampling;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DiffusionGeneratorTest {
    private static final DiffusionOptions FULL = DiffusionOptions.of(TinyDiffusion.model(0));
    private static final DiffusionOptions EXACT = DiffusionOptions.of(TinyDiffusion.model(4));

    private static int[] prompt(Random random, int length) {
        return random.ints(length, 0, MASK).toArray();
    }

    private static GenerationConfig config(int tokens, double temperature, long seed) {
        return GenerationConfig.greedy(tokens).with(Sampling.temperature(temperature), seed);
    }

    private static int[] ids(Decoder model, DiffusionOptions options, int[] prompt, GenerationConfig config) {
        return new DiffusionGenerator(model, options).denoise(prompt, config, r -> { }).ids();
    }

    /** Nie et al. 2025, algorithm 5, and Wu et al. 2025, algorithm 1, as one would write them down; greedy. */
    private static int[] byHand(Decoder model, int[] prompt, int tokens, int block, int steps, double threshold,
            double guidance) {
        int[] x = Arrays.copyOf(prompt, prompt.length + tokens);
        Arrays.fill(x, prompt.length, x.length, MASK);
        for (int start = prompt.length; start < x.length; start += block) {
            int each = steps / (tokens / block);
            for (int step = 0; Arrays.stream(x, start, start + block).anyMatch(id -> id == MASK); step++) {
                int count = block / each + (step < block % each ? 1 : 0);
                double[] logits = logits(model, x, prompt.length, guidance);
                List<double[]> guesses = new ArrayList<>();
                for (int i = start; i < start + block; i++) {
                    if (x[i] == MASK) {
                        double[] z = Arrays.copyOfRange(logits, i * VOCABULARY, (i + 1) * VOCABULARY);
                        int best = IntStream.range(0, VOCABULARY).reduce((a, b) -> z[b] > z[a] ? b : a).getAsInt();
                        double p = Math.exp(z[best]) / Arrays.stream(z).map(Math::exp).sum();
                        guesses.add(new double[] {p, i, best});
                    }
                }
                guesses.sort((a, b) -> Double.compare(b[0], a[0]));
                if (threshold > 0) {
                    count = Math.max(1, (int) guesses.stream().filter(g -> g[0] >= threshold).count());
                }
                guesses.subList(0, count).forEach(g -> x[(int) g[1]] = (int) g[2]);
            }
        }
        return x;
    }

    private static double[] logits(Decoder model, int[] x, int prompt, double guidance) {
        double[] seen = NoGrad.call(() -> model.logits(Tensor.ofInts(x, 1, x.length))).toDoubleArray();
        if (guidance > 0) {
            int[] hidden = x.clone();
            Arrays.fill(hidden, 0, prompt, MASK);
            double[] unseen = NoGrad.call(() -> model.logits(Tensor.ofInts(hidden, 1, x.length))).toDoubleArray();
            for (int i = 0; i < seen.length; i++) {
                seen[i] = i % VOCABULARY == MASK ? seen[i] : unseen[i] + (guidance + 1) * (seen[i] - unseen[i]);
            }
        }
        return seen;
    }

    @Test
    void writesWhatOneWritesDownByHand() {
        Decoder model = TinyDiffusion.model(0);
        Random random = new Random(1);
        for (int i = 0; i < 3; i++) {
            int[] prompt = prompt(random, 1 + random.nextInt(12));
            for (int block : new int[] {12, 4, 3, 1}) {
                for (int steps : new int[] {12 / block, 12}) {
                    DiffusionOptions options = FULL.withBlock(block).with(new Unmasking.Steps(steps));
                    assertArrayEquals(byHand(model, prompt, 12, block, steps, 0, 0),
                            ids(model, options, prompt, GenerationConfig.greedy(12)));
                }
                for (double threshold : new double[] {0.2, 0.5}) {
                    assertArrayEquals(byHand(model, prompt, 12, block, 12, threshold, 1.5), ids(model, FULL.withBlock(block)
                            .with(new Unmasking.Confidence(threshold)).withGuidance(1.5), prompt, GenerationConfig.greedy(12)));
                }
            }
        }
    }

    @Test
    void quotasSumUp() {
        for (int hidden = 1; hidden < 40; hidden++) {
            for (int steps = 1; steps < 45; steps++) {
                int[] quota = Unmasking.Steps.split(hidden, steps);
                assertEquals(hidden, Arrays.stream(quota).sum());
                assertEquals(Math.min(hidden, steps), quota.length);
                assertTrue(Arrays.stream(quota).allMatch(q -> q == quota[0] || q == quota[0] - 1) && quota[0] > 0);
            }
        }
        assertArrayEquals(new int[] {3, 3, 2}, Unmasking.Steps.split(8, 3));
    }

    private static List<Unmasking> rules(int tokens) {
        return List.of(new Unmasking.Steps(tokens), new Unmasking.Steps(tokens, Remasking.RANDOM),
                new Unmasking.Confidence(0.4), new Unmasking.FirstHitting());
    }

    @Test
    void theExactCacheChangesNoId() {
        Random random = new Random(2);
        for (int block : new int[] {1, 3, 4, 8, CONTEXT}) {
            Decoder model = TinyDiffusion.model(block);
            for (int length : block == CONTEXT ? new int[] {0} : new int[] {0, 1, 5, 12}) {
                int tokens = block == CONTEXT ? CONTEXT : 12 / block * block;
                for (Unmasking rule : rules(tokens)) {
                    int[] prompt = prompt(random, length);
                    DiffusionOptions options = EXACT.with(rule).withGuidance(random.nextInt(2) * 0.7);
                    GenerationConfig config = config(tokens, random.nextInt(2), random.nextLong());
                    int[] cached = ids(model, options, prompt, config);
                    assertArrayEquals(ids(model, options.with(Caching.NONE), prompt, config), cached);
                    assertTrue(Arrays.stream(cached).noneMatch(id -> id == MASK));
                }
            }
        }
        GenerationConfig config = config(8, 1, 1).withCache(false);
        Decoder model = TinyDiffusion.model(4);
        int[] read = {0, 0};
        assertEquals(new DiffusionGenerator(model, EXACT.with(Caching.NONE)).denoise(read, config, r -> { }).tokensRead(),
                new DiffusionGenerator(model, EXACT).denoise(read, config, r -> { }).tokensRead());
    }

    /** One block is the whole text: the same as a model that sees both ways. */
    @Test
    void oneBlockIsTheWholeSequence() {
        Decoder blocks = TinyDiffusion.model(CONTEXT);
        Decoder whole = TinyDiffusion.model(0);
        Random random = new Random(3);
        for (int length = 0; length < CONTEXT; length += 5) {
            for (Unmasking rule : List.of(new Unmasking.Confidence(0.4), new Unmasking.FirstHitting())) {
                int[] prompt = prompt(random, length);
                int tokens = CONTEXT - length;
                GenerationConfig config = config(tokens, 1, length);
                // What is asked for is no whole block, only what the prompt leaves of it.
                Denoising text = new Denoising(blocks, whole(prompt), CONTEXT, EXACT.with(rule), 1, length);
                while (!text.isDone()) {
                    new Denoiser(blocks).run(List.of(text));
                }
                assertArrayEquals(ids(whole, FULL.with(rule), prompt, config), text.ids());
            }
        }
    }

    private static int[] whole(int[] prompt) {
        int[] ids = Arrays.copyOf(prompt, CONTEXT);
        Arrays.fill(ids, prompt.length, CONTEXT, MASK);
        return ids;
    }

    /** The control: where tokens see what comes later, the exact cache is wrong, and the ids show it. */
    @Test
    void aModelThatSeesBothWaysHasNoExactCache() {
        Decoder both = TinyDiffusion.model(0);
        Decoder claimed = TinyDiffusion.model(4);
        Random random = new Random(4);
        int different = 0;
        for (int i = 0; i < 20; i++) {
            int[] prompt = prompt(random, 8);
            GenerationConfig config = GenerationConfig.greedy(16);
            int[] expected = ids(both, FULL.withBlock(4), prompt, config);
            different += Arrays.equals(expected, ids(claimed, EXACT, prompt, config)) ? 0 : 1;
        }
        assertTrue(different >= 15, "different: " + different);
    }

    /** With one step a block each block begins with a pass over everything, and nothing is reused. */
    @Test
    void approximateCachesAreExactWhereNothingIsReused() {
        Decoder model = TinyDiffusion.model(0);
        Random random = new Random(5);
        int same = 0;
        for (int i = 0; i < 10; i++) {
            int[] prompt = prompt(random, 8);
            GenerationConfig config = config(16, 1, i);
            for (Caching caching : List.of(Caching.PREFIX, Caching.DUAL)) {
                DiffusionOptions once = FULL.withBlock(4).with(new Unmasking.Steps(4));
                assertArrayEquals(ids(model, once, prompt, config), ids(model, once.with(caching), prompt, config));
                DiffusionOptions often = FULL.withBlock(4).with(new Unmasking.Steps(16));
                DiffusionResult cached = new DiffusionGenerator(model, often.with(caching)).denoise(prompt, config, r -> { });
                assertEquals(16, cached.passes());
                // Four times all, and three steps each that read what is left or the block.
                assertEquals(4 * 24 + 3 * (caching == Caching.DUAL ? 4 * 4 : 16 + 12 + 8 + 4), cached.tokensRead());
                same += Arrays.equals(cached.ids(), ids(model, often, prompt, config)) ? 1 : 0;
            }
        }
        assertTrue(same < 20, "an approximation that never shows");
    }

    /** A last block that goes on beyond what was asked for is not completed for nobody. */
    @Test
    void nothingIsDoneAfterTheLastTokenWasTold() {
        Decoder model = TinyDiffusion.model(4);
        int saved = 0;
        for (int seed = 0; seed < 20; seed++) {
            int[] told = {0};
            int[] revealed = {0};
            DiffusionGenerator generator = new DiffusionGenerator(model, EXACT.with(new Unmasking.FirstHitting()));
            int[] made = generator.generate(new int[] {1}, config(4, 1, seed), id -> ++told[0] > 0, r -> {
                assertTrue(told[0] < 4, "all was told already");
                revealed[0]++;
            });
            assertEquals(4, made.length);
            assertArrayEquals(Arrays.copyOfRange(generator.denoise(new int[] {1}, config(4, 1, seed), r -> { }).ids(), 1, 5), made);
            saved += 7 - revealed[0];
        }
        assertTrue(saved > 0, "every text was completed");
    }

    @Test
    void thresholdsAndFirstHittingRevealAsTheySay() {
        Decoder model = TinyDiffusion.model(4);
        int[] prompt = {1, 2, 3, 4, 5};
        for (int[] expected : new int[][] {{12, 1}, {1, 4}}) {
            DiffusionOptions options = EXACT.with(new Unmasking.Confidence(expected[0] == 12 ? 1 : 1e-9));
            List<Reveal> reveals = new ArrayList<>();
            DiffusionResult result = new DiffusionGenerator(model, options).denoise(prompt, GenerationConfig.greedy(12),
                    reveals::add);
            // The last of four blocks, which the prompt's first token begins, is whole too.
            assertEquals(expected[0] == 12 ? 15 : 4, result.passes());
            assertEquals(15, reveals.size());
            assertEquals(17, result.ids().length);
            assertTrue(IntStream.range(0, 17).allMatch(i -> result.steps()[i] == 0 == i < 5));
        }
        double sum = 0;
        for (int seed = 0; seed < 150; seed++) {
            List<Reveal> reveals = new ArrayList<>();
            new DiffusionGenerator(model, EXACT.with(new Unmasking.FirstHitting())).denoise(new int[] {1, 2, 3},
                    config(4, 1, seed), reveals::add);
            assertEquals(5, reveals.size());
            assertEquals(3, reveals.getFirst().position());
            sum += reveals.getFirst().time();
            for (int i = 2; i < 5; i++) {
                assertTrue(reveals.get(i).time() < reveals.get(i - 1).time());
            }
        }
        assertEquals(0.5, sum / 150, 0.07);
    }

    @Test
    void drawsFollowTheProbabilities() {
        double[] logits = {9, 0, 1, 2, Double.NEGATIVE_INFINITY, -1};
        int[] counts = new int[5];
        int n = 20_000;
        Draws draws = new Draws(7);
        for (int i = 0; i < n; i++) {
            counts[draws.token(i % 100, i / 100, logits, 1, 5, 0.5)]++;
        }
        double total = 0;
        for (int v = 0; v < 5; v++) {
            total += Math.exp(2 * logits[v + 1]);
        }
        for (int v = 0; v < 5; v++) {
            assertEquals(Math.exp(2 * logits[v + 1]) / total, counts[v] / (double) n, 0.01);
        }
        assertEquals(0, counts[3]);
    }

    /** Texts that come and go between steps get what they get alone. */
    @Test
    void othersChangeNoBit() {
        Random random = new Random(6);
        for (int block : new int[] {0, 4}) {
            Decoder model = TinyDiffusion.model(block);
            List<Denoising> waiting = new ArrayList<>();
            List<int[]> expected = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                List<Caching> kinds = block == 0 ? List.of(Caching.NONE, Caching.PREFIX, Caching.DUAL)
                        : List.of(Caching.NONE, Caching.EXACT);
                DiffusionOptions options = new DiffusionOptions(4, rules(8).get(random.nextInt(4)),
                        random.nextInt(2) * 0.5, kinds.get(random.nextInt(kinds.size())));
                int[] prompt = prompt(random, random.nextInt(17));
                GenerationConfig config = config(8, random.nextInt(2), i);
                DiffusionGenerator generator = new DiffusionGenerator(model, options);
                expected.add(ids(model, options, prompt, config));
                waiting.add(generator.start(prompt, config));
            }
            List<Denoising> all = List.copyOf(waiting);
            List<Denoising> active = new ArrayList<>();
            while (!waiting.isEmpty() || !active.isEmpty()) {
                for (int n = random.nextInt(3); n > 0 && !waiting.isEmpty(); n--) {
                    active.add(waiting.removeFirst());
                }
                if (!active.isEmpty()) {
                    new Denoiser(model).run(active);
                }
                active.removeIf(Denoising::isDone);
            }
            for (int i = 0; i < all.size(); i++) {
                assertArrayEquals(expected.get(i), Arrays.copyOf(all.get(i).ids(), expected.get(i).length));
            }
        }
    }

    @Test
    void fillsGaps() {
        Decoder model = TinyDiffusion.model(0);
        int[] text = {1, 2, MASK, MASK, 3, MASK, 4, MASK};
        for (Caching caching : List.of(Caching.NONE, Caching.PREFIX, Caching.DUAL)) {
            List<Integer> places = new ArrayList<>();
            DiffusionResult result = new DiffusionGenerator(model, FULL.withBlock(2).with(caching)).infill(text,
                    GenerationConfig.greedy(4), r -> places.add(r.position()));
            assertArrayEquals(new int[] {1, 2, 3, 4}, new int[] {result.ids()[0], result.ids()[1], result.ids()[4],
                result.ids()[6]});
            assertTrue(Arrays.stream(result.ids()).noneMatch(id -> id == MASK));
            assertTrue(places.subList(0, 2).containsAll(List.of(2, 3)) && places.subList(2, 4).containsAll(List.of(5, 7)));
        }
    }

    @Test
    void tellsIdsFromLeftToRightAndEndsWhenTold() {
        Decoder model = TinyDiffusion.model(0);
        int[] prompt = {1, 2, 3};
        GenerationConfig config = config(12, 1, 3);
        int[] whole = ids(model, FULL, prompt, config);
        List<Integer> told = new ArrayList<>();
        int[] made = new DiffusionGenerator(model, FULL).generate(prompt, config, told::add);
        assertArrayEquals(Arrays.copyOfRange(whole, 3, 15), made);
        assertEquals(Arrays.stream(made).boxed().toList(), told);
        int[] part = new DiffusionGenerator(model, FULL).generate(prompt, config, id -> id != made[4]);
        assertEquals(made[4], part[part.length - 1]);
        assertTrue(part.length <= 5);
        assertEquals(0, new DiffusionGenerator(model, FULL).generate(prompt, config(0, 1, 3), id -> true).length);
    }

    @Test
    void refusesWhatDoesNotFit() {
        Decoder both = TinyDiffusion.model(0);
        Decoder blocks = TinyDiffusion.model(4);
        int[] prompt = {1, 2, 3};
        refused(both, FULL.withBlock(5), prompt, 12, "12 new tokens are no whole number of blocks of 5");
        refused(blocks, EXACT, prompt, 10, "no whole number of blocks of 4");
        refused(both, FULL.with(new Unmasking.Steps(13)), prompt, 12, "13 steps for 12 tokens");
        refused(both, FULL.withBlock(4).with(new Unmasking.Steps(4)), prompt, 12, "4 steps cannot be split evenly over the 3");
        refused(both, FULL, new int[] {1, MASK, 2}, 12, "mask id 10 at position 1");
        refused(both, FULL, new int[] {1, 11, 2}, 12, "id 11 at position 1");
        refused(both, FULL, prompt, 22, "exceed the context of 24");
        refused(both, FULL.with(Caching.EXACT), prompt, 12, "no exact cache");
        refused(blocks, EXACT.with(Caching.DUAL), prompt, 12, "has an exact cache");
        refused(blocks, EXACT.withBlock(2), prompt, 12, "blocks of 4");
        DecoderConfig causal = DecoderConfig.llama(VOCABULARY, CONTEXT, 2, 4, 2, 16, 24);
        refused(() -> new DiffusionGenerator(new Decoder(causal, Rng.of(1))), "predicts the next id from left to right");
        refused(() -> new DiffusionGenerator(new Decoder(causal.with(causal.attention().withCausal(false)), Rng.of(1))),
                "says no mask id");
        refused(() -> new DiffusionGenerator(both).generate(prompt, config(12, 1, 0).with(Sampling.temperature(1).withTopK(3),
                0), id -> true), "only the temperature");
        refused(() -> new DiffusionGenerator(blocks).infill(new int[] {1, MASK, 2}, config(1, 1, 0), r -> { }),
                "from left to right");
        refused(() -> new DiffusionGenerator(both).infill(new int[] {1, MASK, 2}, config(2, 1, 0), r -> { }), "1 hidden ids");
        refused(() -> new Unmasking.Confidence(0), "(0, 1]");
        refused(() -> new Unmasking.Steps(0), "positive");
        refused(() -> FULL.withGuidance(-1), "guidance");
        refused(() -> FULL.withBlock(-1), "block");
    }

    private static void refused(Decoder model, DiffusionOptions options, int[] prompt, int tokens, String message) {
        refused(() -> new DiffusionGenerator(model, options).generate(prompt, GenerationConfig.greedy(tokens), id -> true),
                message);
    }

    private static void refused(Runnable r, String message) {
        String found = assertThrows(TensorException.class, r::run).getMessage();
        assertTrue(found.contains(message), found);
    }
}
