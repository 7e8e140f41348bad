package dev.ricci.nn;

import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;

/**
 * Self-attention with several heads (Vaswani et al. 2017, section 3.2.2), [B, T, C] to [B, T, C]. H query heads share G
 * key-value heads (Ainslie et al. 2023): G = H is the usual kind, G = 1 multi-query. Positions come in by a rotary
 * embedding, if there is one. Scores are scaled by 1 / sqrt(D), D the width of a head, unless configured otherwise.
 *
 * <p>Children {@code q_proj} [H D, C], {@code k_proj} and {@code v_proj} [G D, C], {@code o_proj} [C, H D]; with norms of
 * queries and keys {@code q_norm} and {@code k_norm}.
 */
public final class MultiHeadAttention extends Layer {
    /**
     * What it is made of.
     *
     * @param width C
     * @param heads H, a multiple of kvHeads
     * @param kvHeads G
     * @param headDim D
     * @param qkvBias whether the projections to queries, keys and values have one
     * @param outBias whether the projection of the result has one
     * @param rotary turns queries and keys by their positions, or null
     * @param qkNorm the RMS norm of queries and keys, before they are turned, or null
     * @param scale of the scores; 0 for 1 / sqrt(D)
     * @param scoreCap if not 0, scaled scores s become cap * tanh(s / cap) (Gemma Team 2024, section 2)
     */
    public record Config(int width, int heads, int kvHeads, int headDim, boolean qkvBias, boolean outBias,
            RotaryEmbedding rotary, QkNorm qkNorm, double scale, double scoreCap) {
        /** Checks the sizes. */
        public Config {
            if (!(scale >= 0 && scoreCap >= 0) || Double.isInfinite(scale) || Double.isInfinite(scoreCap)) {
                throw new TensorException("attention: scale and scoreCap must be 0 or positive and finite, got " + scale
                        + " and " + scoreCap);
            }
            Check.positive("attention", "width", width);
            Check.multiple("attention", "heads", heads, "kvHeads", kvHeads);
            Check.positive("attention", "headDim", headDim);
            if (rotary != null && rotary.config().dims() > headDim) {
                throw new ShapeException("attention: the rotary embedding turns " + rotary.config().dims()
                        + " components, a head has " + headDim);
            }
        }

        /** D = C / H, G = H, biases, no rotary embedding: GPT-2's. */
        public static Config of(int width, int heads) {
            Check.multiple("attention", "width", width, "heads", heads);
            return new Config(width, heads, heads, width / heads, true, true, null, null, 0, 0);
        }

        /** With grouped queries. */
        public Config withKvHeads(int kvHeads) {
            return new Config(width, heads, kvHeads, headDim, qkvBias, outBias, rotary, qkNorm, scale, scoreCap);
        }

        /** With heads of another width. */
        public Config withHeadDim(int headDim) {
            return new Config(width, heads, kvHeads, headDim, qkvBias, outBias, rotary, qkNorm, scale, scoreCap);
        }

        /** With or without biases. */
        public Config withBias(boolean qkv, boolean out) {
            return new Config(width, heads, kvHeads, headDim, qkv, out, rotary, qkNorm, scale, scoreCap);
        }

        /** With a rotary embedding. */
        public Config withRotary(RotaryEmbedding rotary) {
            return new Config(width, heads, kvHeads, headDim, qkvBias, outBias, rotary, qkNorm, scale, scoreCap);
        }

        /** With norms of queries and keys. */
        public Config withQkNorm(QkNorm qkNorm) {
            return new Config(width, heads, kvHeads, headDim, qkvBias, outBias, rotary, qkNorm, scale, scoreCap);
        }

        /** With another scale of the scores, and a cap or 0. */
        public Config withScores(double scale, double scoreCap) {
            return new Config(width, heads, kvHeads, headDim, qkvBias, outBias, rotary, qkNorm, scale, scoreCap);
        }

        private double scoreScale() {
            return scale == 0 ? 1 / Math.sqrt(headDim) : scale;
        }
    }

    /**
     * RMS norms of queries and keys (Henry et al. 2020 norm each head).
     *
     * @param perHead whether each head is normed alone, by weights [D] that all share (Qwen3), else all heads together, by
     *     weights [H D] and [G D] (OLMoE)
     * @param eps added to the mean square
     */
    public record QkNorm(boolean perHead, double eps) {
        /** Checks eps. */
        public QkNorm {
            Check.eps("attention", eps);
        }

        private RmsNorm layer(int heads, int headDim) {
            return new RmsNorm(perHead ? headDim : heads * headDim, eps);
        }
    }

    private final Config config;
    private final Linear query;
    private final Linear key;
    private final Linear value;
    private final Linear out;
    private final RmsNorm queryNorm;
    private final RmsNorm keyNorm;

    /** As configured. */
    public MultiHeadAttention(Config config, Rng rng) {
        this.config = config;
        int h = config.heads * config.headDim;
        int g = config.kvHeads * config.headDim;
        query = child("q_proj", new Linear(config.width, h, config.qkvBias, rng.split("q_proj")));
        key = child("k_proj", new Linear(config.width, g, config.qkvBias, rng.split("k_proj")));
        value = child("v_proj", new Linear(config.width, g, config.qkvBias, rng.split("v_proj")));
        out = child("o_proj", new Linear(h, config.width, config.outBias, rng.split("o_proj")));
        queryNorm = config.qkNorm == null ? null : child("q_norm", config.qkNorm.layer(config.heads, config.headDim));
        keyNorm = config.qkNorm == null ? null : child("k_norm", config.qkNorm.layer(config.kvHeads, config.headDim));
    }

    /**
     * Without a cache; token t stands at position t.
     *
     * @param x [B, T, C]
     * @param mask what a token sees
     * @return [B, T, C]
     */
    public Tensor forward(Tensor x, AttentionMask mask) {
        check(x);
        return forward(x, Tensor.arange(x.dim(1)), mask);
    }

    /**
     * Without a cache.
     *
     * @param x [B, T, C]
     * @param positions [T] or [B, T], I32 or I64; read by the rotary embedding alone
     * @param mask what a token sees
     * @return [B, T, C]
     */
    public Tensor forward(Tensor x, Tensor positions, AttentionMask mask) {
        check(x);
        Tensor k = turned(heads(key.forward(x), config.kvHeads, keyNorm), positions);
        return attend(x, positions, mask, k, heads(value.forward(x), config.kvHeads, null));
    }

    /**
     * With a cache to which the tokens are appended. Where it is that of several sequences side by side, x is
     * [1, N, C], each sequence sees its own tokens, which are written where the batch says, and the mask must be a
     * {@linkplain AttentionMask#isRule rule}. Where it is a step at a position that is a tensor, the mask must be causal, a
     * sliding window or full.
     *
     * @see #forward(Tensor, Tensor, AttentionMask, KvCache.Slot, int)
     */
    public Tensor forward(Tensor x, Tensor positions, AttentionMask mask, KvSlot cache) {
        return switch (cache) {
            case KvCache.Slot slot -> forward(x, positions, mask, slot, slot.length());
            case KvBatch.Slot batch -> forward(x, positions, mask, batch);
            case KvStep.Slot step -> forward(x, positions, mask, step);
        };
    }

    private Tensor forward(Tensor x, Tensor positions, AttentionMask mask, KvBatch.Slot batch) {
        check(x);
        if (!mask.isRule()) {
            throw new TensorException("attention '" + query.weight().path() + "': sequences side by side need a mask that"
                    + " is a rule about positions, such as a causal one, got " + mask);
        }
        Tensor k = turned(heads(key.forward(x), config.kvHeads, keyNorm), positions);
        Tensor v = heads(value.forward(x), config.kvHeads, null);
        checkUntracked(k, v);
        Tensor q = turned(heads(query.forward(x), config.heads, queryNorm), positions);
        return out(batch.attend(q, k, v, mask, this::attention));
    }

    private Tensor forward(Tensor x, Tensor positions, AttentionMask mask, KvStep.Slot step) {
        check(x);
        Tensor k = turned(heads(key.forward(x), config.kvHeads, keyNorm), positions);
        Tensor v = heads(value.forward(x), config.kvHeads, null);
        checkUntracked(k, v);
        step.write(k, v);
        return attend(x, positions, step.mask(mask), step.keys(), step.values());
    }

    /**
     * With a cache: keys and values of x are written to the cache from {@code start} on, and x sees what the cache
     * then holds: under a mask from left to right the tokens up to the last of x, otherwise all. Equal, bit for bit, to a
     * call without a cache on all tokens.
     *
     * @param x [B, T, C]
     * @param positions [T] or [B, T], I32 or I64; read by the rotary embedding alone
     * @param mask what a token sees; a custom one broadcasts to [B, H, T, S], S the number of keys seen
     * @param cache the slot of this layer
     * @param start 0 .. length of the cache; below the length tokens are overwritten
     * @return [B, T, C]
     * @throws TensorException if the cache is too small, or if gradients are tracked, since none flow through a cache
     */
    public Tensor forward(Tensor x, Tensor positions, AttentionMask mask, KvCache.Slot cache, int start) {
        check(x);
        Tensor k = turned(heads(key.forward(x), config.kvHeads, keyNorm), positions);
        Tensor v = heads(value.forward(x), config.kvHeads, null);
        checkUntracked(k, v);
        cache.write(start, k, v);
        int seen = mask.isLeftToRight() ? start + x.dim(1) : cache.length();
        return attend(x, positions, mask, cache.keys(seen), cache.values(seen));
    }

    private Tensor attend(Tensor x, Tensor positions, AttentionMask mask, Tensor k, Tensor v) {
        Tensor q = turned(heads(query.forward(x), config.heads, queryNorm), positions);
        return out(attention(q, k, v, mask));
    }

    /** Joined heads through the last projection: [B, H, T, D] to [B, T, C]. */
    private Tensor out(Tensor y) {
        return out.forward(y.permute(0, 2, 1, 3).reshape(y.dim(0), y.dim(2), config.heads * config.headDim));
    }

    private Tensor attention(Tensor q, Tensor k, Tensor v, AttentionMask mask) {
        if (config.scoreCap > 0) {
            return CappedAttention.of(q, k, v, mask, config.scoreScale(), config.scoreCap);
        }
        return Functional.attention(q, k, v, mask.tensor(q.dim(2), k.dim(2)), config.scoreScale(), mask.isCausal(),
                mask.window());
    }

    /** [B, T, n D] to [B, n, T, D], normed if there is a norm. */
    private Tensor heads(Tensor x, int count, RmsNorm norm) {
        boolean perHead = norm != null && config.qkNorm.perHead;
        Tensor whole = norm == null || perHead ? x : norm.forward(x);
        Tensor split = whole.reshape(x.dim(0), x.dim(1), count, config.headDim);
        return (perHead ? norm.forward(split) : split).permute(0, 2, 1, 3);
    }

    private Tensor turned(Tensor x, Tensor positions) {
        return config.rotary == null ? x : config.rotary.apply(x, positions);
    }

    private void checkUntracked(Tensor k, Tensor v) {
        if (k.isTracked() || v.isTracked()) {
            throw new TensorException("attention '" + key.weight().path() + "': no gradient flows through a cache; run"
                    + " the model inside NoGrad.call(...), or without a cache");
        }
    }

    private void check(Tensor x) {
        if (x.rank() != 3 || x.dim(2) != config.width) {
            throw new ShapeException("attention '" + query.weight().path() + "': x must be [B, T, " + config.width
                    + "], got " + x.shape());
        }
    }
}
