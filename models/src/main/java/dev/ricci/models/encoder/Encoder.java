package dev.ricci.models.encoder;

import dev.ricci.models.encoder.TokenBatch.Block;
import dev.ricci.nn.Dropout;
import dev.ricci.nn.Embedding;
import dev.ricci.nn.Layer;
import dev.ricci.nn.LayerNorm;
import dev.ricci.nn.Linear;
import dev.ricci.nn.init.Initializer;
import dev.ricci.nn.init.Initializers;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.Workspace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * An encoder of BERT's family (Devlin et al. 2019): tokens to hidden states, each of which depends on the whole sequence.
 * Parameters are named as Hugging Face's BERT names them: {@code embeddings.word_embeddings.weight},
 * {@code encoder.layer.0.attention.self.query.weight}, ..., {@code pooler.dense.weight}.
 *
 * <p>Sequences of a {@link TokenBatch} are not padded, and a sequence's hidden states have the same bits whatever else is
 * in the batch.
 */
public final class Encoder extends Layer {
    private static final double WEIGHT_STD = 0.02;

    private final EncoderConfig config;
    private final Embeddings embeddings;
    private final Stack encoder;
    private final Pooler pooler;

    /** A model with fresh weights: normal with standard deviation 0.02, as BERT's; biases as {@link Linear} has them. */
    public Encoder(EncoderConfig config, Rng rng) {
        this(config, Initializers.normal(WEIGHT_STD), rng);
    }

    private Encoder(EncoderConfig config, Initializer weights, Rng rng) {
        this.config = config;
        embeddings = child("embeddings", new Embeddings(config, weights, rng.split("embeddings")));
        encoder = child("encoder", new Stack(config, weights, rng.split("encoder")));
        pooler = config.pooler() ? child("pooler", new Pooler(config, weights, rng.split("pooler"))) : null;
    }

    /**
     * A published model.
     *
     * @param path a folder with {@code config.json} and {@code model.safetensors} or its shards; a {@code .onnx} file
     *     exported from PyTorch, of which the graph tells the shape if no {@code config.json} lies beside it; or a
     *     {@code .gguf} file of the architecture {@code bert}
     * @throws FormatException if it is malformed, or asks for something that changes the mathematics and is not here; names
     *     that are missing, unexpected or of another shape are all in one report
     * @throws IOException if it cannot be read
     */
    public static Encoder load(Path path) throws IOException {
        return load(path, false);
    }

    /**
     * As {@link #load}, for a model that is to be used and not trained: matrices stay in the type of the file, laid out once
     * as products read them, and are frozen.
     */
    public static Encoder loadAsStored(Path path) throws IOException {
        return load(path, true);
    }

    private static Encoder load(Path path, boolean asStored) throws IOException {
        try (EncoderWeights weights = EncoderWeights.open(path)) {
            weights.checkSize();
            // The weights are overwritten at once: nothing is drawn for them.
            Encoder model = new Encoder(weights.config(), Initializers.zeros(), Rng.of(0));
            if (asStored) {
                model.loadAsStored(weights);
            } else {
                model.load(weights);
            }
            return model;
        } catch (FormatException e) {
            throw e;
        } catch (TensorException e) {
            throw new FormatException("encoder " + path + ": " + e.getMessage(), e);
        }
    }

    /** What a folder's {@code config.json} says of this model. */
    public Map<String, Object> configJson() {
        return EncoderConfigJson.write(config);
    }

    /** Its shape. */
    public EncoderConfig config() {
        return config;
    }

    /**
     * The hidden states behind the last block.
     *
     * @return [N, C] in the batch's own order, of which {@link TokenBatch#sequence} and {@link #pool} know the way back
     * @throws ShapeException if a sequence is longer than the model's maximum
     */
    public Tensor forward(TokenBatch batch) {
        if (batch.longest() > config.maxTokens()) {
            throw new ShapeException("encoder: a sequence of " + batch.longest() + " tokens exceeds the maximum of "
                    + config.maxTokens() + "; cut it");
        }
        return encoder.forward(embeddings.forward(batch), batch);
    }

    /**
     * One vector for each sequence.
     *
     * @param hidden [N, C] of {@link #forward}
     * @return [B, C], in the order in which the sequences were given
     */
    public Tensor pool(Tensor hidden, TokenBatch batch, Pooling pooling) {
        List<Tensor> parts = new ArrayList<>();
        for (Block b : batch.blocks()) {
            Tensor x = hidden.slice(0, b.from(), b.from() + b.tokens()).reshape(b.count(), b.length(), config.width());
            parts.add(switch (pooling) {
                case MEAN -> x.mean(1);
                case CLS -> x.select(1, 0);
            });
        }
        return batch.inGivenOrder(Tensor.cat(0, parts));
    }

    /**
     * What BERT's pooler makes of the first token: tanh(W h + b), for heads of classifiers.
     *
     * @param hidden [N, C] of {@link #forward}
     * @return [B, C], in the order in which the sequences were given
     * @throws TensorException if the model has no pooler
     */
    public Tensor pooled(Tensor hidden, TokenBatch batch) {
        if (pooler == null) {
            throw new TensorException("encoder: this model has no pooler; pool(hidden, batch, Pooling.CLS) gives the first"
                    + " token's hidden states");
        }
        return pooler.dense.forward(pool(hidden, batch, Pooling.CLS)).tanh();
    }

    private static final class Embeddings extends Layer {
        private final Embedding words;
        private final Embedding positions;
        private final Embedding types;
        private final LayerNorm norm;
        private final Dropout dropout;
        private final int firstPosition;

        Embeddings(EncoderConfig c, Initializer weights, Rng rng) {
            words = child("word_embeddings", new Embedding(c.vocabSize(), c.width(), weights, rng.split("words")));
            positions = child("position_embeddings",
                    new Embedding(c.positions(), c.width(), weights, rng.split("positions")));
            types = child("token_type_embeddings", new Embedding(c.types(), c.width(), weights, rng.split("types")));
            norm = child("LayerNorm", new LayerNorm(c.width(), c.normEps(), true));
            dropout = new Dropout(c.dropout());
            firstPosition = c.firstPosition();
        }

        Tensor forward(TokenBatch batch) {
            Tensor x = words.forward(batch.ids()).add(types.forward(batch.types()))
                    .add(positions.forward(batch.positions(firstPosition)));
            return dropout.forward(norm.forward(x));
        }
    }

    private static final class Stack extends Layer {
        private final Blocks layer;

        Stack(EncoderConfig c, Initializer weights, Rng rng) {
            layer = child("layer", new Blocks(c, weights, rng));
        }

        Tensor forward(Tensor x, TokenBatch batch) {
            List<UnaryOperator<Tensor>> parts = new ArrayList<>();
            for (EncoderBlock block : layer.blocks) {
                parts.add(y -> block.attend(y, batch));
                parts.add(block::feedForward);
            }
            return Workspace.chain(x, parts);
        }
    }

    private static final class Blocks extends Layer {
        private final List<EncoderBlock> blocks = new ArrayList<>();

        Blocks(EncoderConfig c, Initializer weights, Rng rng) {
            for (int i = 0; i < c.layers(); i++) {
                blocks.add(child(Integer.toString(i), new EncoderBlock(c, weights, rng.split(i))));
            }
        }
    }

    private static final class Pooler extends Layer {
        private final Linear dense;

        Pooler(EncoderConfig c, Initializer weights, Rng rng) {
            dense = child("dense", new Linear(c.width(), c.width(), true, weights, rng.split("dense")));
        }
    }
}
