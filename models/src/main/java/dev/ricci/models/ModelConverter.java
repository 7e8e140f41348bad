package dev.ricci.models;

import dev.ricci.models.architecture.Architecture;
import dev.ricci.models.architecture.GgufConverter;
import dev.ricci.models.tokenizer.Llama2cTokenizer;
import dev.ricci.models.tokenizer.PipelineTokenizer;
import dev.ricci.models.tokenizer.Tokenizer;
import dev.ricci.models.tokenizer.TokenizerJson;
import dev.ricci.models.tokenizer.VocabularyConverter;
import dev.ricci.models.weights.WeightFolder;
import dev.ricci.models.weights.gguf.GgufFile;
import dev.ricci.models.weights.gguf.GgufQuantizer;
import dev.ricci.models.weights.gguf.GgufType;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Models of one kind of files as another: folders of Hugging Face's layout, GGUF files, and the files of ricci. Vocabulary,
 * chat template and what ends a turn go along.
 */
public final class ModelConverter {
    private ModelConverter() {
    }

    /**
     * Writes a model anew.
     *
     * @param from as {@link LanguageModel#load} takes it
     * @param to a name with {@code .gguf}, a name with {@code .safetensors} for a file of ricci, or a folder's
     * @param type of the matrices: F32, F16, BF16, and for GGUF files also Q8_0 and Q4_0
     * @param options names the vocabulary of a llama2.c model
     * @throws TensorException if the model, its vocabulary or the type has no form there; an existing file is intact then
     * @throws IOException if a file cannot be read or written
     */
    public static void convert(Path from, Path to, GgufType type, LoadOptions options) throws IOException {
        String name = to.getFileName().toString();
        if (name.endsWith(".gguf")) {
            toGguf(from, to, type, options);
            return;
        }
        if (type.isQuantised()) {
            throw new TensorException("convert: " + to + ": " + type + " is written into GGUF files alone; name the result"
                    + " .gguf, or use F32, F16 or BF16");
        }
        if (name.endsWith(".safetensors")) {
            ModelFile.save(to, defined(from, load(from, options)), type.readAs());
        } else {
            toFolder(from, to, type.readAs(), options);
        }
    }

    /** With all of its context: the description of the model is written, not what this machine can hold. */
    private static LanguageModel load(Path from, LoadOptions options) throws IOException {
        return LanguageModel.load(from, options.withWeights(LoadOptions.Weights.F32).withLongest(Integer.MAX_VALUE));
    }

    private static void toGguf(Path from, Path to, GgufType type, LoadOptions options) throws IOException {
        if (from.getFileName().toString().endsWith(".gguf")) {
            GgufQuantizer.quantize(from, to, type, true);
            return;
        }
        LanguageModel model = defined(from, load(from, options));
        String title = from.toAbsolutePath().normalize().getFileName().toString();
        GgufConverter.decoder(title, model.decoder().config(), model.decoder().stateDict(), type,
                GgufVocabulary.metadata(VocabularyConverter.embedded(model.tokenizer()), model)).write(to);
    }

    /** The model with a tokenizer that can be written. */
    private static LanguageModel defined(Path from, LanguageModel model) throws IOException {
        Tokenizer tokenizer = model.tokenizer();
        if (Files.isDirectory(from) && Files.exists(from.resolve(TokenizerJson.FILE))) {
            tokenizer = TokenizerJson.loadDefined(from);
        } else if (from.getFileName().toString().endsWith(".gguf")) {
            try (GgufFile file = GgufFile.open(from)) {
                tokenizer = VocabularyConverter.defined(new GgufVocabulary(file.metadata(), from.toString()).embedded(),
                        from.toString());
            }
        }
        return new LanguageModel(model.decoder(), tokenizer, model.chatTemplate(), model.endIds());
    }

    private static void toFolder(Path from, Path to, DType type, LoadOptions options) throws IOException {
        if (Files.isDirectory(from) && Files.exists(from.resolve(WeightFolder.CONFIG))) {
            // Another type for the same tensors: whatever kind of model it is.
            try (TensorSource tensors = WeightFolder.open(from)) {
                Map<String, Object> config = WeightFolder.config(from);
                config.put(config.containsKey("dtype") ? "dtype" : "torch_dtype", torchName(type));
                WeightFolder.save(to, cast(tensors.asMap(), type), config);
            }
            LanguageModel.copyVocabulary(from, to);
            return;
        }
        LanguageModel model = defined(from, load(from, options));
        PipelineTokenizer tokenizer = switch (model.tokenizer()) {
            case PipelineTokenizer t when t.isDefined() -> t;
            case Llama2cTokenizer t -> VocabularyConverter.defined(t, from.toString());
            default -> throw new TensorException("convert: " + from + ": its vocabulary has no form as "
                    + TokenizerJson.FILE + "; BPE vocabularies have. Write a .safetensors file of ricci instead");
        };
        Map<String, Object> config = Architecture.toConfig(model.decoder().config());
        config.put("torch_dtype", torchName(type));
        WeightFolder.save(to, cast(Architecture.toFolder(model.decoder().config(), model.decoder().stateDict()).asMap(), type),
                config);
        TokenizerJson.save(to.resolve(TokenizerJson.FILE), tokenizer);
        FolderVocabulary.save(to, new LanguageModel(model.decoder(), tokenizer, model.chatTemplate(), model.endIds()));
    }

    private static String torchName(DType type) {
        return switch (type) {
            case F16 -> "float16";
            case BF16 -> "bfloat16";
            default -> "float32";
        };
    }

    /** Floating-point tensors in a type, the others as they are. */
    private static Map<String, Tensor> cast(Map<String, Tensor> tensors, DType type) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        tensors.forEach((name, t) -> all.put(name, t.dtype().isFloating() && t.dtype() != type ? t.to(type) : t));
        return all;
    }
}
