package dev.ricci.models.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.io.Json;
import dev.ricci.tensor.io.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeftFolderTest {
    private static final Tensor IDS = Rng.of(2).ints(11, 2, 9);
    /** All keys of a file that PEFT 0.15 writes, with their usual values. */
    private static final String PUBLISHED = """
            {"alpha_pattern": {}, "auto_mapping": null, "base_model_name_or_path": "some/base", "bias": "none",
             "corda_config": null, "eva_config": null, "exclude_modules": null, "fan_in_fan_out": false,
             "inference_mode": true, "init_lora_weights": true, "layer_replication": null, "layers_pattern": null,
             "layers_to_transform": null, "loftq_config": {}, "lora_alpha": 16, "lora_bias": false, "lora_dropout": 0.05,
             "megatron_config": null, "megatron_core": "megatron.core", "modules_to_save": null, "peft_type": "LORA",
             "r": 4, "rank_pattern": {}, "revision": null, "target_modules": ["v_proj", "q_proj"],
             "task_type": "CAUSAL_LM", "trainable_token_indices": null, "use_dora": false, "use_rslora": true}
            """;

    @TempDir
    private Path folder;

    private static Decoder model() {
        return new Decoder(DecoderConfig.llama(11, 16, 2, 4, 2, 16, 24), Rng.of(1));
    }

    private static float[] logits(Decoder model) {
        return NoGrad.call(() -> model.logits(IDS).toFloatArray());
    }

    private static LoraAdapter trained(Decoder model) {
        LoraAdapter adapter = LoraAdapter.on(model,
                LoraConfig.of(4).withAlpha(6.5).withDropout(0.1).withRankStabilized(true), Rng.of(3));
        adapter.parameters().forEach((path, p) -> p.assign(Rng.of(5).split(path).normal(p.spec().shape().toArray())));
        return adapter;
    }

    private Map<String, Tensor> tensors() throws IOException {
        return new LinkedHashMap<>(Safetensors.load(folder.resolve(PeftFolder.TENSORS)));
    }

    private void writeConfig(String key, Object value) throws IOException {
        Map<String, Object> json = Json.parseObject(PUBLISHED, "published");
        json.put(key, value);
        Files.writeString(folder.resolve(PeftFolder.CONFIG), Json.write(json));
    }

    @Test
    void keepsEveryBitUnderTheNamesOfPeft() throws IOException {
        Decoder model = model();
        LoraAdapter adapter = trained(model);
        PeftFolder.save(folder, adapter, "some/base");
        Map<String, Tensor> written = tensors();
        assertEquals(8, written.size());
        assertEquals("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight",
                new TreeSet<>(written.keySet()).first());
        assertArrayEquals(new int[] {4, 16}, written.get("base_model.model.model.layers.1.self_attn.v_proj.lora_A.weight")
                .shape().toArray());
        assertArrayEquals(new int[] {8, 4}, written.get("base_model.model.model.layers.1.self_attn.v_proj.lora_B.weight")
                .shape().toArray());
        Map<String, Object> json = Json.read(folder.resolve(PeftFolder.CONFIG));
        assertEquals("LORA", json.get("peft_type"));
        assertEquals(4L, json.get("r"));
        assertEquals(6.5, json.get("lora_alpha"));
        assertEquals(List.of("q_proj", "v_proj"), json.get("target_modules"));
        assertEquals("some/base", json.get("base_model_name_or_path"));

        Decoder other = model();
        LoraAdapter read = PeftFolder.load(folder, other);
        assertEquals(adapter.config(), read.config());
        assertArrayEquals(logits(model), logits(other));
        assertTrue(other.trainableParameters().isEmpty());
        PeftFolder.save(folder.resolve("again"), read, "some/base");
        for (String name : List.of(PeftFolder.CONFIG, PeftFolder.TENSORS)) {
            assertEquals(-1, Files.mismatch(folder.resolve(name), folder.resolve("again").resolve(name)), name);
        }
    }

    @Test
    void readsWhatPeftWrites() throws IOException {
        Decoder model = model();
        PeftFolder.save(folder, trained(model), "some/base");
        Map<String, Tensor> half = tensors();
        half.replaceAll((name, t) -> t.to(DType.BF16));
        Safetensors.save(folder.resolve(PeftFolder.TENSORS), half);
        Files.writeString(folder.resolve(PeftFolder.CONFIG), PUBLISHED);
        LoraAdapter read = PeftFolder.load(folder, model());
        assertEquals(new LoraConfig(4, 16, 0.05, true, LoraTargets.names("v_proj", "q_proj")), read.config());
        half.forEach((name, t) -> assertArrayEquals(t.to(DType.F32).toFloatArray(),
                read.parameters().get(name.substring("base_model.model.".length())).value().toFloatArray(), name));
    }

    /** The file may have fewer layers than the targets name: the tensors count. */
    @Test
    void theTensorsSayWhichLayersHaveOne() throws IOException {
        PeftFolder.save(folder, trained(model()), "some/base");
        Map<String, Tensor> fewer = tensors();
        fewer.keySet().removeIf(name -> name.contains("layers.0"));
        Safetensors.save(folder.resolve(PeftFolder.TENSORS), fewer);
        writeConfig("layers_to_transform", List.of(1L));
        assertEquals(4, PeftFolder.load(folder, model()).parameters().size());
    }

    @Test
    void whatIsNotSupportedIsRefusedByName() throws IOException {
        PeftFolder.save(folder, trained(model()), "some/base");
        Map<String, Object> refused = new LinkedHashMap<>();
        refused.put("bias", "lora_only");
        refused.put("use_dora", true);
        refused.put("modules_to_save", List.of("lm_head"));
        refused.put("rank_pattern", Map.of("q_proj", 2L));
        refused.put("alpha_pattern", Map.of("q_proj", 2L));
        refused.put("fan_in_fan_out", true);
        refused.put("lora_bias", true);
        refused.put("layer_replication", List.of(List.of(0L, 1L)));
        refused.put("init_lora_weights", "pissa");
        refused.put("peft_type", "IA3");
        refused.put("what_comes_next", 1L);
        refused.put("r", 0L);
        refused.put("lora_alpha", "16");
        refused.put("lora_dropout", 1L);
        refused.put("use_rslora", "yes");
        refused.put("target_modules", 1L);
        for (Map.Entry<String, Object> e : refused.entrySet()) {
            writeConfig(e.getKey(), e.getValue());
            String message = assertThrows(FormatException.class, () -> PeftFolder.load(folder, model()), e.getKey())
                    .getMessage();
            String name = e.getKey().equals("r") ? "rank" : e.getKey().replace("lora_dropout", "dropout");
            assertTrue(message.contains(name) && message.contains(PeftFolder.CONFIG), message);
        }
        writeConfig("r", 1L << 40);
        assertThrows(FormatException.class, () -> PeftFolder.load(folder, model()));
    }

    @Test
    void whatDoesNotFitIsSaidAtOnce() throws IOException {
        Decoder model = model();
        float[] before = logits(model);
        PeftFolder.save(folder, trained(model()), "some/base");
        Map<String, Tensor> wrong = tensors();
        wrong.remove("base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight");
        wrong.put("base_model.model.model.layers.0.self_attn.v_proj.lora_A.weight", Tensor.zeros(4, 15));
        wrong.put("base_model.model.model.layers.7.self_attn.v_proj.lora_A.weight", Tensor.zeros(4, 16));
        wrong.put("base_model.model.model.embed_tokens.lora_embedding_A", Tensor.zeros(4, 11));
        Safetensors.save(folder.resolve(PeftFolder.TENSORS), wrong);
        String message = assertThrows(FormatException.class, () -> PeftFolder.load(folder, model)).getMessage();
        for (String part : List.of("layers.0.self_attn.q_proj.lora_B: expected [16, 4], found none",
                "layers.0.self_attn.v_proj.lora_A: expected [4, 16], found F32[4, 15]",
                "no linear layer 'model.layers.7.self_attn.v_proj'", "lora_embedding_A: not one of A or B")) {
            assertTrue(message.contains(part), message);
        }
        Safetensors.save(folder.resolve(PeftFolder.TENSORS), Map.of());
        assertThrows(FormatException.class, () -> PeftFolder.load(folder, model));
        assertTrue(Arrays.equals(before, logits(model)) && !model.trainableParameters().isEmpty(), "nothing was attached");
        Files.delete(folder.resolve(PeftFolder.CONFIG));
        assertThrows(IOException.class, () -> PeftFolder.load(folder, model));
    }
}
