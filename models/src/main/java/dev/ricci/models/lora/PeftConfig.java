package dev.ricci.models.lora;

import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** PEFT's {@code adapter_config.json}. What it switches on and is not known here is refused by name, whatever it is. */
final class PeftConfig {
    private static final String TYPE = "peft_type";
    private static final String RANK = "r";
    private static final String ALPHA = "lora_alpha";
    private static final String DROPOUT = "lora_dropout";
    private static final String STABILIZED = "use_rslora";
    private static final String TARGETS = "target_modules";
    private static final String BIAS = "bias";
    private static final String INIT = "init_lora_weights";

    /** What has a meaning here. */
    private static final Set<String> READ = Set.of(TYPE, RANK, ALPHA, DROPOUT, STABILIZED, TARGETS, BIAS, INIT);

    /**
     * What does not change what a trained adapter computes: where it comes from, how its file is used, and which of the
     * targets were left out, since the tensors say which have one.
     */
    private static final Set<String> IGNORED = Set.of("auto_mapping", "base_model_name_or_path", "revision", "inference_mode",
            "peft_version", "task_type", "megatron_core", "qalora_group_size", "layers_to_transform", "layers_pattern",
            "exclude_modules");

    private PeftConfig() {
    }

    static Map<String, Object> toJson(LoraConfig config, String baseModel) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put(TYPE, "LORA");
        json.put("task_type", "CAUSAL_LM");
        json.put("base_model_name_or_path", baseModel);
        json.put(RANK, (long) config.rank());
        // Whole where it is, as PEFT has it.
        json.put(ALPHA, config.alpha() == (long) config.alpha() ? (Object) (long) config.alpha() : config.alpha());
        json.put(DROPOUT, config.dropout());
        json.put(STABILIZED, config.rankStabilized());
        json.put(TARGETS, config.targets().toJson());
        json.put(BIAS, "none");
        json.put(INIT, true);
        json.put("fan_in_fan_out", false);
        json.put("inference_mode", true);
        json.put("use_dora", false);
        json.put("modules_to_save", null);
        json.put("layers_to_transform", null);
        json.put("layers_pattern", null);
        json.put("rank_pattern", Map.of());
        json.put("alpha_pattern", Map.of());
        return json;
    }

    static LoraConfig ofJson(Map<String, Object> json, String source) {
        if (!"LORA".equals(json.get(TYPE))) {
            throw new FormatException(source + ": '" + TYPE + "' must be LORA, the one kind of adapter that is read, got "
                    + json.get(TYPE));
        }
        List<String> on = json.entrySet().stream().filter(e -> isOn(e.getKey(), e.getValue()))
                .map(e -> "'" + e.getKey() + "' = " + e.getValue()).toList();
        if (!on.isEmpty()) {
            throw new FormatException(source + ": not supported: " + String.join(", ", on)
                    + "; the adapter would not compute what it was trained for");
        }
        try {
            JsonObject k = JsonObject.ofPresent(json, source, "change what the adapter computes");
            return new LoraConfig(k.integer(RANK), k.number(ALPHA), k.number(DROPOUT, 0), k.flag(STABILIZED, false),
                    LoraTargets.ofJson(json.get(TARGETS), source));
        } catch (FormatException e) {
            throw e;
        } catch (TensorException e) {
            throw new FormatException(source + ": " + e.getMessage(), e);
        }
    }

    /** Whether a key asks for something that is not done here. */
    private static boolean isOn(String key, Object value) {
        return switch (key) {
            case BIAS -> !"none".equals(value) && value != null;
            // The others take a part of the base's weights away.
            case INIT -> !(value == null || value instanceof Boolean || "gaussian".equals(value));
            default -> !READ.contains(key) && !IGNORED.contains(key)
                    && !(value == null || Objects.equals(value, false) || Map.of().equals(value) || List.of().equals(value));
        };
    }
}
