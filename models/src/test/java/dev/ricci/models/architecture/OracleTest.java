package dev.ricci.models.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.LanguageModel;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.weights.gguf.GgufType;
import dev.ricci.nn.RopeScaling;
import dev.ricci.tensor.Rng;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Logits of small GGUF files against those of llama.cpp on the same files, kept in {@code llama-cpp.json}: for each model
 * and position the logits of every 18th id. They were made by {@code src/test/oracle/golden.mjs} from the files that this
 * test and {@link BlockOracleTest} leave in the folder named by the property {@code ricci.gguf.out}.
 */
class OracleTest {
    /** llama.cpp's GELU reads a table of 16-bit floats. */
    private static final Map<String, Double> TOLERANCES = Map.of("gpt2", 1e-2, "gemma2", 5e-3);

    @TempDir
    Path temporary;

    static Set<String> names() {
        return OracleModels.configs().keySet();
    }

    @ParameterizedTest
    @MethodSource("names")
    void logitsAreLlamaCppsOnTheSameFile(String name) throws IOException {
        DecoderConfig config = OracleModels.configs().get(name);
        Decoder made = OracleModels.model(config);
        Path file = OracleModels.folder(temporary).resolve(name + ".gguf");
        GgufConverter.decoder(name, config, made.stateDict(), GgufType.F32, OracleModels.vocabulary()).write(file);
        Decoder read = LanguageModel.load(file).decoder();
        float[] logits = OracleModels.logits(read).toFloatArray();
        float[] before = OracleModels.logits(made).toFloatArray();
        List<?> expected = (List<?>) OracleModels.golden().get(name);
        assertEquals(OracleModels.TOKENS * OracleModels.IDS / 18, expected.size());
        double worst = 0;
        double size = 0;
        for (int i = 0; i < expected.size(); i++) {
            double e = ((Number) expected.get(i)).doubleValue();
            worst = Math.max(worst, Math.abs(e - logits[18 * i]));
            size = Math.max(size, Math.abs(e));
            assertEquals(before[18 * i], logits[18 * i], 1e-3, name + ": the file is another model, logit " + i);
        }
        assertTrue(worst <= TOLERANCES.getOrDefault(name, 2e-4),
                name + ": logits up to " + size + " differ by up to " + worst);
    }

    /** What the comparison would overlook if a part did next to nothing. */
    @Test
    void everyPartMattersMoreThanTheTolerance() {
        Map<String, DecoderConfig> all = OracleModels.configs();
        DecoderConfig gemma = all.get("gemma2");
        DecoderConfig.Attention a = gemma.attention();
        differs(gemma, gemma.with(a.withScores(0, 0)));
        differs(gemma, gemma.with(a.withWindow(DecoderConfig.Window.NONE)));
        differs(gemma, gemma.with(a.withWindow(DecoderConfig.Window.of(8))));
        differs(gemma, gemma.withScales(gemma.embeddingScale(), 0));
        differs(gemma, gemma.withScales(1, gemma.logitCap()));
        for (String name : List.of("llama-scaled", "llama-linear", "qwen2-yarn")) {
            DecoderConfig c = all.get(name);
            differs(c, c.with(c.positions().withScaling(new RopeScaling.None())));
        }
        DecoderConfig llama = all.get("llama");
        differs(llama, Pairs.with(llama, DecoderConfig.Positions.Kind.ROTARY_INTERLEAVED));
    }

    private static void differs(DecoderConfig a, DecoderConfig b) {
        Decoder first = OracleModels.model(a);
        Decoder second = new Decoder(b, Rng.of(1));
        second.load(first.stateDict());
        double most = OracleModels.logits(first).sub(OracleModels.logits(second)).abs().max().item();
        assertTrue(most > 0.1, a + " and " + b + " differ by " + most);
    }
}
