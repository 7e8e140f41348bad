package dev.ricci.models.decoder;

import dev.ricci.nn.Activation;
import dev.ricci.tensor.TensorException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The shape of a decoder-only transformer. {@link #gpt2} and {@link #llama} give the two usual families; every field can
 * be changed with a {@code with} method.
 *
 * @param vocabSize number of ids
 * @param contextLength the longest sequence
 * @param layers number of blocks
 * @param heads number of query heads
 * @param kvHeads number of key-value heads; {@code heads} is a multiple of it
 * @param width of the residual stream, a multiple of {@code heads}
 * @param hidden width inside the feed-forward part
 * @param norm which norm
 * @param normEps added to the variance or mean square
 * @param position how positions enter
 * @param ropeTheta base of the rotary frequencies; used only with rotary positions
 * @param activation of the feed-forward part
 * @param gated whether the feed-forward part is down(act(gate(x)) * up(x)) (Shazeer 2020), else down(act(up(x)))
 * @param bias whether projections, and layer norms, have a bias
 * @param tiedHead whether the head is the embedding's weight (Press and Wolf 2017)
 * @param dropout probability on embeddings and on what each part adds to the residual stream, while training
 * @param slidingWindow keys that a query sees, itself included; 0 for all
 */
public record DecoderConfig(int vocabSize, int contextLength, int layers, int heads, int kvHeads, int width, int hidden,
        Norm norm, double normEps, Position position, double ropeTheta, Activation activation, boolean gated,
        boolean bias, boolean tiedHead, double dropout, int slidingWindow) {
    /** No model has nearly as many; without a bound a mistyped number would fill the memory layer by layer. */
    private static final int MAX_LAYERS = 10_000;

    /** The norm before each part and at the end. */
    public enum Norm {
        /** Layer norm. */
        LAYER,
        /** RMS norm. */
        RMS
    }

    /** How positions enter. */
    public enum Position {
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
    public DecoderConfig {
        positive("vocabSize", vocabSize);
        positive("contextLength", contextLength);
        positive("layers", layers);
        if (layers > MAX_LAYERS) {
            throw new TensorException("decoder: layers must not exceed " + MAX_LAYERS + ", got " + layers);
        }
        positive("heads", heads);
        positive("kvHeads", kvHeads);
        positive("width", width);
        positive("hidden", hidden);
        if (heads % kvHeads != 0) {
            throw new TensorException("decoder: heads = " + heads + " must be a multiple of kvHeads = " + kvHeads);
        }
        if (width % heads != 0) {
            throw new TensorException("decoder: width = " + width + " must be a multiple of heads = " + heads);
        }
        boolean rotary = position == Position.ROTARY_INTERLEAVED || position == Position.ROTARY_HALF;
        if (rotary && width / heads % 2 != 0) {
            throw new TensorException("decoder: rotary positions need an even width per head, got " + width + " / "
                    + heads + " = " + width / heads);
        }
        if (!(normEps >= 0) || rotary && !(ropeTheta > 0)) {
            throw new TensorException("decoder: normEps must not be negative and ropeTheta must be positive, got "
                    + normEps + " and " + ropeTheta);
        }
        if (!(dropout >= 0 && dropout < 1)) {
            throw new TensorException("decoder: dropout must lie in [0, 1), got " + dropout);
        }
        if (slidingWindow < 0) {
            throw new TensorException("decoder: slidingWindow must not be negative (0 for none), got " + slidingWindow);
        }
    }

    private static void positive(String name, int value) {
        if (value <= 0) {
            throw new TensorException("decoder: " + name + " must be positive, got " + value);
        }
    }

    /** GPT-2's family: layer norm, learned positions, GELU (tanh) of 4 times the width, biases, tied head. */
    public static DecoderConfig gpt2(int vocabSize, int contextLength, int layers, int heads, int width) {
        return new DecoderConfig(vocabSize, contextLength, layers, heads, heads, width, 4 * width, Norm.LAYER, 1e-5,
                Position.LEARNED, 0, Activation.GELU_TANH, false, true, true, 0, 0);
    }

    /** Llama's family: RMS norm, rotary positions in halves, gated SiLU, no biases, a head of its own. */
    public static DecoderConfig llama(int vocabSize, int contextLength, int layers, int heads, int kvHeads, int width,
            int hidden) {
        return new DecoderConfig(vocabSize, contextLength, layers, heads, kvHeads, width, hidden, Norm.RMS, 1e-5,
                Position.ROTARY_HALF, 10000, Activation.SILU, true, false, false, 0, 0);
    }

    /** Width of one head. */
    public int headWidth() {
        return width / heads;
    }

    /** The same with another dropout. */
    public DecoderConfig withDropout(double p) {
        return new DecoderConfig(vocabSize, contextLength, layers, heads, kvHeads, width, hidden, norm, normEps,
                position, ropeTheta, activation, gated, bias, tiedHead, p, slidingWindow);
    }

    /** The same with or without biases. */
    public DecoderConfig withBias(boolean has) {
        return new DecoderConfig(vocabSize, contextLength, layers, heads, kvHeads, width, hidden, norm, normEps,
                position, ropeTheta, activation, gated, has, tiedHead, dropout, slidingWindow);
    }

    /** The same with another activation. */
    public DecoderConfig withActivation(Activation other) {
        return new DecoderConfig(vocabSize, contextLength, layers, heads, kvHeads, width, hidden, norm, normEps,
                position, ropeTheta, other, gated, bias, tiedHead, dropout, slidingWindow);
    }

    /** The same with other positions. */
    public DecoderConfig withPosition(Position other, double theta) {
        return new DecoderConfig(vocabSize, contextLength, layers, heads, kvHeads, width, hidden, norm, normEps, other,
                theta, activation, gated, bias, tiedHead, dropout, slidingWindow);
    }

    /** The same with a tied head or one of its own. */
    public DecoderConfig withTiedHead(boolean tied) {
        return new DecoderConfig(vocabSize, contextLength, layers, heads, kvHeads, width, hidden, norm, normEps,
                position, ropeTheta, activation, gated, bias, tied, dropout, slidingWindow);
    }

    /** The same with a sliding window. */
    public DecoderConfig withSlidingWindow(int window) {
        return new DecoderConfig(vocabSize, contextLength, layers, heads, kvHeads, width, hidden, norm, normEps,
                position, ropeTheta, activation, gated, bias, tiedHead, dropout, window);
    }

    /** The fields by name, as JSON values: what checkpoints keep. */
    public Map<String, Object> toMap() {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("vocab_size", (long) vocabSize);
        m.put("context_length", (long) contextLength);
        m.put("layers", (long) layers);
        m.put("heads", (long) heads);
        m.put("kv_heads", (long) kvHeads);
        m.put("width", (long) width);
        m.put("hidden", (long) hidden);
        m.put("norm", norm.name().toLowerCase(Locale.ROOT));
        m.put("norm_eps", normEps);
        m.put("position", position.name().toLowerCase(Locale.ROOT));
        m.put("rope_theta", ropeTheta);
        m.put("activation", activation.name().toLowerCase(Locale.ROOT));
        m.put("gated", gated);
        m.put("bias", bias);
        m.put("tied_head", tiedHead);
        m.put("dropout", dropout);
        m.put("sliding_window", (long) slidingWindow);
        return m;
    }

    /**
     * The configuration that {@link #toMap} gave.
     *
     * @throws TensorException if a field is missing, unknown or of the wrong kind
     */
    public static DecoderConfig fromMap(Map<String, ?> m) {
        Set<String> known = gpt2(1, 1, 1, 1, 1).toMap().keySet();
        if (!known.equals(m.keySet())) {
            throw new TensorException("decoder config: fields must be exactly " + known + ", got " + m.keySet());
        }
        return new DecoderConfig(integer(m, "vocab_size"), integer(m, "context_length"), integer(m, "layers"),
                integer(m, "heads"), integer(m, "kv_heads"), integer(m, "width"), integer(m, "hidden"),
                choice(m, "norm", Norm.class), number(m, "norm_eps"), choice(m, "position", Position.class),
                number(m, "rope_theta"), choice(m, "activation", Activation.class), truth(m, "gated"),
                truth(m, "bias"), truth(m, "tied_head"), number(m, "dropout"), integer(m, "sliding_window"));
    }

    private static int integer(Map<String, ?> m, String key) {
        if (m.get(key) instanceof Long v && v == v.intValue()) {
            return v.intValue();
        }
        throw wrong(m, key, "a whole number");
    }

    private static double number(Map<String, ?> m, String key) {
        if (m.get(key) instanceof Number v) {
            return v.doubleValue();
        }
        throw wrong(m, key, "a number");
    }

    private static boolean truth(Map<String, ?> m, String key) {
        if (m.get(key) instanceof Boolean v) {
            return v;
        }
        throw wrong(m, key, "true or false");
    }

    private static <E extends Enum<E>> E choice(Map<String, ?> m, String key, Class<E> type) {
        for (E e : type.getEnumConstants()) {
            if (m.get(key) instanceof String s && e.name().equalsIgnoreCase(s)) {
                return e;
            }
        }
        throw wrong(m, key, "one of " + Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT));
    }

    private static TensorException wrong(Map<String, ?> m, String key, String expected) {
        return new TensorException("decoder config: '" + key + "' must be " + expected + ", got " + m.get(key));
    }
}
