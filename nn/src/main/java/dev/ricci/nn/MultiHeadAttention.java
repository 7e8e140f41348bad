package dev.ricci.nn;

import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;

/**
 * Self-attention with several heads (Vaswani et al. 2017, section 3.2.2), [B, T, C] to [B, T, C]. H query heads share G
 * key-value heads (Ainslie et al. 2023): G = H is the usual kind, G = 1 multi-query. Positions come in by a rotary
 * embedding, if there is one. Scores are scaled by 1 / sqrt(D), D the width of a head.
 *
 * <p>Children {@code q_proj} [H D, C], {@code k_proj} and {@code v_proj} [G D, C], {@code o_proj} [C, H D].
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
     */
    public record Config(int width, int heads, int kvHeads, int headDim, boolean qkvBias, boolean outBias,
            RotaryEmbedding rotary) {
        /** Checks the sizes. */
        public Config {
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
            return new Config(width, heads, heads, width / heads, true, true, null);
        }

        /** With grouped queries. */
        public Config withKvHeads(int kvHeads) {
            return new Config(width, heads, kvHeads, headDim, qkvBias, outBias, rotary);
        }

        /** With heads of another width. */
        public Config withHeadDim(int headDim) {
            return new Config(width, heads, kvHeads, headDim, qkvBias, outBias, rotary);
        }

        /** With or without biases. */
        public Config withBias(boolean qkv, boolean out) {
            return new Config(width, heads, kvHeads, headDim, qkv, out, rotary);
        }

        /** With a rotary embedding. */
        public Config withRotary(RotaryEmbedding rotary) {
            return new Config(width, heads, kvHeads, headDim, qkvBias, outBias, rotary);
        }
    }

    private final Config config;
    private final Linear query;
    private final Linear key;
    private final Linear value;
    private final Linear out;

    /** As configured. */
    public MultiHeadAttention(Config config, Rng rng) {
        this.config = config;
        int h = config.heads * config.headDim;
        int g = config.kvHeads * config.headDim;
        query = child("q_proj", new Linear(config.width, h, config.qkvBias, rng.split("q_proj")));
        key = child("k_proj", new Linear(config.width, g, config.qkvBias, rng.split("k_proj")));
        value = child("v_proj", new Linear(config.width, g, config.qkvBias, rng.split("v_proj")));
        out = child("o_proj", new Linear(h, config.width, config.outBias, rng.split("o_proj")));
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
        Tensor k = turned(heads(key.forward(x), config.kvHeads), positions);
        return attend(x, positions, mask, k, heads(value.forward(x), config.kvHeads));
    }

    /**
     * With a cache to which the tokens are appended. Where it is that of several sequences side by side, x is
     * [1, N, C], each sequence sees its own tokens, and the mask must be causal or a sliding window.
     *
     * @see #forward(Tensor, Tensor, AttentionMask, KvCache.Slot, int)
     */
    public Tensor forward(Tensor x, Tensor positions, AttentionMask mask, KvSlot cache) {
        return switch (cache) {
            case KvCache.Slot slot -> forward(x, positions, mask, slot, slot.length());
            case KvBatch.Slot batch -> forward(x, positions, mask, batch);
        };
    }

    private Tensor forward(Tensor x, Tensor positions, AttentionMask mask, KvBatch.Slot batch) {
        check(x);
        if (!mask.isCausal() || mask.tensor(1) != null) {
            throw new TensorException("attention '" + query.weight().path() + "': sequences side by side need a causal"
                    + " mask or a sliding window, got " + mask);
        }
        Tensor k = turned(heads(key.forward(x), config.kvHeads), positions);
        Tensor v = heads(value.forward(x), config.kvHeads);
        checkUntracked(k, v);
        Tensor q = turned(heads(query.forward(x), config.heads), positions);
        return out(batch.attend(q, k, v, (qs, ks, vs) -> attention(qs, ks, vs, mask)));
    }

    /**
     * With a cache: keys and values of x are written to the cache from {@code start} on, and x sees what the cache
     * then holds: under a causal mask the tokens up to its own, otherwise all. Equal, bit for bit, to a call without a
     * cache on all tokens.
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
        Tensor k = turned(heads(key.forward(x), config.kvHeads), positions);
        Tensor v = heads(value.forward(x), config.kvHeads);
        checkUntracked(k, v);
        cache.write(start, k, v);
        int seen = mask.isCausal() ? start + x.dim(1) : cache.length();
        return attend(x, positions, mask, cache.keys(seen), cache.values(seen));
    }

    private Tensor attend(Tensor x, Tensor positions, AttentionMask mask, Tensor k, Tensor v) {
        Tensor q = turned(heads(query.forward(x), config.heads), positions);
        return out(attention(q, k, v, mask));
    }

    private Tensor attention(Tensor q, Tensor k, Tensor v, AttentionMask mask) {
        return Functional.attention(q, k, v, mask.tensor(k.dim(2)), 1 / Math.sqrt(config.headDim), mask.isCausal(),
                mask.window());
    }

    /** Joined heads through the last projection: [B, H, T, D] to [B, T, C]. */
    private Tensor out(Tensor y) {
        return out.forward(y.permute(0, 2, 1, 3).reshape(y.dim(0), y.dim(2), config.heads * config.headDim));
    }

    /** [B, T, n D] to [B, n, T, D]. */
    private Tensor heads(Tensor x, int count) {
        return x.reshape(x.dim(0), x.dim(1), count, config.headDim).permute(0, 2, 1, 3);
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
