package dev.ricci.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.generation.AutoregressiveGenerator;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.Scoring;
import dev.ricci.models.generation.TextGenerator;
import dev.ricci.models.tokenizer.Llama2cTokenizer;
import dev.ricci.models.weights.Llama2cReader;
import dev.ricci.nn.KvCache;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.io.Json;
import dev.ricci.testkit.TestData;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A published model against the ids and logits of an independent float64 implementation. */
class Stories260kTest {
    private static Decoder model;
    private static Llama2cTokenizer tokenizer;
    private static int[] goldenIds;
    private static double[][] goldenLogits;

    /** Before each test, not once before all: a class that is given up as a whole would not count as skipped. */
    @BeforeEach
    void load() throws Exception {
        if (model != null) {
            return;
        }
        tokenizer = Llama2cTokenizer.load(TestData.require("stories260K/tok512.bin"));
        Map<?, ?> golden = (Map<?, ?>) Json.parse(Files.readString(TestData.require("stories260K/golden_greedy.json")));
        goldenIds = numbers(golden.get("ids")).stream().mapToInt(Number::intValue).toArray();
        goldenLogits = ((List<?>) golden.get("logits_first8")).stream()
                .map(row -> numbers(row).stream().mapToDouble(Number::doubleValue).toArray()).toArray(double[][]::new);
        model = Llama2cReader.load(TestData.require("stories260K/stories260K.bin"));
    }

    @SuppressWarnings("unchecked")
    private static List<Number> numbers(Object list) {
        return (List<Number>) list;
    }

    @Test
    void hasTheWeightsItShould() {
        assertEquals(260_032, model.parameterCount());
        assertEquals(256, goldenIds.length);
    }

    @Test
    void tokenizes() {
        assertArrayEquals(new int[] {1, 403, 407, 261, 378}, tokenizer.encodePrompt("Once upon a time"));
        String text = "Lily saw a \u00e9t\u00e9 \ud83d\ude00!\n";
        assertEquals(text, tokenizer.decode(tokenizer.encodePrompt(text)));
    }

    @Test
    void givesTheGoldenIdsThroughTheCache() {
        assertArrayEquals(goldenIds, greedy(true));
    }

    @Test
    void givesTheGoldenIdsWithoutTheCache() {
        assertArrayEquals(goldenIds, greedy(false));
    }

    @Test
    void givesTheGoldenIdsByACapturedStep() {
        assertArrayEquals(goldenIds, greedy(new AutoregressiveGenerator(model).captured(Device.cpu()), true));
    }

    @Test
    void givesTheGoldenLogits() {
        Tensor ids = Tensor.ofInts(Arrays.copyOf(goldenIds, 8), 1, 8);
        double[] whole = NoGrad.call(() -> model.logits(ids).toDoubleArray());
        KvCache cache = model.newCache(1);
        for (int t = 0; t < 8; t++) {
            Tensor one = ids.slice(1, t, t + 1);
            float[] cached = NoGrad.call(() -> model.nextLogits(one, cache).toFloatArray());
            for (int v = 0; v < 512; v++) {
                assertEquals(goldenLogits[t][v], whole[t * 512 + v], 1e-4);
                assertEquals(whole[t * 512 + v], cached[v], "the cache changed a bit at position " + t);
            }
        }
    }

    @Test
    void writesTheStory() {
        StringBuilder streamed = new StringBuilder();
        TextGenerator.Result result = new TextGenerator(tokenizer, new AutoregressiveGenerator(model))
                .generate("", GenerationConfig.greedy(255), streamed::append);
        assertTrue(result.text().startsWith("Once upon a time, there was a little girl named Lily."), result.text());
        assertEquals(tokenizer.decode(goldenIds), result.text());
        assertEquals(result.continuation(), streamed.toString());
    }

    @Test
    void manyThreadsGiveTheSerialBits() throws Exception {
        double[] serial = Scoring.logProbabilities(model, goldenIds);
        try (ExecutorService pool = Executors.newFixedThreadPool(8)) {
            List<Callable<double[]>> calls = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                calls.add(i % 2 == 0 ? () -> Scoring.logProbabilities(model, goldenIds)
                        : () -> Arrays.stream(greedy(true)).asDoubleStream().toArray());
            }
            var results = pool.invokeAll(calls);
            double[] ids = Arrays.stream(goldenIds).asDoubleStream().toArray();
            for (int i = 0; i < results.size(); i++) {
                assertArrayEquals(i % 2 == 0 ? serial : ids, results.get(i).get());
            }
        }
    }

    private static int[] greedy(boolean cache) {
        return greedy(new AutoregressiveGenerator(model), cache);
    }

    private static int[] greedy(AutoregressiveGenerator generator, boolean cache) {
        int[] made = generator.generate(new int[] {1}, GenerationConfig.greedy(255).withCache(cache), id -> true);
        int[] all = new int[made.length + 1];
        all[0] = 1;
        System.arraycopy(made, 0, all, 1, made.length);
        return all;
    }
}
