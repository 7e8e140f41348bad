package dev.ricci.models.encoder;

import dev.ricci.nn.Activation;
import dev.ricci.tensor.TensorException;

/**
 * The shape of an encoder of BERT's family (Devlin et al. 2019): post-norm blocks, learned positions, biases everywhere.
 * {@link EncoderConfigJson} reads and writes it as {@code config.json}.
 *
 * @param vocabSize number of ids
 * @param positions rows of the table of positions
 * @param firstPosition row of a sequence's first token: 0 for BERT, 2 for RoBERTa, whose first rows are unused
 * @param types number of segment types
 * @param layers number of blocks
 * @param heads number of attention heads
 * @param width of the hidden states, a multiple of {@code heads}
 * @param hidden width inside the feed-forward part
 * @param activation of the feed-forward part
 * @param normEps added to the variance
 * @param dropout probability on embeddings and on what each part adds to the hidden states, while training
 * @param pooler whether there is a dense layer with tanh behind the first token's hidden state
 */
public record EncoderConfig(int vocabSize, int positions, int firstPosition, int types, int layers, int heads, int width,
        int hidden, Activation activation, double normEps, double dropout, boolean pooler) {
    /** No model has nearly as many; without a bound a mistyped number would fill the memory layer by layer. */
    private static final int MAX_LAYERS = 10_000;

    /** Checks every field. */
    public EncoderConfig {
        positive("vocabSize", vocabSize);
        positive("positions", positions);
        positive("types", types);
        positive("layers", layers);
        positive("heads", heads);
        positive("width", width);
        positive("hidden", hidden);
        if (layers > MAX_LAYERS) {
            throw new TensorException("encoder: layers must not exceed " + MAX_LAYERS + ", got " + layers);
        }
        if (firstPosition < 0 || firstPosition >= positions) {
            throw new TensorException("encoder: firstPosition must lie in 0 .. " + (positions - 1) + ", got "
                    + firstPosition);
        }
        if (width % heads != 0) {
            throw new TensorException("encoder: width = " + width + " must be a multiple of heads = " + heads);
        }
        if (!(normEps > 0) || !(dropout >= 0 && dropout < 1)) {
            throw new TensorException("encoder: normEps must be positive and dropout must lie in [0, 1), got " + normEps
                    + " and " + dropout);
        }
    }

    private static void positive(String name, int value) {
        if (value <= 0) {
            throw new TensorException("encoder: " + name + " must be positive, got " + value);
        }
    }

    /** BERT's family: two types, 512 positions, GELU of 4 times the width, eps 1e-12, a pooler. */
    public static EncoderConfig bert(int vocabSize, int layers, int heads, int width) {
        return new EncoderConfig(vocabSize, 512, 0, 2, layers, heads, width, 4 * width, Activation.GELU, 1e-12, 0, true);
    }

    /** The longest sequence. */
    public int maxTokens() {
        return positions - firstPosition;
    }

    /** The same with another dropout. */
    public EncoderConfig withDropout(double p) {
        return new EncoderConfig(vocabSize, positions, firstPosition, types, layers, heads, width, hidden, activation,
                normEps, p, pooler);
    }

    /** The same with or without a pooler. */
    public EncoderConfig withPooler(boolean has) {
        return new EncoderConfig(vocabSize, positions, firstPosition, types, layers, heads, width, hidden, activation,
                normEps, dropout, has);
    }
}
