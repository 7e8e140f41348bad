package dev.ricci.models;

import dev.ricci.models.architecture.Architecture;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.tokenizer.Tokenizer;
import dev.ricci.models.tokenizer.Tokenizers;
import dev.ricci.nn.train.Checkpoint;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.Json;
import dev.ricci.tensor.io.Safetensors;
import dev.ricci.tensor.io.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A language model in one file: a safetensors file whose metadata hold the decoder's configuration and the tokenizer, as
 * JSON. {@link LanguageModel#load} reads it.
 */
public final class ModelFile {
    private static final String CONFIG = "ricci.decoder";
    private static final String TOKENIZER = "ricci.tokenizer";

    private ModelFile() {
    }

    /** What a checkpoint must keep so that its model can be read. */
    public static Map<String, Object> config(Decoder model, Tokenizer tokenizer) {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put(CONFIG, model.config().toMap());
        config.put(TOKENIZER, Tokenizers.toMap(tokenizer));
        return config;
    }

    /**
     * Writes a model, atomically.
     *
     * @throws IOException if it cannot be written; an old file is intact then
     */
    public static void save(Path file, Decoder model, Tokenizer tokenizer) throws IOException {
        Safetensors.save(file, model.stateDict(), Map.of(CONFIG, Json.write(model.config().toMap()),
                TOKENIZER, Json.write(Tokenizers.toMap(tokenizer))));
    }

    /**
     * Reads a model.
     *
     * @param file written by {@link #save}, or the model file of a checkpoint that kept {@link #config}
     * @throws FormatException if it is not such a file
     * @throws TensorException if its parts do not belong together
     * @throws IOException if it cannot be read
     */
    static LanguageModel load(Path file, LoadOptions options) throws IOException {
        try (SafetensorsFile in = SafetensorsFile.open(file)) {
            DecoderConfig config = DecoderConfig.fromMap(metadata(file, in, CONFIG));
            Tokenizer tokenizer = Tokenizers.fromMap(metadata(file, in, TOKENIZER));
            Architecture architecture = Architecture.ofDecoder(config);
            return new LanguageModel(LanguageModel.decoder(architecture, in, "model " + file, options), tokenizer);
        }
    }

    /** From the file's own metadata or, for the model in a checkpoint, from the checkpoint's state beside it. */
    private static Map<String, ?> metadata(Path file, SafetensorsFile in, String key) throws IOException {
        String json = in.metadata().get(key);
        if (json != null) {
            return Json.parseObject(json, file + " " + key);
        }
        Path state = file.resolveSibling(Checkpoint.STATE);
        if (Files.exists(state) && Json.read(state).get("config") instanceof Map<?, ?> config
                && config.get(key) instanceof Map<?, ?> value) {
            Map<String, Object> named = new LinkedHashMap<>();
            value.forEach((name, v) -> named.put((String) name, v));
            return named;
        }
        throw new FormatException("model " + file + ": neither its metadata nor a " + Checkpoint.STATE
                + " beside it have '" + key + "'; it was not written by ricci train (a published model is read as a folder with its config.json)");
    }
}
