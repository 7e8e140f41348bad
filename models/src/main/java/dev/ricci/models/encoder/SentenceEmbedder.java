package dev.ricci.models.encoder;

import dev.ricci.models.GgufVocabulary;
import dev.ricci.models.tokenizer.EncoderInput;
import dev.ricci.models.tokenizer.PipelineTokenizer;
import dev.ricci.models.tokenizer.TokenizerJson;
import dev.ricci.models.weights.WeightFolder;
import dev.ricci.models.weights.gguf.GgufFile;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.Workspace;
import dev.ricci.tensor.io.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Embeddings of texts (Reimers and Gurevych 2019): the hidden states of an {@link Encoder}, pooled into one vector and
 * normalised. Texts of like meaning have vectors of like direction.
 *
 * <p>A text's vector has the same bits alone and in any batch, for any number of threads. Thread-safe.
 */
public final class SentenceEmbedder {
    /** So many tokens are computed at once, or one text: more would only fill the caches. */
    private static final int TOKENS_AT_ONCE = 2048;
    private static final double SMALLEST_NORM = 1e-12;

    private final Encoder encoder;
    private final PipelineTokenizer tokenizer;
    private final Options options;
    /** The file that the tokenizer was read from, for saving; or null. */
    private final String tokenizerJson;

    /**
     * What becomes of hidden states.
     *
     * @param pooling how they become one vector
     * @param normalize whether that is divided by its length, so that a dot product is the cosine
     * @param maxTokens texts are cut to so many tokens, the special ones included
     */
    public record Options(Pooling pooling, boolean normalize, int maxTokens) {
        /** Checks the number. */
        public Options {
            if (maxTokens < 1) {
                throw new TensorException("sentence embedder: maxTokens must be positive, got " + maxTokens);
            }
        }

        /** The mean, normalised, of as many tokens as the model takes. */
        public static Options of() {
            return new Options(Pooling.MEAN, true, Integer.MAX_VALUE);
        }

        /** The same with another length. */
        public Options withMaxTokens(int n) {
            return new Options(pooling, normalize, n);
        }
    }

    /**
     * An embedder of these parts.
     *
     * @param tokenizer whose ids the encoder knows
     * @param options the most tokens are those of the encoder at most
     * @throws TensorException if the tokenizer has more ids than the encoder
     */
    public SentenceEmbedder(Encoder encoder, PipelineTokenizer tokenizer, Options options) {
        this(encoder, tokenizer, options, null);
    }

    private SentenceEmbedder(Encoder encoder, PipelineTokenizer tokenizer, Options options, String tokenizerJson) {
        if (tokenizer.vocabSize() > encoder.config().vocabSize()) {
            throw new TensorException("sentence embedder: the tokenizer has " + tokenizer.vocabSize()
                    + " ids, the encoder knows " + encoder.config().vocabSize() + "; they do not belong together");
        }
        this.encoder = encoder;
        this.tokenizer = tokenizer;
        this.options = options.withMaxTokens(Math.min(options.maxTokens, encoder.config().maxTokens()));
        this.tokenizerJson = tokenizerJson;
    }

    /**
     * A published model, its matrices as they are stored (see {@link Encoder#loadAsStored}).
     *
     * @param path a folder with {@code config.json}, {@code model.safetensors} and {@code tokenizer.json}, where the files
     *     of sentence-transformers say how to pool, if they are there: else the mean is taken and normalised; a file
     *     {@code NAME.onnx} (see {@link Encoder#load}) with {@code tokenizer.json} or {@code NAME-tokenizer.json} beside
     *     it, where the same files may lie; or a {@code .gguf} file, which says all of it
     * @throws FormatException if it is malformed, or something in it is not supported
     * @throws IOException if it cannot be read
     */
    public static SentenceEmbedder load(Path path) throws IOException {
        try {
            return path.toString().endsWith(".gguf") ? ofGguf(path) : ofFiles(path);
        } catch (FormatException e) {
            throw e;
        } catch (TensorException e) {
            throw new FormatException(path + ": " + e.getMessage(), e);
        }
    }

    private static SentenceEmbedder ofFiles(Path path) throws IOException {
        boolean folder = Files.isDirectory(path);
        SentenceModules.Found found = SentenceModules.read(folder ? path : path.toAbsolutePath().getParent());
        Path tokenizer = folder ? found.encoder().resolve(TokenizerJson.FILE) : besides(path);
        return new SentenceEmbedder(Encoder.loadAsStored(folder ? found.encoder() : path), TokenizerJson.load(tokenizer),
                found.options(), Files.readString(tokenizer));
    }

    private static SentenceEmbedder ofGguf(Path path) throws IOException {
        try (GgufFile file = GgufFile.open(path)) {
            return new SentenceEmbedder(Encoder.loadAsStored(path),
                    new GgufVocabulary(file.metadata(), path.toString()).tokenizer(),
                    new Options(GgufShape.pooling(file, path.toString()), true, Integer.MAX_VALUE));
        }
    }

    private static Path besides(Path file) {
        String name = file.getFileName().toString();
        Path own = file.resolveSibling(name.substring(0, Math.max(0, name.lastIndexOf('.'))) + "-" + TokenizerJson.FILE);
        return Files.exists(own) ? own : file.resolveSibling(TokenizerJson.FILE);
    }

    /**
     * Writes a folder that {@link #load} and the library sentence-transformers read.
     *
     * @throws TensorException if the tokenizer was not read with {@link #load}, hence its file is not known
     * @throws IOException if it cannot be written
     */
    public void save(Path folder) throws IOException {
        if (tokenizerJson == null) {
            throw new TensorException("save: the tokenizer's file is not known; save the encoder with WeightFolder and copy "
                    + TokenizerJson.FILE);
        }
        WeightFolder.save(folder, encoder.stateDict(), encoder.configJson());
        AtomicFiles.writeString(folder.resolve(TokenizerJson.FILE), tokenizerJson);
        SentenceModules.write(folder, width(), options);
    }

    /** The encoder. */
    public Encoder encoder() {
        return encoder;
    }

    /** The tokenizer. */
    public PipelineTokenizer tokenizer() {
        return tokenizer;
    }

    /** What becomes of hidden states. */
    public Options options() {
        return options;
    }

    /** D, the number of elements of an embedding. */
    public int width() {
        return encoder.config().width();
    }

    /**
     * The embedding of a text.
     *
     * @return [D]
     * @throws TensorException if the text has a lone surrogate
     */
    public float[] embed(String text) {
        return embed(List.of(text))[0];
    }

    /**
     * The embeddings of texts of any lengths.
     *
     * @return a row [D] for each
     * @throws TensorException if a text has a lone surrogate
     */
    public float[][] embed(List<String> texts) {
        List<EncoderInput> inputs = texts.stream().map(t -> tokenizer.encoderInput(t, options.maxTokens)).toList();
        int[] byLength = IntStream.range(0, inputs.size()).boxed()
                .sorted(Comparator.comparingInt(i -> inputs.get(i).ids().length)).mapToInt(i -> i).toArray();
        float[][] rows = new float[texts.size()][];
        for (int from = 0; from < byLength.length;) {
            List<Integer> chunk = new ArrayList<>();
            int tokens = 0;
            while (from < byLength.length && (chunk.isEmpty()
                    || tokens + inputs.get(byLength[from]).ids().length <= TOKENS_AT_ONCE)) {
                tokens += inputs.get(byLength[from]).ids().length;
                chunk.add(byLength[from++]);
            }
            TokenBatch batch = TokenBatch.of(chunk.stream().map(i -> inputs.get(i).ids()).toList(),
                    chunk.stream().map(i -> inputs.get(i).types()).toList());
            float[] all = Workspace.discarding(() -> embed(batch).toFloatArray());
            for (int i = 0; i < chunk.size(); i++) {
                rows[chunk.get(i)] = Arrays.copyOfRange(all, i * width(), (i + 1) * width());
            }
        }
        return rows;
    }

    /**
     * The embeddings of tokens, as a tensor that gradients flow through.
     *
     * @return [B, D]
     * @throws ShapeException if a sequence is longer than the model's maximum
     */
    public Tensor embed(TokenBatch batch) {
        Tensor pooled = encoder.pool(encoder.forward(batch), batch, options.pooling);
        return options.normalize ? pooled.div(pooled.sumSquaresKeepDims(1).sqrt().maximum(SMALLEST_NORM)) : pooled;
    }

    /** Tokens of a text as the encoder reads it, the special ones included, after cutting. */
    public int tokens(String text) {
        return tokenizer.encoderInput(text, options.maxTokens).ids().length;
    }

    /**
     * The cosine of the angle between two vectors: 1 for the same direction, 0 if one is all zeros.
     *
     * @throws ShapeException if their lengths differ
     */
    public static double cosine(float[] a, float[] b) {
        if (a.length != b.length) {
            throw new ShapeException("cosine: vectors must be of one length, got " + a.length + " and " + b.length);
        }
        double dot = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            dot += (double) a[i] * b[i];
            aa += (double) a[i] * a[i];
            bb += (double) b[i] * b[i];
        }
        return aa == 0 || bb == 0 ? 0 : dot / Math.sqrt(aa * bb);
    }
}
