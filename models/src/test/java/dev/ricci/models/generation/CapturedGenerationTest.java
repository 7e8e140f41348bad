package dev.ricci.models.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.architecture.OracleModels;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.nn.KvCache;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The decode step as a captured program, beside the ordinary one. */
class CapturedGenerationTest {
    private static final int[] PROMPT = {7, 3, 11};

    static Set<Map.Entry<String, DecoderConfig>> models() {
        Map<String, DecoderConfig> all = new LinkedHashMap<>(OracleModels.configs());
        DecoderConfig llama = all.get("llama");
        all.put("full", llama.with(llama.attention().withCausal(false)));
        all.put("window", llama.with(llama.attention().withWindow(new DecoderConfig.Window(5, 0, 2))));
        return all.entrySet();
    }

    /** Each logit of a whole generation, the prompt read in one piece by the model itself. */
    @ParameterizedTest
    @MethodSource("models")
    void stepsHaveTheBitsOfTheCache(Map.Entry<String, DecoderConfig> entry) {
        Decoder model = OracleModels.model(entry.getValue());
        int[] ids = Rng.of(5).ints(model.config().vocabSize(), 60).toIntArray();
        KvCache expected = model.newCache(1);
        KvCache cache = model.newCache(1, ids.length);
        DecodeProgram step = null;
        for (int from = 0, to = 10; to <= ids.length; from = to++) {
            Tensor fresh = Tensor.ofInts(Arrays.copyOfRange(ids, from, to), 1, to - from);
            float[] eager = NoGrad.call(() -> model.nextLogits(fresh, expected)).toFloatArray();
            if (to == 10) {
                NoGrad.call(() -> model.nextLogits(fresh, cache));
                step = new DecodeProgram(model, cache, Device.cpu());
            } else {
                assertArrayEquals(eager, step.logits(ids[from]), entry.getKey() + " at " + from);
            }
        }
        assertEquals(ids.length, cache.length());
    }

    /** Beyond the context, where the window starts over and the cache is filled again. */
    @ParameterizedTest
    @MethodSource("models")
    void givesTheIdsOfTheOrdinaryPath(Map.Entry<String, DecoderConfig> entry) {
        AutoregressiveGenerator ordinary = new AutoregressiveGenerator(
                OracleModels.model(entry.getValue().withContextLength(20)));
        AutoregressiveGenerator captured = ordinary.captured(Device.cpu());
        GenerationConfig config = GenerationConfig.greedy(24).with(
                Sampling.temperature(1.2), 3);
        assertArrayEquals(ordinary.generate(PROMPT, config, id -> true), captured.generate(PROMPT, config, id -> true));
    }

    @Test
    void generatesNothingAndOneTokenAndStops() {
        AutoregressiveGenerator ordinary = new AutoregressiveGenerator(
                OracleModels.model(OracleModels.configs().get("gpt2")));
        AutoregressiveGenerator captured = ordinary.captured(Device.cpu());
        for (int tokens : new int[] {0, 1, 2, Integer.MAX_VALUE}) {
            for (int[] prompt : new int[][] {{7}, PROMPT}) {
                int[] seen = new int[1];
                assertArrayEquals(ordinary.generate(prompt, GenerationConfig.greedy(Math.min(4, tokens)), id -> true),
                        captured.generate(prompt, GenerationConfig.greedy(tokens), id -> ++seen[0] < 4));
            }
        }
    }

    @Test
    void needsTheCache() {
        AutoregressiveGenerator captured = new AutoregressiveGenerator(
                OracleModels.model(OracleModels.configs().get("llama"))).captured(Device.cpu());
        String message = assertThrows(TensorException.class, () -> captured.generate(PROMPT,
                GenerationConfig.greedy(3).withCache(false), id -> true)).getMessage();
        assertTrue(message.contains("captured steps need the cache"), message);
    }
}
