package dev.ricci.examples;

import dev.ricci.models.lora.LoraConfig;
import dev.ricci.models.lora.LoraTargets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Every hyper-parameter of {@code ricci finetune}; each component is an option of its name. */
record FinetunePreset(
    @Describe("Rank of the adapters, 0: none.") int rank,
    @Describe("What the adapters add is multiplied by alpha / rank.") double alpha,
    @Describe("Layers with an adapter: the ends of their names with commas between them, all-linear, or a regular expression"
        + " of the whole name.") String targets,
    @Describe("Probability of dropout on what adapters read.") double dropout,
    @Describe("Tokens in a window or row, 0: as many as the model reads, at most 512.") int context,
    Optimization optimization) {

    /** Adapters train at a higher rate than weights do. */
    static final Map<String, FinetunePreset> ALL = all();

    private static Map<String, FinetunePreset> all() {
        Map<String, FinetunePreset> presets = new LinkedHashMap<>();
        presets.put("lora", new FinetunePreset(8, 16, "q_proj,v_proj", 0, 0,
            new Optimization(8, 1, 500, 1e-3, 1e-4, 50, 0.9, 0.99, 0, 1, 100, 100, false)));
        presets.put("full", new FinetunePreset(0, 0, "", 0, 0,
            new Optimization(8, 1, 500, 1e-4, 1e-5, 50, 0.9, 0.99, 0.01, 1, 100, 100, false)));
        return presets;
    }

    /** The adapters. */
    LoraConfig lora() {
        return new LoraConfig(rank, alpha, dropout, false, LoraTargets.parse(targets));
    }
}
