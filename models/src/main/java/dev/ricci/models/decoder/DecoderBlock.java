package dev.ricci.models.decoder;

import dev.ricci.nn.AttentionMask;
import dev.ricci.nn.Dropout;
import dev.ricci.nn.FeedForward;
import dev.ricci.nn.Forward;
import dev.ricci.nn.KvSlot;
import dev.ricci.nn.Layer;
import dev.ricci.nn.LayerNorm;
import dev.ricci.nn.MultiHeadAttention;
import dev.ricci.nn.RmsNorm;
import dev.ricci.nn.RotaryEmbedding;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;

/** One block: x + attention(norm(x)), then x + mlp(norm(x)) (pre-norm; Radford et al. 2019, section 2.3). */
public final class DecoderBlock extends Layer {
    private final Forward attentionNorm;
    private final MultiHeadAttention attention;
    private final Forward mlpNorm;
    private final FeedForward mlp;
    private final Dropout dropout;

    /**
     * @param rotary shared by all blocks, or null
     */
    DecoderBlock(DecoderConfig c, RotaryEmbedding rotary, Rng rng) {
        attentionNorm = norm("input_layernorm", c);
        attention = child("self_attn", new MultiHeadAttention(new MultiHeadAttention.Config(c.width(), c.heads(),
                c.kvHeads(), c.headWidth(), c.bias(), c.bias(), rotary), rng.split("self_attn")));
        mlpNorm = norm("post_attention_layernorm", c);
        mlp = child("mlp", new FeedForward(new FeedForward.Config(c.width(), c.hidden(), c.activation(), c.gated(),
                c.bias()), rng.split("mlp")));
        dropout = new Dropout(c.dropout());
    }

    private Forward norm(String name, DecoderConfig c) {
        Layer norm = norm(c);
        child(name, norm);
        return (Forward) norm;
    }

    static Layer norm(DecoderConfig c) {
        return switch (c.norm()) {
            case LAYER -> new LayerNorm(c.width(), c.normEps(), c.bias());
            case RMS -> new RmsNorm(c.width(), c.normEps());
        };
    }

    /**
     * @param x [B, T, C]
     * @param positions [T] or [B, T]
     * @param cache of this block, or null
     * @return [B, T, C]
     */
    Tensor forward(Tensor x, Tensor positions, AttentionMask mask, KvSlot cache) {
        Tensor normed = attentionNorm.forward(x);
        Tensor attended = cache == null ? attention.forward(normed, positions, mask)
                : attention.forward(normed, positions, mask, cache);
        Tensor y = x.add(dropout.forward(attended));
        return y.add(dropout.forward(mlp.forward(mlpNorm.forward(y))));
    }
}
