package dev.ricci.models.encoder;

import dev.ricci.models.weights.WeightFolder;
import dev.ricci.models.weights.gguf.GgufFile;
import dev.ricci.models.weights.onnx.OnnxFile;
import dev.ricci.models.weights.onnx.OnnxWeights;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.io.Json;
import dev.ricci.tensor.io.TensorSource;
import dev.ricci.tensor.weights.WeightStorage;
import dev.ricci.tensor.weights.WeightType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The weights of a published encoder under the names of {@link Encoder}, with its configuration. Files of whole task models
 * have a prefix before the encoder's names and the weights of a head beside it, which is left out; old ones say gamma and
 * beta for the weight and bias of norms.
 */
final class EncoderWeights implements TensorSource {
    private static final String WORDS = "embeddings.word_embeddings.weight";
    private static final Pattern HEAD = Pattern.compile("(cls|lm_head|classifier|qa_outputs)\\..*");
    /** Constants of the computation that old versions saved as if they were weights. */
    private static final List<String> BUFFERS = List.of("embeddings.position_ids", "embeddings.token_type_ids");

    private final TensorSource source;
    private final TreeMap<String, String> theirs;
    private final EncoderConfig config;

    private EncoderWeights(TensorSource source, TreeMap<String, String> theirs, EncoderConfig config) {
        this.source = source;
        this.theirs = theirs;
        this.config = config.withPooler(theirs.containsKey("pooler.dense.weight"));
    }

    static EncoderWeights open(Path path) throws IOException {
        if (path.toString().endsWith(".onnx")) {
            return onnx(path);
        }
        if (path.toString().endsWith(".gguf")) {
            return gguf(path);
        }
        if (!Files.exists(path.resolve(WeightFolder.CONFIG))) {
            throw new FormatException("encoder " + path + ": expected a folder with config.json, or a file .onnx or .gguf");
        }
        EncoderConfig config = EncoderConfigJson.read(WeightFolder.config(path), path.resolve(WeightFolder.CONFIG).toString());
        TensorSource source = WeightFolder.open(path);
        return new EncoderWeights(source, names(source.names()), config);
    }

    private static EncoderWeights onnx(Path path) throws IOException {
        OnnxFile file = OnnxFile.open(path);
        try {
            OnnxWeights weights = new OnnxWeights(file);
            TreeMap<String, String> names = names(weights.names());
            // Constants of the graph that no weight is made of.
            names.keySet().removeIf(name -> !name.matches("(embeddings|encoder|pooler)\\..*"));
            Path json = path.resolveSibling(WeightFolder.CONFIG);
            EncoderConfig config = Files.exists(json) ? EncoderConfigJson.read(Json.read(json), json.toString())
                    : OnnxShape.of(file, OnnxShape.layers(names.keySet()), name -> weights.spec(require(names, name)).shape());
            return new EncoderWeights(weights, names, config);
        } catch (Throwable t) {
            file.close();
            throw t;
        }
    }

    private static EncoderWeights gguf(Path path) throws IOException {
        GgufFile file = GgufFile.open(path);
        try {
            TreeMap<String, String> names = new TreeMap<>();
            file.names().forEach(name -> names.put(GgufShape.ours(name), name));
            return new EncoderWeights(file, names, GgufShape.of(file, path.toString()));
        } catch (Throwable t) {
            file.close();
            throw t;
        }
    }

    /** Their names by ours. */
    private static TreeMap<String, String> names(SortedSet<String> all) {
        String prefix = all.stream().filter(n -> n.endsWith("." + WORDS)).findFirst()
                .map(n -> n.substring(0, n.length() - WORDS.length())).orElse("");
        TreeMap<String, String> names = new TreeMap<>();
        for (String name : all) {
            String ours = name.substring(name.startsWith(prefix) ? prefix.length() : 0);
            boolean head = !name.startsWith(prefix) || HEAD.matcher(ours).matches();
            if (!head && !BUFFERS.contains(ours)) {
                names.put(ours.replaceFirst("LayerNorm\\.gamma$", "LayerNorm.weight")
                        .replaceFirst("LayerNorm\\.beta$", "LayerNorm.bias"), name);
            }
        }
        return names;
    }

    private static String require(TreeMap<String, String> names, String ours) {
        String name = names.get(ours);
        if (name == null) {
            throw new TensorException("it has no tensor '" + ours + "'; is it an encoder of BERT's family?");
        }
        return name;
    }

    EncoderConfig config() {
        return config;
    }

    /**
     * Before anything is made of the sizes that a configuration claims: the file must hold what they ask for.
     *
     * @throws FormatException if it does not
     */
    void checkSize() {
        long elements = theirs.values().stream().mapToLong(n -> source.spec(n).shape().size()).sum();
        double width = config.width();
        double needed = width * ((double) config.vocabSize() + config.positions() + config.types()
                + config.layers() * (4 * width + 2.0 * config.hidden()));
        if (needed > elements) {
            throw new FormatException("its configuration describes matrices of " + (long) needed
                    + " elements; the file has " + elements + " in all");
        }
    }

    @Override
    public SortedSet<String> names() {
        return Collections.unmodifiableSortedSet(theirs.navigableKeySet());
    }

    @Override
    public TensorSpec spec(String name) {
        return source.spec(require(theirs, name));
    }

    @Override
    public Tensor tensor(String name) {
        return source.tensor(require(theirs, name));
    }

    /** As in {@link TensorSource#stored}; matrices of files that keep them otherwise are laid out so here. */
    @Override
    public Tensor stored(String name) {
        Tensor t = source.stored(require(theirs, name));
        return t.rank() != 2 || t.storage() instanceof WeightStorage || !t.dtype().isFloating() ? t
                : WeightStorage.encode(t.to(DType.F32), WeightType.F32);
    }

    @Override
    public void close() {
        source.close();
    }
}
