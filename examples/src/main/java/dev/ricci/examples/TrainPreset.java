package dev.ricci.examples;

import java.util.LinkedHashMap;
import java.util.Map;

/** Every hyper-parameter of {@code ricci train}; each component is an option of its name, described by its annotation. */
record TrainPreset(
    @Describe("Family of the model: gpt2 (layer norm, learned positions) or llama (RMS norm, rotary, gated).") String family,
    Prediction prediction,
    @Describe("Blocks of the model, one above the other.") int layers,
    @Describe("Attention heads.") int heads,
    @Describe("Key-value heads; heads must be a multiple.") int kvHeads,
    @Describe("Width of the residual stream.") int width,
    @Describe("Width inside the feed-forward part.") int hidden,
    @Describe("Tokens in a window.") int context,
    @Describe("Activation: relu, gelu, gelu_tanh or silu.") String activation,
    @Describe("Whether projections and norms have a bias.") boolean bias,
    @Describe("Whether the head shares the embedding's weight.") boolean tiedHead,
    @Describe("Probability of dropout.") double dropout,
    @Describe("Tokenizer made from the text: char, byte, or bpe (byte-level byte-pair encoding).") String tokenizer,
    @Describe("Tokens of a bpe tokenizer.") int vocabSize,
    Optimization optimization) {

    /** The presets by name; the first is the default. */
    static final Map<String, TrainPreset> ALL = all();

    private static Map<String, TrainPreset> all() {
        Map<String, TrainPreset> presets = new LinkedHashMap<>();
        // A minute or two on two cores.
        presets.put("quick", new TrainPreset("llama", Prediction.NEXT, 4, 4, 4, 128, 384, 128, "silu", false, true, 0, "char",
            4096, new Optimization(8, 1, 600, 2e-3, 2e-4, 50, 0.9, 0.99, 0.1, 1, 200, 200, false)));
        // The public nanoGPT setting for a CPU (character-level Shakespeare).
        presets.put("char-small", new TrainPreset("gpt2", Prediction.NEXT, 4, 4, 4, 128, 512, 64, "gelu", false, true, 0, "char",
            4096, new Optimization(12, 1, 2000, 1e-3, 1e-4, 100, 0.9, 0.99, 0.1, 1, 250, 250, false)));
        // nanoGPT's setting for a GPU: hours on two cores.
        presets.put("char", new TrainPreset("gpt2", Prediction.NEXT, 6, 6, 6, 384, 1536, 256, "gelu", false, true, 0.2, "char",
            4096, new Optimization(16, 4, 5000, 1e-3, 1e-4, 100, 0.9, 0.99, 0.1, 1, 250, 250, false)));
        // The smallest that is still a transformer: seconds, for trying things out.
        presets.put("tiny", new TrainPreset("gpt2", Prediction.NEXT, 2, 2, 2, 32, 128, 32, "gelu", false, true, 0, "char",
            4096, new Optimization(8, 1, 100, 3e-3, 3e-4, 10, 0.9, 0.99, 0.1, 1, 50, 50, false)));
        return presets;
    }
}
