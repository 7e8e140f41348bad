package dev.ricci.models.architecture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.LanguageModel;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.decoder.DecoderConfig.Positions;
import dev.ricci.models.decoder.DecoderConfig.Diffusion;
import dev.ricci.models.decoder.DecoderConfig.Window;
import dev.ricci.models.decoder.DecoderShapes;
import dev.ricci.models.weights.WeightFolder;
import dev.ricci.nn.RopeScaling;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.Json;
import dev.ricci.tensor.io.Safetensors;
import dev.ricci.tensor.io.TensorSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ArchitectureTest {
    @TempDir
    Path folder;

    static List<DecoderConfig> shapes() {
        DecoderConfig llama = OracleModels.configs().get("llama");
        List<DecoderConfig> all = new ArrayList<>(OracleModels.configs().values());
        all.add(llama.with(llama.attention().withCausal(false)));
        all.add(llama.with(new Diffusion(7, 0)));
        all.add(llama.with(llama.attention().withWindow(Window.of(8))));
        DecoderConfig qwen = OracleModels.configs().get("qwen2");
        all.add(qwen.with(qwen.attention().withWindow(new Window(8, 1, 0))));
        all.add(DecoderConfig.gpt2(30, 24, 2, 2, 8).withTiedHead(false));
        return all;
    }

    private static DecoderConfig read(String config) {
        return Architecture.ofConfig(Json.parseObject(config, "config.json"), "config.json").config();
    }

    private static long parameters(DecoderConfig c) {
        return DecoderShapes.of(c).values().stream().mapToLong(Shape::size).sum();
    }

    private static float[] logits(Decoder model) {
        int[] ids = Rng.of(5).ints(model.config().vocabSize(), OracleModels.TOKENS).toIntArray();
        return NoGrad.call(() -> model.logits(Tensor.ofInts(ids, 1, ids.length))).toFloatArray();
    }

    @Test
    void publishedModelsHaveThePublishedNumberOfParameters() {
        assertEquals(8_030_261_248L, parameters(read(PublishedConfigs.LLAMA_3_1_8B)));
        assertEquals(7_241_732_096L, parameters(read(PublishedConfigs.MISTRAL_7B)));
        assertEquals(494_032_768L, parameters(read(PublishedConfigs.QWEN2_5_05B)));
        assertEquals(596_049_920L, parameters(read(PublishedConfigs.QWEN3_06B)));
        assertEquals(2_614_341_888L, parameters(read(PublishedConfigs.GEMMA_2_2B)));
        assertEquals(124_439_808L, parameters(read(PublishedConfigs.GPT2)));
        assertEquals(8_015_581_184L, parameters(read(PublishedConfigs.LLADA_8B)));
    }

    private static DecoderConfig without(String config, String key) {
        return Architecture.ofConfig(PublishedConfigs.with(config, key, null), "test").config();
    }

    /** What is not said is what Hugging Face's library takes. */
    @Test
    void whatIsNotSaidIsTheLibrarysDefault() {
        assertEquals(1e-6, without(PublishedConfigs.LLAMA_3_1_8B, "rms_norm_eps").norm().eps());
        assertEquals(10000, without(PublishedConfigs.QWEN3_06B, "rope_theta").positions().theta());
        assertEquals(128, without(PublishedConfigs.QWEN3_06B, "head_dim").attention().headWidth());
        Map<String, Object> windowed = PublishedConfigs.with(PublishedConfigs.QWEN2_5_05B, "use_sliding_window", true);
        windowed.remove("max_window_layers");
        assertEquals(28, Architecture.ofConfig(windowed, "test").config().attention().window().from());
    }

    @Test
    void publishedModelsAreWhatTheirPapersSay() {
        DecoderConfig llama = read(PublishedConfigs.LLAMA_3_1_8B);
        assertEquals(Positions.rotary(500000, 128).withScaling(new RopeScaling.Llama3(8, 1, 4, 8192)), llama.positions());
        assertEquals(Window.of(4096), read(PublishedConfigs.MISTRAL_7B).attention().window());
        DecoderConfig qwen2 = read(PublishedConfigs.QWEN2_5_05B);
        assertEquals(Window.NONE, qwen2.attention().window());
        assertTrue(qwen2.attention().qkvBias() && !qwen2.attention().outBias() && qwen2.tiedHead());
        assertEquals(DecoderConfig.QkNorm.HEAD, read(PublishedConfigs.QWEN3_06B).attention().qkNorm());
        DecoderConfig gemma = read(PublishedConfigs.GEMMA_2_2B);
        assertEquals(new Window(4096, 0, 2), gemma.attention().window());
        assertEquals(50, gemma.attention().scoreCap());
        assertEquals(30, gemma.logitCap());
        assertEquals(48, gemma.embeddingScale());
        assertTrue(gemma.tiedHead());
        DecoderConfig wide = Architecture.ofConfig(
                PublishedConfigs.with(PublishedConfigs.GEMMA_2_2B, "query_pre_attn_scalar", 144L), "test").config();
        assertEquals(1 / 12.0, wide.attention().scale(), 1e-15);
        assertFalse(read(PublishedConfigs.LLADA_8B).attention().causal());
        assertEquals(Optional.of(new Diffusion(126336, 0)), read(PublishedConfigs.LLADA_8B).diffusion());
        assertEquals(DecoderConfig.gpt2(50257, 1024, 12, 12, 768), read(PublishedConfigs.GPT2));
    }

    @Test
    void mixturesOfExpertsAreUnderstoodAndRefusedWhenTheyAreBuilt() {
        for (String config : List.of(PublishedConfigs.QWEN3_30B_A3B, PublishedConfigs.MIXTRAL_8X7B,
                PublishedConfigs.OLMOE_1B_7B)) {
            DecoderConfig c = read(config);
            assertTrue(c.mlp().experts().isPresent());
            TensorException e = assertThrows(TensorException.class, () -> DecoderShapes.of(c));
            assertTrue(e.getMessage().contains("routing"), e.getMessage());
        }
        assertEquals(new DecoderConfig.Experts(128, 8, 768, 0, true),
                read(PublishedConfigs.QWEN3_30B_A3B).mlp().experts().orElseThrow());
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void shapesAreTheDecoders(DecoderConfig config) {
        Map<String, Shape> expected = new LinkedHashMap<>();
        new Decoder(config, Rng.of(1)).stateDict().forEach((path, t) -> expected.put(path, t.shape()));
        assertEquals(new ArrayList<>(expected.entrySet()), new ArrayList<>(DecoderShapes.of(config).entrySet()));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void aSavedFolderIsTheSameModel(DecoderConfig config) throws IOException {
        Decoder model = OracleModels.model(config);
        LanguageModel.saveDecoder(folder, model);
        Architecture architecture = Architecture.ofConfig(WeightFolder.config(folder), "saved");
        assertEquals(config, architecture.config());
        Decoder read = new Decoder(config, Rng.of(3));
        try (TensorSource file = WeightFolder.open(folder); TensorSource view = architecture.view(file, "saved")) {
            view.names().forEach(path -> assertEquals(view.spec(path), view.tensor(path).spec(), path));
            read.load(view);
        }
        assertArrayEquals(logits(model), logits(read));
    }

    @Test
    void neighbouringPairsAreSavedAsHalves() throws IOException {
        for (DecoderConfig halves : List.of(OracleModels.configs().get("qwen3"), OracleModels.configs().get("qwen2"))) {
            DecoderConfig config = Pairs.with(halves, Positions.Kind.ROTARY_INTERLEAVED);
            Decoder model = OracleModels.model(config);
            LanguageModel.saveDecoder(folder, model);
            Architecture architecture = Architecture.ofConfig(WeightFolder.config(folder), "saved");
            assertEquals(halves, architecture.config());
            Decoder read = new Decoder(architecture.config(), Rng.of(3));
            try (TensorSource file = WeightFolder.open(folder)) {
                read.load(architecture.view(file, "saved"));
            }
            assertArrayEquals(logits(model), logits(read), 1e-3f);
            // The same weights in the other order are another model.
            Decoder other = new Decoder(halves, Rng.of(3));
            other.load(model.stateDict());
            assertTrue(Math.abs(logits(model)[2000] - logits(other)[2000]) > 1e-2);
        }
    }

    @Test
    void gpt2FilesAreReadAsTheyArePublished() throws IOException {
        Decoder model = OracleModels.model(DecoderConfig.gpt2(30, 24, 2, 2, 8));
        Map<String, Object> config = Architecture.toConfig(model.config());
        Map<String, Tensor> published = new LinkedHashMap<>();
        // Without the prefix, in 16 bits, and with the masks, as the first files of this model were.
        Architecture.toFolder(model.config(), model.stateDict()).asMap().forEach(
                (name, t) -> published.put(name.substring("transformer.".length()), t.to(DType.F16)));
        published.put("h.0.attn.bias", Tensor.ones(1, 1, 24, 24));
        assertEquals(Shape.of(8, 24), published.get("h.0.attn.c_attn.weight").shape());
        WeightFolder.save(folder, published, config);
        Decoder read = new Decoder(model.config(), Rng.of(3));
        try (TensorSource file = WeightFolder.open(folder)) {
            read.load(Architecture.ofConfig(config, "gpt2").view(file, "gpt2"));
        }
        assertArrayEquals(logits(model), logits(read), 0.05f);
        assertEquals(model.stateDict().get("model.layers.1.self_attn.v_proj.bias").to(DType.F16).to(DType.F32).toFloatArray()[5],
                read.stateDict().get("model.layers.1.self_attn.v_proj.bias").toFloatArray()[5]);
    }

    @Test
    void whatDoesNotFitIsNamedAsTheFileNamesIt() throws IOException {
        Decoder model = OracleModels.model(DecoderConfig.gpt2(30, 24, 2, 2, 8));
        Map<String, Tensor> tensors = new LinkedHashMap<>(
                Architecture.toFolder(model.config(), model.stateDict()).asMap());
        tensors.remove("transformer.h.1.ln_1.weight");
        tensors.put("transformer.h.0.attn.c_attn.weight", Tensor.ones(24, 8));
        tensors.put("transformer.h.2.ln_1.weight", Tensor.ones(8));
        Safetensors.save(folder.resolve("m.safetensors"), tensors, Map.of());
        Architecture architecture = Architecture.ofConfig(Architecture.toConfig(model.config()), "config.json");
        try (TensorSource file = WeightFolder.open(folder.resolve("m.safetensors"))) {
            FormatException e = assertThrows(FormatException.class, () -> architecture.view(file, "m"));
            assertTrue(e.getMessage().contains("missing transformer.h.1.ln_1.weight"), e.getMessage());
            assertTrue(e.getMessage().contains("unexpected transformer.h.2.ln_1.weight"), e.getMessage());
            assertTrue(e.getMessage().contains("transformer.h.0.attn.c_attn.weight: expected F32[8, 24], found F32[24, 8]"),
                    e.getMessage());
        }
    }

    @Test
    void aTensorOfImpossibleSizeIsRefusedBeforeAnythingIsRead() {
        Decoder model = OracleModels.model(DecoderConfig.gpt2(30, 24, 2, 2, 8));
        Map<String, Object> config = new LinkedHashMap<>(Architecture.toConfig(model.config()));
        config.put("vocab_size", Integer.MAX_VALUE);
        Architecture architecture = Architecture.ofConfig(config, "config.json");
        TensorSource file = Architecture.toFolder(model.config(), model.stateDict());
        FormatException e = assertThrows(FormatException.class, () -> architecture.view(file, "m.safetensors"));
        assertTrue(e.getMessage().startsWith("m.safetensors: it describes a decoder that has a tensor of an impossible size"),
                e.getMessage());
    }

    @Test
    void aRepeatedEmbeddingIsComparedWithTheHead() throws IOException {
        DecoderConfig config = OracleModels.configs().get("qwen2");
        Decoder model = OracleModels.model(config);
        Map<String, Tensor> tensors = new LinkedHashMap<>(model.stateDict());
        tensors.put("lm_head.weight", tensors.get("model.embed_tokens.weight"));
        Safetensors.save(folder.resolve("same.safetensors"), tensors, Map.of());
        tensors.put("lm_head.weight", tensors.get("model.embed_tokens.weight").add(1));
        Safetensors.save(folder.resolve("other.safetensors"), tensors, Map.of());
        Architecture architecture = Architecture.ofConfig(Architecture.toConfig(config), "config.json");
        Decoder read = new Decoder(config, Rng.of(3));
        try (TensorSource same = WeightFolder.open(folder.resolve("same.safetensors"));
                TensorSource other = WeightFolder.open(folder.resolve("other.safetensors"))) {
            read.load(architecture.view(same, "same"));
            TensorException e = assertThrows(TensorException.class, () -> read.load(architecture.view(other, "other")));
            assertTrue(e.getMessage().contains("other values"), e.getMessage());
        }
    }

    @Test
    void whatIsNotKnownIsRefusedByName() {
        refused(PublishedConfigs.LLAMA_3_1_8B, "attn_temperature", 2L, "unknown key 'attn_temperature'");
        refused(PublishedConfigs.LLAMA_3_1_8B, "sliding_window", 4096L, "unknown key 'sliding_window'");
        refused(PublishedConfigs.LLAMA_3_1_8B, "quantization_config", Map.of("bits", 4L), "'quantization_config'");
        refused(PublishedConfigs.LLAMA_3_1_8B, "hidden_act", "tanh", "'hidden_act'");
        refused(PublishedConfigs.LLAMA_3_1_8B, "hidden_size", "large", "'hidden_size'");
        refused(PublishedConfigs.LLAMA_3_1_8B, "num_key_value_heads", 5L, "kvHeads");
        refused(PublishedConfigs.LLAMA_3_1_8B, "partial_rotary_factor", 0.5, "'partial_rotary_factor'");
        refused(PublishedConfigs.LLAMA_3_1_8B, "rope_scaling", Map.of("type", "dynamic", "factor", 2.0), "dynamic");
        refused(PublishedConfigs.LLAMA_3_1_8B, "rope_scaling", Map.of("type", "linear", "factor", 2.0, "beta", 1L), "beta");
        refused(PublishedConfigs.LLAMA_3_1_8B, "model_type", "mamba", "mamba");
        refused(PublishedConfigs.MISTRAL_7B, "attention_bias", true, "'attention_bias'");
        refused(PublishedConfigs.QWEN3_06B, "layer_types", Collections.nCopies(28, "linear_attention"), "'layer_types'");
        refused(PublishedConfigs.GEMMA_2_2B, "use_bidirectional_attention", true, "'use_bidirectional_attention'");
        refused(PublishedConfigs.GPT2, "scale_attn_by_inverse_layer_idx", true, "'scale_attn_by_inverse_layer_idx'");
        refused(PublishedConfigs.LLADA_8B, "alibi", true, "'alibi'");
        refused(PublishedConfigs.LLADA_8B, "block_type", "sequential", "'block_type'");
        refused(PublishedConfigs.OLMOE_1B_7B, "clip_qkv", 8.0, "'clip_qkv'");
        Map<String, Object> missing = new LinkedHashMap<>(PublishedConfigs.with(PublishedConfigs.GPT2, "n_embd", null));
        assertTrue(assertThrows(FormatException.class, () -> Architecture.ofConfig(missing, "config.json")).getMessage()
                .contains("'n_embd' is missing"));
        // What is off is not asked for.
        Architecture.ofConfig(PublishedConfigs.with(PublishedConfigs.LLAMA_3_1_8B, "attn_temperature", null), "test");
    }

    private static void refused(String config, String key, Object value, String message) {
        FormatException e = assertThrows(FormatException.class,
                () -> Architecture.ofConfig(PublishedConfigs.with(config, key, value), "config.json"));
        assertTrue(e.getMessage().startsWith("config.json") && e.getMessage().contains(message), e.getMessage());
    }

    @Test
    void layerTypesAreReadAsRules() {
        String sliding = "sliding_attention";
        String full = "full_attention";
        Map<String, Object> m = PublishedConfigs.with(PublishedConfigs.MISTRAL_7B, "num_hidden_layers", 4L);
        m.put("layer_types", List.of(sliding, sliding, sliding, sliding));
        assertEquals(Window.of(4096), Architecture.ofConfig(m, "test").config().attention().window());
        m.put("layer_types", List.of(full, full, sliding, sliding));
        assertEquals(new Window(4096, 2, 0), Architecture.ofConfig(m, "test").config().attention().window());
        m.put("layer_types", List.of(sliding, sliding, full, sliding));
        assertEquals(new Window(4096, 0, 3), Architecture.ofConfig(m, "test").config().attention().window());
        m.put("layer_types", List.of(full, full, full, full));
        assertEquals(Window.NONE, Architecture.ofConfig(m, "test").config().attention().window());
        m.put("layer_types", List.of(full, sliding, full, sliding));
        assertThrows(FormatException.class, () -> Architecture.ofConfig(m, "test"));
        m.put("layer_types", List.of(sliding));
        assertThrows(FormatException.class, () -> Architecture.ofConfig(m, "test"));
    }

    @Test
    void rotaryParametersMayStandTogether() {
        Map<String, Object> m = PublishedConfigs.with(PublishedConfigs.QWEN2_5_05B, "rope_parameters",
                Map.of("rope_type", "yarn", "rope_theta", 1e6, "factor", 4.0, "original_max_position_embeddings", 32768L));
        m.remove("rope_theta");
        assertEquals(Positions.rotary(1e6, 64).withScaling(new RopeScaling.Yarn(4, 32768, 32, 1,
                RopeScaling.Yarn.usualMagnitude(4))), Architecture.ofConfig(m, "test").config().positions());
    }

    @Test
    void whatNoPublishedModelSaysIsNotSaved() {
        DecoderConfig odd = OracleModels.configs().get("llama").withScales(3, 0);
        TensorException e = assertThrows(TensorException.class, () -> Architecture.toConfig(odd));
        assertTrue(e.getMessage().contains("no published kind"), e.getMessage());
        assertThrows(TensorException.class, () -> Architecture.toMetadata(odd));
    }
}
