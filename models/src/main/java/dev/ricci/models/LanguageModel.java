package dev.ricci.models;

import dev.ricci.models.architecture.Architecture;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.tokenizer.Llama2cTokenizer;
import dev.ricci.models.tokenizer.PipelineTokenizer;
import dev.ricci.models.tokenizer.Tokenizer;
import dev.ricci.models.tokenizer.TokenizerJson;
import dev.ricci.models.weights.Llama2cReader;
import dev.ricci.models.weights.WeightFolder;
import dev.ricci.models.weights.gguf.GgufFile;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.Json;
import dev.ricci.tensor.io.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A language model with its vocabulary, from whatever files it was published in.
 *
 * @param decoder the model
 * @param tokenizer turns text into its ids; it may know fewer ids than the model has
 * @param chatTemplate in the language Jinja, how conversations become prompts, if the model was made for them
 * @param endIds each of these ids ends a generation
 */
public record LanguageModel(Decoder decoder, Tokenizer tokenizer, Optional<String> chatTemplate, Set<Integer> endIds) {
    /** Checks that vocabulary and model belong together. */
    public LanguageModel {
        int ids = decoder.config().vocabSize();
        if (tokenizer.vocabSize() > ids) {
            throw new TensorException("language model: the model has " + ids + " ids, the vocabulary "
                    + tokenizer.vocabSize() + "; they do not belong together");
        }
        endIds = Collections.unmodifiableSet(new TreeSet<>(endIds));
    }

    /** Without a chat template; what ends a sequence in the vocabulary ends a generation. */
    public LanguageModel(Decoder decoder, Tokenizer tokenizer) {
        this(decoder, tokenizer, Optional.empty(),
                tokenizer.eos().isPresent() ? Set.of(tokenizer.eos().getAsInt()) : Set.of());
    }

    /** Reads a model with the {@linkplain LoadOptions#usual usual options}. */
    public static LanguageModel load(Path path) throws IOException {
        return load(path, LoadOptions.usual());
    }

    /**
     * Reads a model.
     *
     * @param path a folder of Hugging Face's layout: {@code config.json}, safetensors in one file or in shards, and the
     *     vocabulary as {@code tokenizer.json} or {@code vocab.json} with {@code merges.txt}; a {@code .gguf} file, or
     *     the first of its parts; a {@code .safetensors} file that {@link ModelFile} wrote, or the folder of a training run
     *     with one; a model of llama2.c, whose vocabulary the options name
     * @throws FormatException if it is none of these, malformed, of a kind or with a part that is not supported, or if
     *     weights, description and vocabulary do not belong together
     * @throws IOException if it cannot be read
     */
    public static LanguageModel load(Path path, LoadOptions options) throws IOException {
        if (!Files.exists(path)) {
            throw new FormatException("model " + path + ": there is no such file or folder");
        }
        String name = path.toAbsolutePath().getFileName().toString();
        boolean folder = Files.isDirectory(path);
        boolean llama2c = !folder && !name.endsWith(".gguf") && !name.endsWith(".safetensors");
        if (!llama2c && options.vocabulary().isPresent()) {
            throw new FormatException("model " + path + " comes with its vocabulary; leave "
                    + options.vocabulary().get() + " out");
        }
        try {
            if (folder && Files.exists(path.resolve(WeightFolder.CONFIG))) {
                return ofFolder(path, options);
            }
            if (name.endsWith(".gguf")) {
                return ofGguf(path, options);
            }
            return llama2c ? ofLlama2c(path, options)
                    : ModelFile.load(folder ? path.resolve(WeightFolder.MODEL) : path, options);
        } catch (FormatException e) {
            throw e;
        } catch (TensorException e) {
            throw new FormatException("model " + path + ": " + e.getMessage(), e);
        }
    }

    private static LanguageModel ofFolder(Path folder, LoadOptions options) throws IOException {
        String where = "model " + folder.resolve(WeightFolder.CONFIG);
        var config = WeightFolder.config(folder);
        Architecture architecture = Architecture.ofConfig(config, where);
        Tokenizer tokenizer = FolderVocabulary.tokenizer(folder);
        Decoder decoder;
        try (TensorSource file = WeightFolder.open(folder)) {
            decoder = decoder(architecture, file, "model " + folder, options);
        }
        return new LanguageModel(decoder, tokenizer, FolderVocabulary.chatTemplate(folder),
                FolderVocabulary.endIds(folder, config, tokenizer));
    }

    private static LanguageModel ofGguf(Path path, LoadOptions options) throws IOException {
        try (GgufFile file = GgufFile.open(path)) {
            Architecture architecture = Architecture.ofGguf(file, "model " + path);
            GgufVocabulary vocabulary = new GgufVocabulary(file.metadata(), path.toString());
            Tokenizer tokenizer = vocabulary.tokenizer();
            return new LanguageModel(decoder(architecture, file, "model " + path, options), tokenizer,
                    file.metadata().string("tokenizer.chat_template"), vocabulary.endIds());
        }
    }

    /** The tensors are compared before anything is made of the sizes that the description claims. */
    static Decoder decoder(Architecture architecture, TensorSource file, String where, LoadOptions options) {
        TensorSource tensors = architecture.view(file, where);
        DecoderConfig config = architecture.config();
        Decoder decoder = new Decoder(shortened(config, options), Rng.of(0));
        if (options.weights() == LoadOptions.Weights.AS_STORED) {
            decoder.loadAsStored(tensors);
        } else {
            decoder.load(tensors);
        }
        return decoder;
    }

    /** Learned positions are weights: they stay as many as there are. */
    private static DecoderConfig shortened(DecoderConfig c, LoadOptions options) {
        boolean learned = c.positions().kind() == DecoderConfig.Positions.Kind.LEARNED;
        return learned || c.contextLength() <= options.longest() ? c : c.withContextLength(options.longest());
    }

    private static LanguageModel ofLlama2c(Path path, LoadOptions options) throws IOException {
        Path vocabulary = options.vocabulary().orElseThrow(() -> new FormatException("model " + path
                + ": a model of llama2.c needs its vocabulary's file; on the command line: --tokenizer FILE"));
        Decoder decoder = Llama2cReader.load(path);
        Tokenizer tokenizer = Llama2cTokenizer.load(vocabulary);
        if (tokenizer.vocabSize() != decoder.config().vocabSize()) {
            throw new FormatException("model " + path + ": it has " + decoder.config().vocabSize()
                    + " ids, the vocabulary " + vocabulary + " " + tokenizer.vocabSize() + "; they do not belong together");
        }
        return new LanguageModel(decoder, tokenizer);
    }

    /**
     * The vocabulary of a model, without its weights.
     *
     * @param path as {@link #load}, a {@code tokenizer.json}, or the vocabulary of a llama2.c model
     * @return a {@code tokenizer.json}, alone or in a folder, is kept with it, so that it can be saved
     * @throws FormatException if there is none, or it is not supported
     * @throws IOException if it cannot be read
     */
    public static Tokenizer tokenizer(Path path) throws IOException {
        String name = path.toAbsolutePath().getFileName().toString();
        boolean folder = Files.isDirectory(path);
        if (name.endsWith(".json") || folder && Files.exists(path.resolve(TokenizerJson.FILE))) {
            return TokenizerJson.loadDefined(path);
        }
        if (folder && Files.exists(path.resolve(WeightFolder.CONFIG))) {
            return FolderVocabulary.tokenizer(path);
        }
        if (folder || name.endsWith(".safetensors")) {
            Path file = folder ? path.resolve(WeightFolder.MODEL) : path;
            if (folder && !Files.exists(file)) {
                throw new FormatException("tokenizer " + path + ": the folder has neither " + TokenizerJson.FILE + " nor "
                        + WeightFolder.CONFIG + " nor " + WeightFolder.MODEL + "; name the vocabulary's file itself");
            }
            return ModelFile.tokenizer(file);
        }
        if (name.endsWith(".gguf")) {
            try (GgufFile file = GgufFile.open(path)) {
                return new GgufVocabulary(file.metadata(), path.toString()).tokenizer();
            }
        }
        return Llama2cTokenizer.load(path);
    }

    /**
     * Writes a folder of Hugging Face's layout: the weights as F32, {@code config.json}, the vocabulary as
     * {@code tokenizer.json} and what ends a generation as {@code generation_config.json}.
     *
     * @param folder made if it is not there
     * @throws TensorException if no published kind of model says what this one is, or if the tokenizer keeps no copy of its
     *     file: then use {@link #saveDecoder} and {@link #copyVocabulary}; nothing was written
     * @throws IOException if it cannot be written
     */
    public void save(Path folder) throws IOException {
        if (!(tokenizer instanceof PipelineTokenizer pipeline) || !pipeline.isDefined()) {
            throw new TensorException("save: the tokenizer of this model was read from a file and keeps no copy of it; use"
                    + " saveDecoder and copyVocabulary");
        }
        saveDecoder(folder, decoder);
        TokenizerJson.save(folder.resolve(TokenizerJson.FILE), pipeline);
        FolderVocabulary.save(folder, this);
    }

    /**
     * Writes weights and {@code config.json} of a decoder into a folder of Hugging Face's layout, for the other libraries
     * that read it too.
     *
     * @param folder made if it is not there
     * @throws TensorException if no published kind of model says what this one is; nothing was written
     * @throws IOException if it cannot be written
     */
    public static void saveDecoder(Path folder, Decoder decoder) throws IOException {
        DecoderConfig config = decoder.config();
        WeightFolder.save(folder, Architecture.toFolder(config, decoder.stateDict()).asMap(),
                Architecture.toConfig(config));
    }

    /**
     * Copies the files that hold vocabulary, chat template and generation settings from one folder of Hugging Face's layout
     * to another, as far as they are there.
     *
     * @throws IOException if one cannot be copied
     */
    public static void copyVocabulary(Path from, Path to) throws IOException {
        FolderVocabulary.copy(from, to);
    }

    /** The class of the model and its number of parameters, and what is known beside. */
    @Override
    public String toString() {
        return decoder + ", " + tokenizer.vocabSize() + " tokens, " + (chatTemplate.isPresent() ? "a" : "no")
                + " chat template, ends at " + Json.write(endIds.stream().map(Integer::longValue).toList());
    }
}
