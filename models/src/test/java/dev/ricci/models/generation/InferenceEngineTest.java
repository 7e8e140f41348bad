package dev.ricci.models.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.tokenizer.CharTokenizer;
import dev.ricci.nn.KvBatch;
import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class InferenceEngineTest {
    private static final Decoder MODEL = new Decoder(DecoderConfig.llama(29, 40, 2, 4, 2, 16, 24), Rng.of(1));
    private static final EngineOptions OPTIONS = new EngineOptions(3, 2, 200, 5, true);
    private static final int[] PROMPT = {3, 1, 4, 1, 5, 9, 2, 6};

    private static GenerationRequest request(int tokens) {
        return GenerationRequest.of(PROMPT, GenerationConfig.greedy(tokens));
    }

    private static GenerationRequest sampled(long seed, int tokens, int... prompt) {
        return GenerationRequest.of(prompt, GenerationConfig.greedy(tokens).with(Sampling.temperature(1.5), seed));
    }

    /** A model whose steps wait until the test lets them go on. */
    private static final class Gate implements StepModel {
        final CountDownLatch entered = new CountDownLatch(1);
        final CountDownLatch open = new CountDownLatch(1);
        private final StepModel model = StepModel.of(MODEL);

        @Override
        public Tensor logits(int[] ids, KvBatch batch, int[] rows) {
            entered.countDown();
            try {
                open.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return model.logits(ids, batch, rows);
        }
    }

    private static void assertIdle(InferenceEngine engine) throws InterruptedException {
        EngineRuns.await(() -> engine.statistics().active() == 0);
        EngineStatistics s = engine.statistics();
        assertEquals(0, s.queued());
        assertEquals(0, s.usedCacheTokens());
        assertEquals(s.submitted(), s.finished());
    }

    @Test
    void generatesWhatTheSimpleGeneratorDoes() throws InterruptedException {
        try (InferenceEngine engine = new InferenceEngine(MODEL, OPTIONS)) {
            for (GenerationRequest r : List.of(request(9), request(0), sampled(7, 12, 0), sampled(8, 1, PROMPT))) {
                Generation g = engine.submit(r);
                assertArrayEquals(EngineRuns.alone(MODEL, r), EngineRuns.ids(EngineRuns.tokens(g)));
                assertEquals(Optional.of(Generation.Finish.LENGTH), g.finish());
                assertEquals(r.config().maxNewTokens(), g.newTokens());
                assertEquals(r.prompt().length, g.promptTokens());
            }
            assertIdle(engine);
        }
    }

    @Test
    void endsWhereTheContextDoes() throws InterruptedException {
        for (int cache : new int[] {200, 20}) {
            try (InferenceEngine engine = new InferenceEngine(MODEL, OPTIONS.withCacheTokens(cache))) {
                Generation g = engine.submit(request(1000));
                int[] ids = EngineRuns.ids(EngineRuns.tokens(g));
                assertEquals(Math.min(40, cache) - PROMPT.length + 1, ids.length);
                assertArrayEquals(Arrays.copyOf(EngineRuns.alone(MODEL, request(1000)), ids.length), ids);
                assertEquals(Optional.of(Generation.Finish.LENGTH), g.finish());
            }
        }
    }

    /** Over several blocks of the attention's keys, with one query at a time and with many. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void thePiecesOfALongPromptChangeNoBit(int shape) throws InterruptedException {
        DecoderConfig config = List.of(DecoderConfig.llama(29, 500, 2, 8, 1, 32, 24),
                DecoderConfig.gpt2(29, 500, 1, 2, 16), EngineProperties.capped(29, 500)).get(shape);
        Decoder model = new Decoder(config, Rng.of(1));
        GenerationRequest r = sampled(1, 10, Rng.of(2).ints(29, 450).toIntArray());
        List<List<Generation.Token>> all = new ArrayList<>();
        for (int piece : new int[] {500, 211, 27}) {
            try (InferenceEngine engine = new InferenceEngine(model, new EngineOptions(1, 0, 500, piece, false))) {
                all.add(EngineRuns.tokens(engine.submit(r)));
            }
        }
        assertArrayEquals(EngineRuns.alone(model, r), EngineRuns.ids(all.getFirst()));
        assertEquals(1, all.stream().distinct().count());
    }

    @Test
    void aStopIdEndsIt() throws InterruptedException {
        int[] free = EngineRuns.alone(MODEL, sampled(3, 20, PROMPT));
        int stop = free[free.length / 2];
        GenerationRequest r = sampled(3, 20, PROMPT).withStopIds(Set.of(stop, 28));
        try (InferenceEngine engine = new InferenceEngine(MODEL, OPTIONS)) {
            Generation g = engine.submit(r);
            int[] ids = EngineRuns.ids(EngineRuns.tokens(g));
            assertArrayEquals(EngineRuns.alone(MODEL, r), ids);
            assertTrue(ids.length <= free.length / 2);
            assertEquals(Optional.of(Generation.Finish.STOP), g.finish());
        }
    }

    @Test
    void logProbabilitiesAreTheModels() throws InterruptedException {
        try (InferenceEngine engine = new InferenceEngine(MODEL, OPTIONS)) {
            List<Generation.Token> tokens = EngineRuns
                    .tokens(engine.submit(sampled(5, 10, PROMPT).withTopLogProbabilities(29)));
            int[] all = Arrays.copyOf(PROMPT, PROMPT.length + tokens.size());
            System.arraycopy(EngineRuns.ids(tokens), 0, all, PROMPT.length, tokens.size());
            double[] scored = Scoring.logProbabilities(MODEL, all);
            for (int i = 0; i < tokens.size(); i++) {
                Generation.Token t = tokens.get(i);
                assertEquals(scored[PROMPT.length - 1 + i], t.logProbability(), 1e-5);
                assertTrue(t.top().contains(new Generation.Candidate(t.id(), t.logProbability())));
                assertEquals(1, t.top().stream().mapToDouble(c -> Math.exp(c.logProbability())).sum(), 1e-5);
                assertEquals(29, t.top().stream().mapToInt(Generation.Candidate::id).distinct().count());
                for (int j = 1; j < 29; j++) {
                    assertTrue(t.top().get(j - 1).logProbability() >= t.top().get(j).logProbability());
                }
            }
            Generation.Token best = EngineRuns.tokens(engine.submit(request(1).withTopLogProbabilities(1))).getFirst();
            assertEquals(List.of(new Generation.Candidate(best.id(), best.logProbability())), best.top());
            assertEquals(List.of(), EngineRuns.tokens(engine.submit(request(1))).getFirst().top());
        }
    }

    @Test
    void whatGoesBeyondTheQueueIsRefusedAtOnce() throws Exception {
        Gate gate = new Gate();
        try (InferenceEngine engine = new InferenceEngine(MODEL, OPTIONS, gate)) {
            List<Generation> accepted = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                accepted.add(engine.submit(sampled(i, 6, PROMPT)));
            }
            for (int i = 0; i < 3; i++) {
                assertThrows(QueueFullException.class, () -> engine.submit(request(4)));
            }
            gate.entered.await();
            accepted.get(4).cancel();
            accepted.set(4, engine.submit(sampled(9, 6, PROMPT)));
            assertThrows(QueueFullException.class, () -> engine.submit(request(4)));
            assertEquals(5, engine.statistics().active() + engine.statistics().queued());
            assertEquals(4, engine.statistics().rejected());
            gate.open.countDown();
            for (int i = 0; i < 5; i++) {
                assertArrayEquals(EngineRuns.alone(MODEL, sampled(i == 4 ? 9 : i, 6, PROMPT)),
                        EngineRuns.ids(EngineRuns.tokens(accepted.get(i))));
            }
            // Who saw an end finds the place free.
            EngineRuns.tokens(engine.submit(request(2)));
            assertIdle(engine);
            assertEquals(3, engine.statistics().freeSlots());
        }
    }

    @Test
    void cancellingGivesThePlaceBack() throws Exception {
        AtomicInteger steps = new AtomicInteger();
        StepModel model = StepModel.of(MODEL);
        CompletableFuture<Generation> victim = new CompletableFuture<>();
        StepModel cancelling = (ids, batch, rows) -> {
            if (steps.incrementAndGet() == 6) {
                victim.join().cancel();
            }
            return model.logits(ids, batch, rows);
        };
        try (InferenceEngine engine = new InferenceEngine(MODEL, OPTIONS.withMaxSequences(1), cancelling)) {
            victim.complete(engine.submit(request(30)));
            Generation other = engine.submit(sampled(2, 5, 7));
            Generation queued = engine.submit(request(5));
            queued.close();
            assertEquals(Optional.empty(), queued.next());
            assertEquals(Optional.of(Generation.Finish.CANCELLED), queued.finish());
            assertArrayEquals(EngineRuns.alone(MODEL, sampled(2, 5, 7)), EngineRuns.ids(EngineRuns.tokens(other)));
            assertEquals(Optional.of(Generation.Finish.CANCELLED), victim.join().finish());
            assertEquals(Optional.empty(), victim.join().next());
            other.cancel();
            assertEquals(Optional.of(Generation.Finish.LENGTH), other.finish());
            assertIdle(engine);
            assertEquals(6 + 5, steps.get(), "nothing more is computed for what was cancelled");
        }
    }

    @Test
    void aReaderThatFailsGivesThePlaceBack() throws Exception {
        try (InferenceEngine engine = new InferenceEngine(MODEL, OPTIONS.withMaxSequences(1).withMaxQueued(0))) {
            assertThrows(IllegalStateException.class, () -> engine.generate(PROMPT, GenerationConfig.greedy(30), id -> {
                throw new IllegalStateException();
            }));
            assertIdle(engine);
            assertEquals(3, engine.generate(PROMPT, GenerationConfig.greedy(30), count(3)).length);
            assertIdle(engine);
        }
    }

    private static IntPredicate count(int n) {
        AtomicInteger left = new AtomicInteger(n);
        return id -> left.decrementAndGet() > 0;
    }

    @Test
    void oneThatFailsTakesNoOtherWithIt() throws Exception {
        // The embedding of id 7 is not a number: whoever reads it has no logits.
        Decoder model = new Decoder(MODEL.config(), Rng.of(1));
        float[] weights = model.parameters().get("model.embed_tokens.weight").value().toFloatArray();
        Arrays.fill(weights, 7 * 16, 8 * 16, Float.NaN);
        model.parameters().get("model.embed_tokens.weight")
                .assign(Tensor.of(weights, 29, 16));
        try (InferenceEngine engine = new InferenceEngine(model, OPTIONS)) {
            Generation good = engine.submit(request(9));
            Generation bad = engine.submit(sampled(1, 9, 3, 1, 4, 7));
            Generation after = engine.submit(sampled(1, 9, 3, 1, 4, 7, 5));
            TensorException e = assertThrows(TensorException.class, () -> EngineRuns.tokens(bad));
            assertTrue(e.getMessage().contains("NaN"), e.getMessage());
            assertEquals(Optional.of(Generation.Finish.FAILED), bad.finish());
            assertThrows(TensorException.class, () -> EngineRuns.tokens(after));
            assertArrayEquals(EngineRuns.alone(MODEL, request(9)), EngineRuns.ids(EngineRuns.tokens(good)));
            assertIdle(engine);
        }
    }

    @Test
    void aStepThatFailsIsTakenAgainForEachAlone() throws Exception {
        StepModel model = StepModel.of(MODEL);
        AtomicInteger failures = new AtomicInteger();
        StepModel fragile = (ids, batch, rows) -> {
            boolean poison = Arrays.stream(ids).anyMatch(id -> id == 28);
            var logits = model.logits(ids, batch, rows);
            if (poison || batch.lastTokens().length > 2) {
                failures.incrementAndGet();
                throw new OutOfMemoryError("injected");
            }
            return logits;
        };
        try (InferenceEngine engine = new InferenceEngine(MODEL, OPTIONS.withMaxQueued(9), fragile)) {
            List<GenerationRequest> requests = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                requests.add(sampled(i, 5 + i, PROMPT).withStopIds(Set.of(28)));
            }
            List<Generation> all = new ArrayList<>(requests.stream().map(engine::submit).toList());
            Generation poisoned = engine.submit(sampled(0, 5, 2, 28, 3));
            for (int i = 0; i < 8; i++) {
                assertArrayEquals(EngineRuns.alone(MODEL, requests.get(i)),
                        EngineRuns.ids(EngineRuns.tokens(all.get(i))));
            }
            TensorException e = assertThrows(TensorException.class, poisoned::next);
            assertSame(OutOfMemoryError.class, e.getCause().getClass());
            assertTrue(failures.get() > 5);
            assertIdle(engine);
        }
    }

    @Test
    void aPrefixThatWasReadIsNotReadAgain() throws Exception {
        EngineOptions none = OPTIONS.withReusePrefixes(false);
        try (InferenceEngine engine = new InferenceEngine(MODEL, OPTIONS);
                InferenceEngine plain = new InferenceEngine(MODEL, none)) {
            int[] first = EngineRuns.ids(EngineRuns.tokens(engine.submit(sampled(1, 6, PROMPT))));
            int[] turn = Arrays.copyOf(PROMPT, 20);
            System.arraycopy(first, 0, turn, 8, 6);
            for (GenerationRequest r : List.of(sampled(2, 10, turn), sampled(3, 10, turn), sampled(2, 5, PROMPT),
                    sampled(2, 5, 3, 1, 4, 1, 6))) {
                Generation g = engine.submit(r.withTopLogProbabilities(3));
                Generation p = plain.submit(r.withTopLogProbabilities(3));
                assertEquals(EngineRuns.tokens(p), EngineRuns.tokens(g));
                assertEquals(0, p.reusedTokens());
                assertTrue(g.reusedTokens() > 0);
            }
            // All read but the last token that was made, and never the whole of a prompt.
            Generation again = engine.submit(sampled(2, 10, turn));
            EngineRuns.tokens(again);
            assertEquals(19, again.reusedTokens());
            assertTrue(engine.statistics().reusedTokens() > 60);
            assertTrue(engine.statistics().keptCacheTokens() > 0);
            assertEquals(0, plain.statistics().keptCacheTokens());
        }
    }

    @Test
    void theCacheThatWasUsedLongestAgoGoesFirst() throws Exception {
        // Each takes 8 + 3 - 1 of the 40 places.
        try (InferenceEngine engine = new InferenceEngine(MODEL, OPTIONS.withCacheTokens(40))) {
            for (int i = 0; i < 5; i++) {
                EngineRuns.tokens(engine.submit(beginningWith(i)));
            }
            for (int i : new int[] {4, 1, 0}) {
                Generation g = engine.submit(beginningWith(i));
                EngineRuns.tokens(g);
                assertEquals(i == 0 ? 0 : 7, g.reusedTokens(), "prompt " + i);
            }
        }
    }

    private static GenerationRequest beginningWith(int id) {
        return sampled(1, 3, id, 1, 4, 1, 5, 9, 2, 6);
    }

    @Test
    void theCacheOfOneThatFailedServesNobody() throws Exception {
        try (InferenceEngine engine = new InferenceEngine(MODEL, OPTIONS, (ids, batch, rows) -> {
            throw new OutOfMemoryError("injected");
        })) {
            assertThrows(TensorException.class, engine.submit(request(9))::next);
            assertIdle(engine);
            assertEquals(0, engine.statistics().keptCacheTokens());
        }
    }

    @Test
    void closingEndsEverything() throws Exception {
        Gate gate = new Gate();
        InferenceEngine engine = new InferenceEngine(MODEL, OPTIONS, gate);
        List<Generation> all = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            all.add(engine.submit(request(20)));
        }
        gate.entered.await();
        Thread closing = Thread.startVirtualThread(engine::close);
        EngineRuns.await(() -> closing.getState() == Thread.State.WAITING);
        gate.open.countDown();
        closing.join();
        for (Generation g : all) {
            EngineRuns.tokens(g);
            assertEquals(Optional.of(Generation.Finish.CANCELLED), g.finish());
        }
        String message = assertThrows(TensorException.class, () -> engine.submit(request(1))).getMessage();
        assertTrue(message.contains("closed"), message);
        assertIdle(engine);
        engine.close();
    }

    @Test
    void aShutdownLetsWhatWasAcceptedEnd() throws Exception {
        InferenceEngine engine = new InferenceEngine(MODEL, OPTIONS);
        List<Generation> all = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            all.add(engine.submit(sampled(i, 20, PROMPT)));
        }
        assertTrue(engine.shutdown(Duration.ofSeconds(60)));
        for (int i = 0; i < 5; i++) {
            assertArrayEquals(EngineRuns.alone(MODEL, sampled(i, 20, PROMPT)),
                    EngineRuns.ids(EngineRuns.tokens(all.get(i))));
        }
        Gate gate = new Gate();
        InferenceEngine slow = new InferenceEngine(MODEL, OPTIONS, gate);
        Generation never = slow.submit(request(30));
        gate.entered.await();
        Thread opener = Thread.startVirtualThread(() -> {
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            gate.open.countDown();
        });
        assertFalse(slow.shutdown(Duration.ofMillis(1)));
        assertEquals(Optional.of(Generation.Finish.CANCELLED), never.finish());
        opener.join();
    }

    @Test
    void waitingHasAnEnd() throws Exception {
        Gate gate = new Gate();
        try (InferenceEngine engine = new InferenceEngine(MODEL, OPTIONS, gate)) {
            Generation g = engine.submit(request(2));
            assertThrows(TimeoutException.class, () -> g.next(Duration.ofMillis(5)));
            gate.open.countDown();
            assertTrue(g.next(Duration.ofSeconds(60)).isPresent());
            assertTrue(g.next(Duration.ofSeconds(60)).isPresent());
            assertTrue(g.next(Duration.ofSeconds(60)).isEmpty());
        }
    }

    @Test
    void theTextGeneratorWorksOnIt() {
        CharTokenizer tokenizer = CharTokenizer.of("abcdefghijklmnopqrstuvwxyz .,");
        GenerationConfig config = GenerationConfig.greedy(30).with(Sampling.temperature(1), 4)
                .withStop(List.of("q", "z"));
        try (InferenceEngine engine = new InferenceEngine(MODEL, OPTIONS)) {
            StringBuilder streamed = new StringBuilder();
            TextGenerator.Result result = new TextGenerator(tokenizer, engine).generate("some text", config,
                    streamed::append);
            assertEquals(new TextGenerator(tokenizer, new AutoregressiveGenerator(MODEL))
                    .generate("some text", config, s -> {
                    }).text(), result.text());
            assertEquals(result.continuation(), streamed.toString());
        }
    }

    @Test
    void refusesWhatDoesNotFit() {
        try (InferenceEngine engine = new InferenceEngine(MODEL, OPTIONS)) {
            assertThrows(TensorException.class, () -> sampled(1, 1));
            assertThrows(TensorException.class, () -> request(1).withTopLogProbabilities(-1));
            assertThrows(TensorException.class, () -> engine.submit(request(1).withTopLogProbabilities(30)));
            assertThrows(IndexOutOfRangeException.class, () -> engine.submit(sampled(1, 1, 3, 29)));
            assertThrows(IndexOutOfRangeException.class, () -> engine.submit(sampled(1, 1, -1)));
            String message = assertThrows(TensorException.class, () -> engine.submit(sampled(1, 1, new int[41])))
                    .getMessage();
            assertTrue(message.contains("41 tokens exceeds the 40"), message);
            assertThrows(TensorException.class, () -> engine.generate(PROMPT,
                    GenerationConfig.greedy(3).withCache(false), id -> true));
        }
        Decoder both = new Decoder(MODEL.config().with(MODEL.config().attention().withCausal(false)), Rng.of(1));
        assertThrows(TensorException.class, () -> new InferenceEngine(both));
        assertThrows(TensorException.class, () -> OPTIONS.withMaxSequences(0));
        assertThrows(TensorException.class, () -> OPTIONS.withMaxQueued(-1));
        assertThrows(TensorException.class, () -> OPTIONS.withCacheTokens(0));
        assertThrows(TensorException.class, () -> OPTIONS.withPromptTokens(0));
        EngineOptions standard = EngineOptions.of(MODEL);
        assertEquals(16 * 40, standard.cacheTokens());
    }
}
