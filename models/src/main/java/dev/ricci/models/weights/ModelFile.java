package dev.ricci.models.weights;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.tokenizer.Llama2cTokenizer;
import dev.ricci.models.tokenizer.Tokenizer;
import dev.ricci.models.tokenizer.Tokenizers;
import dev.ricci.nn.train.Checkpoint;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Rng;
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
 * JSON. Models in the format of llama2.c, with their vocabulary in a second file, are read too.
 */
public final class ModelFile {
    private static final String CONFIG = "ricci.decoder";
    private static final String TOKENIZER = "ricci.tokenizer";

    private ModelFile() {
    }

    /**
     * A model and what turns text into its ids.
     *
     * @param model the decoder
     * @param tokenizer its vocabulary
     */
    public record Loaded(Decoder model, Tokenizer tokenizer) {
    }

    /** What a checkpoint must keep so that {@link #load} can read its model. */
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
     * @param path a file written by {@link #save}, the model file of a checkpoint that kept {@link #config}, a folder with
     *     either named {@code model.safetensors}, or a model of llama2.c
     * @param vocabulary the vocabulary file of a llama2.c model; else null
     * @throws FormatException if it is not such a file, or vocabulary and model do not fit
     * @throws IOException if it cannot be read
     */
    public static Loaded load(Path path, Path vocabulary) throws IOException {
        Path file = Files.isDirectory(path) ? path.resolve("model.safetensors") : path;
        if (!file.getFileName().toString().endsWith(".safetensors")) {
            if (vocabulary == null) {
                throw new FormatException("model " + file + ": a llama2.c model needs its vocabulary; give it with"
                        + " --tokenizer FILE");
            }
            return checked(file, new Loaded(Llama2cReader.load(file), Llama2cTokenizer.load(vocabulary)));
        }
        if (vocabulary != null) {
            throw new FormatException("model " + file + " holds its tokenizer; leave --tokenizer " + vocabulary + " out");
        }
        try (SafetensorsFile in = SafetensorsFile.open(file)) {
            DecoderConfig config = DecoderConfig.fromMap(metadata(file, in, CONFIG));
            checkSize(file, in, config);
            Decoder model = new Decoder(config, Rng.of(0));
            Tokenizer tokenizer = Tokenizers.fromMap(metadata(file, in, TOKENIZER));
            model.load(in);
            return checked(file, new Loaded(model, tokenizer));
        } catch (FormatException e) {
            throw e;
        } catch (TensorException e) {
            throw new FormatException("model " + file + ": " + e.getMessage(), e);
        }
    }

    /** Before anything is made of the sizes that the metadata claim: the file must hold what they ask for. */
    private static void checkSize(Path file, SafetensorsFile in, DecoderConfig c) {
        long elements = in.names().stream().mapToLong(name -> in.spec(name).shape().size()).sum();
        int positions = c.positions().kind() == DecoderConfig.Positions.Kind.LEARNED ? c.contextLength() : 0;
        int queries = c.attention().heads() * c.attention().headWidth();
        long longest = Math.max(Math.max(c.vocabSize(), c.mlp().hidden()), Math.max(queries, positions));
        if (c.layers() > in.names().size() || c.width() * longest > elements) {
            throw new FormatException("model " + file + ": its metadata describe " + c.layers()
                    + " layers and a matrix of " + longest + " x " + c.width() + "; the file has no more than " + in.names().size() + " tensors of "
                    + elements + " elements in all");
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
                + " beside it have '" + key + "'; it was not written by ricci train");
    }

    private static Loaded checked(Path file, Loaded loaded) {
        int ids = loaded.tokenizer.vocabSize();
        int expected = loaded.model.config().vocabSize();
        if (ids != expected) {
            throw new FormatException("model " + file + ": it has " + expected + " ids, the vocabulary " + ids
                    + "; they do not belong together");
        }
        return loaded;
    }
}
