package dev.ricci.models;

import dev.ricci.models.architecture.Architecture;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.tokenizer.Tokenizer;
import dev.ricci.models.tokenizer.Tokenizers;
import dev.ricci.nn.train.Checkpoint;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.Json;
import dev.ricci.tensor.io.Safetensors;
import dev.ricci.tensor.io.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A language model in one file: a safetensors file whose metadata hold the decoder's configuration and the tokenizer, as
 * JSON. {@link LanguageModel#load} reads it.
 */
public final class ModelFile {
    private static final String CONFIG = "ricci.decoder";
    private static final String TOKENIZER = "ricci.tokenizer";
    private static final String CHAT = "ricci.chat";

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
        save(file, new LanguageModel(model, tokenizer), DType.F32);
    }

    /**
     * Writes a model with what is known of its conversations, atomically.
     *
     * @param type of the tensors: F32, F16 or BF16
     * @throws TensorException if the tokenizer lives in a file of its own
     * @throws IOException if it cannot be written; an old file is intact then
     */
    public static void save(Path file, LanguageModel model, DType type) throws IOException {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(CONFIG, Json.write(model.decoder().config().toMap()));
        metadata.put(TOKENIZER, Json.write(Tokenizers.toMap(model.tokenizer())));
        if (model.chatTemplate().isPresent()) {
            Map<String, Object> chat = new LinkedHashMap<>();
            chat.put("template", model.chatTemplate().get());
            chat.put("end_ids", model.endIds().stream().map(Integer::longValue).toList());
            metadata.put(CHAT, Json.write(chat));
        }
        Map<String, Tensor> state = new LinkedHashMap<>();
        model.decoder().stateDict().forEach((name, t) -> state.put(name, t.dtype() == type ? t : t.to(type)));
        Safetensors.save(file, state, metadata);
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
            LanguageModel model = new LanguageModel(LanguageModel.decoder(architecture, in, "model " + file, options),
                    tokenizer);
            String chat = in.metadata().get(CHAT);
            return chat == null ? model : withChat(model, Json.parseObject(chat, file + " " + CHAT), file);
        }
    }

    /** The tokenizer alone. */
    static Tokenizer tokenizer(Path file) throws IOException {
        try (SafetensorsFile in = SafetensorsFile.open(file)) {
            return Tokenizers.fromMap(metadata(file, in, TOKENIZER));
        }
    }

    private static LanguageModel withChat(LanguageModel model, Map<String, Object> chat, Path file) {
        Set<Integer> ends = new TreeSet<>();
        if (chat.get("template") instanceof String template && chat.get("end_ids") instanceof List<?> ids) {
            for (Object id : ids) {
                if (id instanceof Long n && n >= 0 && n < model.decoder().config().vocabSize()) {
                    ends.add(n.intValue());
                }
            }
            return new LanguageModel(model.decoder(), model.tokenizer(), Optional.of(template), ends);
        }
        throw new FormatException("model " + file + ": '" + CHAT + "' must have a 'template' and 'end_ids'");
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
