package dev.ricci.models.diffusion;

import static dev.ricci.models.diffusion.TinyDiffusion.MASK;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.QueueFullException;
import dev.ricci.models.generation.Sampling;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DiffusionEngineTest {
    private static final Decoder MODEL = TinyDiffusion.model(4);
    private static final DiffusionGenerator USUAL = new DiffusionGenerator(MODEL);

    private static GenerationConfig config(int tokens, long seed) {
        return GenerationConfig.greedy(tokens).with(Sampling.temperature(1), seed);
    }

    @Test
    void eachGetsWhatItGetsAlone() throws InterruptedException {
        Random random = new Random(1);
        List<Unmasking> rules = List.of(new Unmasking.Steps(8), new Unmasking.Confidence(0.5), new Unmasking.FirstHitting());
        try (DiffusionEngine engine = new DiffusionEngine(USUAL, 3, 100)) {
            List<DiffusionRun> runs = new ArrayList<>();
            List<DiffusionResult> expected = new ArrayList<>();
            List<List<Reveal>> reveals = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                int[] prompt = random.ints(random.nextInt(12), 0, MASK).toArray();
                DiffusionOptions options = USUAL.options().with(rules.get(i % 3)).withGuidance(random.nextInt(2))
                        .with(random.nextBoolean() ? Caching.EXACT : Caching.NONE);
                runs.add(engine.submit(prompt, config(8, i), options));
                List<Reveal> alone = new ArrayList<>();
                expected.add(new DiffusionGenerator(MODEL, options).denoise(prompt, config(8, i), alone::add));
                reveals.add(alone);
            }
            for (int i = 0; i < 20; i++) {
                List<Reveal> found = new ArrayList<>();
                Optional<Reveal> reveal;
                while ((reveal = runs.get(i).next()).isPresent()) {
                    found.add(reveal.get());
                }
                assertEquals(reveals.get(i), found);
                DiffusionResult result = runs.get(i).result().orElseThrow();
                assertArrayEquals(expected.get(i).ids(), result.ids());
                assertArrayEquals(expected.get(i).steps(), result.steps());
                assertEquals(expected.get(i).tokensRead(), result.tokensRead());
            }
            int[] made = engine.generate(new int[] {1, 2}, config(8, 3), id -> true);
            assertArrayEquals(USUAL.generate(new int[] {1, 2}, config(8, 3), id -> true), made);
            assertEquals(0, engine.generate(new int[] {1, 2}, config(0, 3), id -> true).length);
            int[] part = engine.generate(new int[] {1, 2}, config(8, 3), id -> id != made[2]);
            assertTrue(part.length <= 3 && part[part.length - 1] == made[2]);
        }
    }

    @Test
    void aFullQueueRefusesAndACancelledTextLeaves() throws InterruptedException {
        DiffusionEngine engine = new DiffusionEngine(USUAL, 1, 2);
        try (engine) {
            List<DiffusionRun> runs = new ArrayList<>();
            QueueFullException full = assertThrows(QueueFullException.class, () -> {
                for (int i = 0; i < 1000; i++) {
                    runs.add(engine.submit(new int[0], config(24, i)));
                }
            });
            assertTrue(full.getMessage().contains("try again later"), full.getMessage());
            DiffusionRun last = runs.getLast();
            last.close();
            assertEquals(Optional.empty(), last.result());
            assertEquals(Optional.empty(), last.next());
            assertTrue(runs.getFirst().result().isPresent());
            assertThrows(TensorException.class, () -> engine.submit(new int[] {MASK}, config(8, 1)));
        }
        assertThrows(TensorException.class, () -> engine.submit(new int[] {1}, config(8, 1)));
        assertThrows(TensorException.class, () -> new DiffusionEngine(USUAL, 0, 1));
    }

    @Test
    void aFailureIsToldToWhoeverWaits() throws InterruptedException {
        Decoder broken = TinyDiffusion.model(4);
        try (DiffusionEngine engine = new DiffusionEngine(new DiffusionGenerator(broken), 2, 2)) {
            assertTrue(engine.submit(new int[] {1}, config(8, 1)).result().isPresent());
            broken.parameters().values().forEach(p -> p.assign(Tensor.full(p.spec().shape(), p.spec().dtype(), Double.NaN)));
            DiffusionRun run = engine.submit(new int[] {1}, config(8, 1));
            String message = assertThrows(TensorException.class, run::next).getMessage();
            assertTrue(message.contains("is NaN"), message);
            assertThrows(TensorException.class, run::result);
        }
    }
}
