package dev.ricci.models.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.decoder.DecoderShapes;
import dev.ricci.models.weights.Mutations;
import dev.ricci.models.weights.gguf.GgufFile;
import dev.ricci.models.weights.gguf.GgufMetadata;
import dev.ricci.models.weights.gguf.GgufType;
import dev.ricci.models.weights.gguf.GgufValue;
import dev.ricci.models.weights.gguf.GgufWriter;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Descriptions that somebody changed: understood, or refused with an exception of the family. */
class DescriptionProperties {
    private static final List<String> PUBLISHED = List.of(PublishedConfigs.LLAMA_3_1_8B, PublishedConfigs.MISTRAL_7B,
            PublishedConfigs.QWEN2_5_05B, PublishedConfigs.QWEN3_06B, PublishedConfigs.GEMMA_2_2B, PublishedConfigs.GPT2,
            PublishedConfigs.LLADA_8B, PublishedConfigs.QWEN3_30B_A3B, PublishedConfigs.MIXTRAL_8X7B,
            PublishedConfigs.OLMOE_1B_7B);
    private static final List<Object> VALUES = Arrays.asList(null, 0L, 1L, 2L, -1L, 3L, 4096L, (long) Integer.MAX_VALUE,
            (long) Integer.MIN_VALUE, Long.MAX_VALUE, 0.0, 0.5, -1.0, 1e308, 1e-308, true, false, "", "silu", "yarn",
            List.of(), List.of(1L), Arrays.asList(null, "sliding_attention"), Map.of(),
            Map.of("rope_type", "llama3", "factor", 0.0), Map.of("type", "yarn", "factor", 1e300),
            Map.of("rope_type", "linear", "factor", 2.0), Map.of("rope_theta", -1.0));

    @Property(tries = 1000)
    void aConfigIsUnderstoodOrRefused(@ForAll(supplier = Mutations.Seeds.class) long seed) {
        Random random = new Random(seed);
        for (int round = Mutations.rounds(1000); round > 0; round--) {
            Map<String, Object> m = new LinkedHashMap<>(
                    Json.parseObject(PUBLISHED.get(random.nextInt(PUBLISHED.size())), "test"));
            List<String> keys = new ArrayList<>(m.keySet());
            keys.addAll(List.of("rope_parameters", "layer_types", "use_sliding_window", "head_dim", "rope_scaling"));
            for (int i = random.nextInt(3); i >= 0; i--) {
                m.put(keys.get(random.nextInt(keys.size())), VALUES.get(random.nextInt(VALUES.size())));
            }
            try {
                checkSound(Architecture.ofConfig(m, "changed").config());
            } catch (FormatException e) {
                // Refused.
            }
        }
    }

    /** Whatever was understood can be written, and is the same then, or is refused. */
    private static void checkSound(DecoderConfig config) {
        try {
            if (config.layers() < 200) {
                DecoderShapes.of(config);
            }
            assertEquals(config, Architecture.ofConfig(Architecture.toConfig(config), "again").config());
            Architecture.toMetadata(config);
        } catch (TensorException e) {
            // No decoder is built of it, or no other description says it.
        }
    }

    @Property(tries = 100)
    void metadataAreUnderstoodOrRefused(@ForAll(supplier = Mutations.Seeds.class) long seed) throws IOException {
        Random random = new Random(seed);
        for (int round = Mutations.rounds(100); round > 0; round--) {
            metadata(random);
        }
    }

    private static void metadata(Random random) throws IOException {
        List<DecoderConfig> configs = List.copyOf(OracleModels.configs().values());
        GgufMetadata m = Architecture.toMetadata(configs.get(random.nextInt(configs.size())));
        List<String> keys = List.copyOf(m.values().keySet());
        for (int i = random.nextInt(3); i >= 0; i--) {
            GgufValue value = List.of(GgufValue.of(random.nextInt(5)), GgufValue.of(Integer.MAX_VALUE),
                    GgufValue.of(random.nextFloat()), GgufValue.of(Float.NaN), GgufValue.of(true), GgufValue.of("yarn"),
                    GgufValue.ints(1, 2)).get(random.nextInt(7));
            m = m.with(keys.get(random.nextInt(keys.size())), value);
        }
        Path file = Files.createTempFile("description", ".gguf");
        try {
            GgufWriter writer = new GgufWriter(m);
            writer.add("token_embd.weight", GgufType.F32, random.nextBoolean() ? Tensor.ones(288, 4) : Tensor.of(1f))
                    .write(file);
            try (GgufFile in = GgufFile.open(file)) {
                Architecture.ofGguf(in, "changed").view(in, "changed");
            } catch (FormatException e) {
                // Refused: there are no other tensors.
            }
        } finally {
            Files.delete(file);
        }
    }
}
