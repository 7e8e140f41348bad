package dev.ricci.models.decoder;

import dev.ricci.nn.Activation;
import dev.ricci.nn.RopeScaling;
import dev.ricci.tensor.TensorException;
import java.util.Map;
import java.util.Optional;

/**
 * The shape of a decoder-only transformer. {@link #gpt2} and {@link #llama} give the two usual families; {@code with}
 * methods change them.
 *
 * @param vocabSize number of ids
 * @param contextLength the longest sequence
 * @param layers number of blocks
 * @param width of the residual stream
 * @param attention heads, and what they see
 * @param mlp the feed-forward part
 * @param norm before each part and at the end
 * @param positions how positions enter
 * @param tiedHead whether the head is the embedding's weight (Press and Wolf 2017)
 * @param embeddingScale what embeddings are multiplied by, usually 1
 * @param logitCap if not 0, logits z become cap * tanh(z / cap) (Gemma Team 2024, section 2)
 * @param dropout probability on embeddings and on what each part adds to the residual stream, while training
 * @param diffusion if it is a masked diffusion model, how masked ids are predicted; else the next id is
 */
public record DecoderConfig(int vocabSize, int contextLength, int layers, int width, Attention attention, Mlp mlp,
        Norm norm, Positions positions, boolean tiedHead, double embeddingScale, double logitCap, double dropout,
        Optional<Diffusion> diffusion) {
    /** No model has nearly as many; without a bound a mistyped number would fill the memory layer by layer. */
    private static final int MAX_LAYERS = 10_000;

    /**
     * The attention part.
     *
     * @param heads number of query heads
     * @param kvHeads number of key-value heads; {@code heads} is a multiple of it
     * @param headWidth width of one head; heads together may be wider or narrower than the residual stream
     * @param qkvBias whether the projections to queries, keys and values have a bias
     * @param outBias whether the projection of the result has one
     * @param qkNorm whether queries and keys are normed
     * @param scale of the scores; 0 for 1 / sqrt(headWidth)
     * @param scoreCap if not 0, scaled scores s become cap * tanh(s / cap)
     * @param window which layers see only the last tokens
     * @param causal whether a token sees only those before it; else it sees all, or blocks as {@link Diffusion} says
     */
    public record Attention(int heads, int kvHeads, int headWidth, boolean qkvBias, boolean outBias, QkNorm qkNorm,
            double scale, double scoreCap, Window window, boolean causal) {
        /** Checks every field. */
        public Attention {
            positive("heads", heads);
            positive("kvHeads", kvHeads);
            positive("headWidth", headWidth);
            if (heads % kvHeads != 0) {
                throw new TensorException("decoder: heads = " + heads + " must be a multiple of kvHeads = " + kvHeads);
            }
            if ((long) heads * headWidth > Integer.MAX_VALUE) {
                throw new TensorException("decoder: " + heads + " heads of width " + headWidth + " are too wide together");
            }
            notNegative("scale", scale);
            notNegative("scoreCap", scoreCap);
            if (window.size > 0 && !causal) {
                throw new TensorException("decoder: a sliding window needs causal attention");
            }
        }

        /** The usual kind: causal, without biases, norms, cap and window. */
        public static Attention of(int heads, int kvHeads, int headWidth) {
            return new Attention(heads, kvHeads, headWidth, false, false, QkNorm.NONE, 0, 0, Window.NONE, true);
        }

        /** The same with or without biases. */
        public Attention withBias(boolean qkv, boolean out) {
            return new Attention(heads, kvHeads, headWidth, qkv, out, qkNorm, scale, scoreCap, window, causal);
        }

        /** The same with other norms of queries and keys. */
        public Attention withQkNorm(QkNorm other) {
            return new Attention(heads, kvHeads, headWidth, qkvBias, outBias, other, scale, scoreCap, window, causal);
        }

        /** The same with another scale and cap of the scores. */
        public Attention withScores(double otherScale, double cap) {
            return new Attention(heads, kvHeads, headWidth, qkvBias, outBias, qkNorm, otherScale, cap, window, causal);
        }

        /** The same with another window. */
        public Attention withWindow(Window other) {
            return new Attention(heads, kvHeads, headWidth, qkvBias, outBias, qkNorm, scale, scoreCap, other, causal);
        }

        /** The same, causal or not. */
        public Attention withCausal(boolean is) {
            return new Attention(heads, kvHeads, headWidth, qkvBias, outBias, qkNorm, scale, scoreCap, window, is);
        }
    }

    /**
     * Masked diffusion: ids hidden behind a mask are predicted, all at once, from the others that they see.
     *
     * @param maskId the id that stands for a hidden one; it is never predicted
     * @param block 0 if every token sees all (Nie et al. 2025); else tokens are predicted block after block, and see their
     *     block of so many, counted from the first token, and those before (Arriola et al. 2025)
     */
    public record Diffusion(int maskId, int block) {
        /** Checks both fields. */
        public Diffusion {
            notNegative("maskId", maskId);
            notNegative("block", block);
        }
    }

    /** RMS norms of queries and keys before they are turned. */
    public enum QkNorm {
        /** None. */
        NONE,
        /** Each head alone, with one weight for all (Qwen3). */
        HEAD,
        /** All heads together (OLMoE). */
        WHOLE
    }

    /**
     * Which layers see only the last tokens.
     *
     * @param size keys that a query sees there, itself included; 0 if every layer sees all
     * @param from the first layer that may slide
     * @param fullEvery if not 0, each layer i with i + 1 a multiple of it sees all (Gemma-2: 2)
     */
    public record Window(int size, int from, int fullEvery) {
        /** Every layer sees all. */
        public static final Window NONE = new Window(0, 0, 0);

        /** Checks every field. */
        public Window {
            notNegative("window size", size);
            notNegative("window from", from);
            notNegative("window fullEvery", fullEvery);
        }

        /** In every layer. */
        public static Window of(int size) {
            return new Window(size, 0, 0);
        }

        /** The window of a layer, 0 if it sees all. */
        public int at(int layer) {
            return layer < from || fullEvery > 0 && (layer + 1) % fullEvery == 0 ? 0 : size;
        }
    }

    /**
     * The feed-forward part.
     *
     * @param hidden width inside; with experts that of a dense layer, if there is one
     * @param activation in between
     * @param gated whether it is down(act(gate(x)) * up(x)) (Shazeer 2020), else down(act(up(x)))
     * @param bias whether its projections have one
     * @param experts instead of one feed-forward part, if there are
     */
    public record Mlp(int hidden, Activation activation, boolean gated, boolean bias, Optional<Experts> experts) {
        /** Checks every field. */
        public Mlp {
            positive("hidden", hidden);
        }

        /** Without experts. */
        public static Mlp of(int hidden, Activation activation, boolean gated) {
            return new Mlp(hidden, activation, gated, false, Optional.empty());
        }

        /** The same with or without biases. */
        public Mlp withBias(boolean has) {
            return new Mlp(hidden, activation, gated, has, experts);
        }

        /** The same with another activation. */
        public Mlp withActivation(Activation other) {
            return new Mlp(hidden, other, gated, bias, experts);
        }
    }

    /**
     * A mixture of experts (Shazeer et al. 2017). No decoder is built with them yet.
     *
     * @param count number of experts
     * @param perToken experts that each token goes through
     * @param hidden width inside each
     * @param sharedHidden width inside the one that all tokens go through; 0 for none
     * @param normalized whether the weights of a token's experts are scaled to the sum 1
     */
    public record Experts(int count, int perToken, int hidden, int sharedHidden, boolean normalized) {
        /** Checks every field. */
        public Experts {
            positive("experts", count);
            positive("experts per token", perToken);
            positive("hidden width of experts", hidden);
            notNegative("hidden width of the shared expert", sharedHidden);
            if (perToken > count) {
                throw new TensorException("decoder: a token cannot go through " + perToken + " of " + count + " experts");
            }
        }
    }

    /**
     * The norms.
     *
     * @param kind which
     * @param eps added to the variance or mean square
     * @param bias whether layer norms have one
     * @param sandwich whether what a part adds is normed too, before it is added (Gemma-2)
     */
    public record Norm(Kind kind, double eps, boolean bias, boolean sandwich) {
        /** Which norm. */
        public enum Kind {
            /** Layer norm. */
            LAYER,
            /** RMS norm. */
            RMS,
            /** RMS norm that multiplies by 1 + weight (Gemma). */
            RMS_FROM_ONE
        }

        /** Checks every field. */
        public Norm {
            notNegative("normEps", eps);
            if (bias && kind != Kind.LAYER) {
                throw new TensorException("decoder: RMS norms have no bias");
            }
        }

        /** Layer norms with or without a bias. */
        public static Norm layer(double eps, boolean bias) {
            return new Norm(Kind.LAYER, eps, bias, false);
        }

        /** RMS norms. */
        public static Norm rms(double eps) {
            return new Norm(Kind.RMS, eps, false, false);
        }
    }

    /**
     * How positions enter.
     *
     * @param kind how
     * @param theta base of the rotary frequencies; 0 without
     * @param dims how many components of a head are turned, even; 0 without
     * @param scaling of the rotary frequencies
     */
    public record Positions(Kind kind, double theta, int dims, RopeScaling scaling) {
        /** Not at all. */
        public static final Positions NONE = new Positions(Kind.NONE, 0, 0, new RopeScaling.None());
        /** An embedding for each. */
        public static final Positions LEARNED = new Positions(Kind.LEARNED, 0, 0, new RopeScaling.None());

        /** How positions enter. */
        public enum Kind {
            /** An embedding learned for each position, added to the token's. */
            LEARNED,
            /** Rotary, pairs (2i, 2i + 1). */
            ROTARY_INTERLEAVED,
            /** Rotary, pairs (i, i + half). */
            ROTARY_HALF,
            /** Not at all. */
            NONE
        }

        /** Checks every field. */
        public Positions {
            boolean rotary = kind == Kind.ROTARY_INTERLEAVED || kind == Kind.ROTARY_HALF;
            if (rotary && (!(theta > 0) || Double.isInfinite(theta) || dims < 2 || dims % 2 != 0)) {
                throw new TensorException("decoder: rotary positions need a positive theta and an even number of"
                        + " components, got " + theta + " and " + dims);
            }
            if (!rotary && (theta != 0 || dims != 0)) {
                throw new TensorException("decoder: " + kind + " positions have no theta and dims, got " + theta + " and "
                        + dims);
            }
        }

        /** Rotary, in halves, unscaled. */
        public static Positions rotary(double theta, int dims) {
            return new Positions(Kind.ROTARY_HALF, theta, dims, new RopeScaling.None());
        }

        /** Whether they turn queries and keys. */
        public boolean isRotary() {
            return dims > 0;
        }

        /** The same of another kind of pairs. */
        public Positions withKind(Kind other) {
            return new Positions(other, theta, dims, scaling);
        }

        /** The same with scaled frequencies. */
        public Positions withScaling(RopeScaling other) {
            return new Positions(kind, theta, dims, other);
        }
    }

    /** Checks every field. */
    public DecoderConfig {
        positive("vocabSize", vocabSize);
        positive("contextLength", contextLength);
        positive("layers", layers);
        if (layers > MAX_LAYERS) {
            throw new TensorException("decoder: layers must not exceed " + MAX_LAYERS + ", got " + layers);
        }
        positive("width", width);
        if (positions.dims > attention.headWidth) {
            throw new TensorException("decoder: rotary positions turn " + positions.dims + " components, a head has "
                    + attention.headWidth);
        }
        if (!(embeddingScale > 0) || Double.isInfinite(embeddingScale)) {
            throw new TensorException("decoder: embeddingScale must be positive and finite, got " + embeddingScale);
        }
        notNegative("logitCap", logitCap);
        if (!(dropout >= 0 && dropout < 1)) {
            throw new TensorException("decoder: dropout must lie in [0, 1), got " + dropout);
        }
        diffusion.ifPresent(d -> check(d, vocabSize, contextLength, attention.causal));
    }

    private static void check(Diffusion d, int vocabSize, int contextLength, boolean causal) {
        if (d.maskId >= vocabSize) {
            throw new TensorException("decoder: the mask id " + d.maskId + " lies outside the vocabulary 0 .. "
                    + (vocabSize - 1));
        }
        if (d.block > contextLength) {
            throw new TensorException("decoder: a block of " + d.block + " tokens exceeds the context of " + contextLength);
        }
        if (causal) {
            throw new TensorException("decoder: masked diffusion needs attention that is not causal");
        }
    }

    private static void positive(String name, int value) {
        if (value <= 0) {
            throw new TensorException("decoder: " + name + " must be positive, got " + value);
        }
    }

    private static void notNegative(String name, double value) {
        if (!(value >= 0) || Double.isInfinite(value)) {
            throw new TensorException("decoder: " + name + " must not be negative, got " + value);
        }
    }

    /** GPT-2's family: layer norm, learned positions, GELU (tanh) of 4 times the width, biases, tied head. */
    public static DecoderConfig gpt2(int vocabSize, int contextLength, int layers, int heads, int width) {
        return new DecoderConfig(vocabSize, contextLength, layers, width,
                Attention.of(heads, heads, headWidth(width, heads)).withBias(true, true),
                Mlp.of(4 * width, Activation.GELU_TANH, false).withBias(true), Norm.layer(1e-5, true), Positions.LEARNED,
                true, 1, 0, 0, Optional.empty());
    }

    /** Llama's family: RMS norm, rotary positions in halves, gated SiLU, no biases, a head of its own. */
    public static DecoderConfig llama(int vocabSize, int contextLength, int layers, int heads, int kvHeads, int width,
            int hidden) {
        int headWidth = headWidth(width, heads);
        return new DecoderConfig(vocabSize, contextLength, layers, width, Attention.of(heads, kvHeads, headWidth),
                Mlp.of(hidden, Activation.SILU, true), Norm.rms(1e-5), Positions.rotary(10000, headWidth), false, 1, 0, 0,
                Optional.empty());
    }

    private static int headWidth(int width, int heads) {
        if (heads <= 0 || width % heads != 0) {
            throw new TensorException("decoder: width = " + width + " must be a multiple of heads = " + heads);
        }
        return width / heads;
    }

    /** The same with another longest sequence. */
    public DecoderConfig withContextLength(int tokens) {
        return new DecoderConfig(vocabSize, tokens, layers, width, attention, mlp, norm, positions, tiedHead,
                embeddingScale, logitCap, dropout, diffusion);
    }

    /** The same with another attention part. */
    public DecoderConfig with(Attention other) {
        return new DecoderConfig(vocabSize, contextLength, layers, width, other, mlp, norm, positions, tiedHead,
                embeddingScale, logitCap, dropout, diffusion);
    }

    /** The same with another feed-forward part. */
    public DecoderConfig with(Mlp other) {
        return new DecoderConfig(vocabSize, contextLength, layers, width, attention, other, norm, positions, tiedHead,
                embeddingScale, logitCap, dropout, diffusion);
    }

    /** The same with other norms. */
    public DecoderConfig with(Norm other) {
        return new DecoderConfig(vocabSize, contextLength, layers, width, attention, mlp, other, positions, tiedHead,
                embeddingScale, logitCap, dropout, diffusion);
    }

    /** The same with other positions. */
    public DecoderConfig with(Positions other) {
        return new DecoderConfig(vocabSize, contextLength, layers, width, attention, mlp, norm, other, tiedHead,
                embeddingScale, logitCap, dropout, diffusion);
    }

    /** The same as a masked diffusion model, whose attention is not causal. */
    public DecoderConfig with(Diffusion masked) {
        return new DecoderConfig(vocabSize, contextLength, layers, width, attention.withCausal(false), mlp, norm, positions,
                tiedHead, embeddingScale, logitCap, dropout, Optional.of(masked));
    }

    /** The same with or without biases in projections and layer norms. */
    public DecoderConfig withBias(boolean has) {
        return with(attention.withBias(has, has)).with(mlp.withBias(has))
                .with(new Norm(norm.kind, norm.eps, has && norm.kind == Norm.Kind.LAYER, norm.sandwich));
    }

    /** The same with a tied head or one of its own. */
    public DecoderConfig withTiedHead(boolean tied) {
        return new DecoderConfig(vocabSize, contextLength, layers, width, attention, mlp, norm, positions, tied,
                embeddingScale, logitCap, dropout, diffusion);
    }

    /** The same with embeddings multiplied by a number, and a cap of the logits or 0. */
    public DecoderConfig withScales(double embedding, double cap) {
        return new DecoderConfig(vocabSize, contextLength, layers, width, attention, mlp, norm, positions, tiedHead,
                embedding, cap, dropout, diffusion);
    }

    /** The same with another dropout. */
    public DecoderConfig withDropout(double p) {
        return new DecoderConfig(vocabSize, contextLength, layers, width, attention, mlp, norm, positions, tiedHead,
                embeddingScale, logitCap, p, diffusion);
    }

    /** The fields by name, as JSON values: what checkpoints keep. */
    public Map<String, Object> toMap() {
        return RecordMap.of(this);
    }

    /**
     * The configuration that {@link #toMap} gave.
     *
     * @throws TensorException if a field is missing, unknown or of the wrong kind
     */
    public static DecoderConfig fromMap(Map<String, ?> m) {
        return RecordMap.read(m, DecoderConfig.class, "decoder config");
    }
}
