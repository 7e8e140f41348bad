package dev.ricci.models.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.weights.Llama2cReader;
import dev.ricci.tensor.cpu.Threads;
import dev.ricci.tensor.io.Json;
import dev.ricci.testkit.TestData;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A published model through the engine: the ids of an independent float64 implementation, whoever else is there. */
@Timeout(120)
class Stories260kEngineTest {
    private static final int OTHERS = 16;

    private static Decoder model;
    private static int[] golden;

    /** Before each test, not once before all: a class that is given up as a whole would not count as skipped. */
    @BeforeEach
    void load() throws Exception {
        if (model == null) {
            String text = Files.readString(TestData.require("stories260K/golden_greedy.json"));
            Map<?, ?> file = (Map<?, ?>) Json.parse(text);
            golden = ((List<?>) file.get("ids")).stream().mapToInt(id -> ((Number) id).intValue()).toArray();
            model = Llama2cReader.load(TestData.require("stories260K/stories260K.bin"));
        }
    }

    private static final GenerationRequest GREEDY = GenerationRequest.of(new int[] {1}, GenerationConfig.greedy(255));

    private static void assertGolden(List<Generation.Token> tokens) {
        assertArrayEquals(Arrays.copyOfRange(golden, 1, 256), EngineRuns.ids(tokens));
    }

    private static GenerationRequest other(int i) {
        int[] prompt = Arrays.copyOfRange(golden, i % 3 * 20, i % 3 * 20 + 1 + 13 * i);
        return GenerationRequest.of(prompt,
                GenerationConfig.greedy(60 + 9 * i).with(Sampling.temperature(0.4 + 0.1 * i), i));
    }

    @Test
    void givesTheGoldenIdsAlone() throws Exception {
        try (InferenceEngine engine = new InferenceEngine(model)) {
            assertGolden(EngineRuns.tokens(engine.submit(GREEDY)));
        }
    }

    @Test
    void givesTheGoldenIdsAmongOthers() throws Exception {
        int[][] expected = IntStream.range(0, OTHERS).mapToObj(i -> EngineRuns.alone(model, other(i)))
                .toArray(int[][]::new);
        for (int threads : new int[] {1, 2}) {
            EngineOptions options = new EngineOptions(9, 64, 16 * 512, 64, threads == 2);
            try (InferenceEngine engine = Threads.limit(threads, () -> new InferenceEngine(model, options))) {
                List<Generation> others = new ArrayList<>();
                Generation story = null;
                for (int i = 0; i < OTHERS; i++) {
                    others.add(engine.submit(other(i)));
                    if (i == OTHERS / 2) {
                        story = engine.submit(GREEDY);
                    }
                    Thread.sleep(3);
                }
                assertGolden(EngineRuns.tokens(story));
                for (int i = 0; i < OTHERS; i++) {
                    assertArrayEquals(expected[i], EngineRuns.ids(EngineRuns.tokens(others.get(i))), "request " + i);
                }
                assertEquals(0, engine.statistics().active());
            }
        }
    }
}
