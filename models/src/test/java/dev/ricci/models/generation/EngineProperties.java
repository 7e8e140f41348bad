package dev.ricci.models.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.nn.KvBatch;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.cpu.Threads;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Requests that come, go and are cancelled at any step: each gets what it gets alone, and all places come back. */
class EngineProperties {
    private static final int VOCABULARY = 23;
    private static final int CONTEXT = 24;
    private static final List<Decoder> MODELS = List.of(
            new Decoder(DecoderConfig.llama(VOCABULARY, CONTEXT, 2, 4, 2, 16, 24), Rng.of(1)),
            new Decoder(DecoderConfig.gpt2(VOCABULARY, CONTEXT, 2, 2, 8), Rng.of(2)),
            new Decoder(windowed(DecoderConfig.llama(VOCABULARY, CONTEXT, 1, 6, 1, 24, 16), 5).withTiedHead(true),
                    Rng.of(3)),
            new Decoder(capped(VOCABULARY, CONTEXT), Rng.of(4)));

    private static DecoderConfig windowed(DecoderConfig c, int size) {
        return c.with(c.attention().withWindow(DecoderConfig.Window.of(size)));
    }

    /** Caps of scores and logits, norms of queries and keys, a window in every second layer. */
    static DecoderConfig capped(int vocabulary, int context) {
        return DecoderConfig.llama(vocabulary, context, 2, 4, 2, 16, 24)
                .with(DecoderConfig.Attention.of(4, 2, 6).withScores(0.3, 1.5).withQkNorm(DecoderConfig.QkNorm.HEAD)
                        .withWindow(new DecoderConfig.Window(5, 0, 2)))
                .with(DecoderConfig.Positions.rotary(10000, 6)).withScales(4, 5);
    }

    /** One request: when it comes, and when it is cancelled, counted in steps. */
    private static final class Visit {
        final GenerationRequest request;
        final int arrival;
        final int cancellation;
        Generation generation;

        Visit(Random random, List<int[]> texts) {
            int[] text = texts.get(random.nextInt(texts.size()));
            int[] prompt = Arrays.copyOf(text, 1 + random.nextInt(CONTEXT));
            Sampling sampling = random.nextInt(3) == 0 ? Sampling.GREEDY
                    : new Sampling(0.5 + random.nextDouble() * 2, random.nextInt(9), 1 - random.nextDouble() / 2, 0,
                            1 + random.nextInt(2) / 4.0);
            Set<Integer> stops = new HashSet<>();
            for (int i = random.nextInt(3); i > 0; i--) {
                stops.add(random.nextInt(VOCABULARY));
            }
            request = new GenerationRequest(prompt, GenerationConfig.greedy(random.nextInt(30))
                    .with(sampling, random.nextLong()), stops, random.nextInt(3));
            arrival = random.nextInt(20);
            cancellation = random.nextInt(4) == 0 ? arrival + random.nextInt(20) : Integer.MAX_VALUE;
        }
    }

    /** Lets visitors come and go between the steps of a model. */
    private static final class Schedule implements StepModel {
        private final StepModel model;
        private final List<Visit> visits;
        private InferenceEngine engine;
        private int step;

        Schedule(Decoder model, List<Visit> visits) {
            this.model = StepModel.of(model);
            this.visits = visits;
        }

        @Override
        public synchronized Tensor logits(int[] ids, KvBatch batch, int[] rows) {
            advance();
            return model.logits(ids, batch, rows);
        }

        /** One step of time, which passes for an idle engine, too. */
        synchronized void advance() {
            for (Visit v : visits) {
                if (v.arrival <= step && v.generation == null) {
                    v.generation = engine.submit(v.request);
                }
                if (v.cancellation <= step) {
                    v.generation.cancel();
                }
            }
            step++;
        }

        synchronized boolean done() {
            return visits.stream().allMatch(v -> v.generation != null && v.generation.finish().isPresent());
        }
    }

    @Property(tries = 80)
    void everyRequestGetsWhatItGetsAlone(@ForAll long seed) throws InterruptedException {
        Random random = new Random(seed);
        Decoder model = MODELS.get(random.nextInt(MODELS.size()));
        List<int[]> texts = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            texts.add(random.ints(CONTEXT, 0, VOCABULARY).toArray());
        }
        List<Visit> visits = new ArrayList<>();
        for (int i = 1 + random.nextInt(12); i > 0; i--) {
            visits.add(new Visit(random, texts));
        }
        EngineOptions options = new EngineOptions(1 + random.nextInt(5), 12, CONTEXT * (1 + random.nextInt(4)),
                1 + random.nextInt(9), random.nextBoolean());
        Schedule schedule = new Schedule(model, visits);
        try (InferenceEngine engine = Threads.limit(1 + random.nextInt(2),
                () -> new InferenceEngine(model, options, schedule))) {
            schedule.engine = engine;
            while (!schedule.done()) {
                schedule.advance();
                Thread.sleep(1);
            }
            for (Visit v : visits) {
                check(model, v);
            }
            EngineRuns.await(() -> engine.statistics().active() == 0);
            EngineStatistics s = engine.statistics();
            assertEquals(0, s.queued());
            assertEquals(options.maxSequences(), s.freeSlots());
            assertEquals(0, s.usedCacheTokens());
            assertTrue(s.keptCacheTokens() <= options.cacheTokens());
            assertEquals(visits.size(), s.finished());
            assertEquals(visits.size(), s.submitted());
        }
    }

    private static void check(Decoder model, Visit v) throws InterruptedException {
        int[] expected = EngineRuns.alone(model, v.request);
        if (v.generation.finish().equals(Optional.of(Generation.Finish.CANCELLED))) {
            assertTrue(v.cancellation < Integer.MAX_VALUE);
            assertEquals(Optional.empty(), v.generation.next());
            assertTrue(v.generation.newTokens() <= expected.length);
            return;
        }
        List<Generation.Token> tokens = EngineRuns.tokens(v.generation);
        assertArrayEquals(expected, EngineRuns.ids(tokens));
        try (InferenceEngine single = new InferenceEngine(model, new EngineOptions(1, 0, CONTEXT, CONTEXT, false))) {
            assertEquals(EngineRuns.tokens(single.submit(v.request)), tokens, "log-probabilities");
        }
    }
}
