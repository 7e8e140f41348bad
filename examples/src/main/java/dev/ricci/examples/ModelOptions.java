package dev.ricci.examples;

import dev.ricci.models.LanguageModel;
import dev.ricci.models.LoadOptions;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Which model: what the commands that run one take. */
final class ModelOptions {
    /** What a model can be. */
    static final String KINDS = "A folder with config.json, weights and tokenizer.json; a .gguf file; a .safetensors file or"
        + " run folder of ricci train; or a llama2.c model.";

    @Parameters(paramLabel = "MODEL", arity = "0..1", description = KINDS + ShippedModel.DEFAULT)
    private Path model;

    @Mixin
    private VocabularyOption vocabulary;

    /** Whether one is named. */
    boolean isGiven() {
        return model != null;
    }

    private Path path() {
        return ShippedModel.orElse(model, "MODEL");
    }

    /** The name by which people know it. */
    String name() {
        return name(path());
    }

    /** The name by which people know a file or folder. */
    static String name(Path path) {
        String name = path.toAbsolutePath().normalize().getFileName().toString();
        return name.replaceFirst("\\.(gguf|safetensors|bin|onnx)$", "");
    }

    /**
     * Reads it.
     *
     * @throws UsageException if none is named, and the project's own is not there
     */
    LanguageModel load() throws IOException {
        return LanguageModel.load(path(), vocabulary.loadOptions().withWeights(LoadOptions.Weights.AS_STORED));
    }
}
