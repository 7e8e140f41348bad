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
import dev.ricci.tensor.TensorException;

/**
 * One block: x + attention(norm(x)), then x + mlp(norm(x)) (pre-norm; Radford et al. 2019, section 2.3). With sandwich norms
 * what a part adds is normed too, and the norms are named as Hugging Face's Gemma-2 names them.
 */
public final class DecoderBlock extends Layer {
    private final Forward attentionNorm;
    private final MultiHeadAttention attention;
    private final Forward attended;
    private final Forward mlpNorm;
    private final Forward mlp;
    private final Forward fed;
    private final Dropout dropout;
    private final int window;

    /**
     * @param rotary shared by all blocks, or null
     */
    DecoderBlock(DecoderConfig c, int layer, RotaryEmbedding rotary, Rng rng) {
        boolean sandwich = c.norm().sandwich();
        attentionNorm = norm("input_layernorm", c);
        attention = child("self_attn", new MultiHeadAttention(attention(c, rotary), rng.split("self_attn")));
        attended = sandwich ? norm("post_attention_layernorm", c) : x -> x;
        mlpNorm = norm(sandwich ? "pre_feedforward_layernorm" : "post_attention_layernorm", c);
        mlp = mlp(c.mlp(), c.width(), rng.split("mlp"));
        fed = sandwich ? norm("post_feedforward_layernorm", c) : x -> x;
        dropout = new Dropout(c.dropout());
        window = c.attention().window().at(layer);
    }

    private static MultiHeadAttention.Config attention(DecoderConfig config, RotaryEmbedding rotary) {
        DecoderConfig.Attention a = config.attention();
        MultiHeadAttention.QkNorm norm = switch (a.qkNorm()) {
            case NONE -> null;
            case HEAD -> new MultiHeadAttention.QkNorm(true, config.norm().eps());
            case WHOLE -> new MultiHeadAttention.QkNorm(false, config.norm().eps());
        };
        return new MultiHeadAttention.Config(config.width(), a.heads(), a.kvHeads(), a.headWidth(), a.qkvBias(),
                a.outBias(), rotary, norm, a.scale(), a.scoreCap());
    }

    /** The one place where a feed-forward part is built; a mixture of experts belongs here. */
    private Forward mlp(DecoderConfig.Mlp c, int width, Rng rng) {
        checkBuildable(c);
        return child("mlp", new FeedForward(new FeedForward.Config(width, c.hidden(), c.activation(), c.gated(), c.bias()),
                rng));
    }

    /** Also before sizes are computed or memory is taken. */
    static void checkBuildable(DecoderConfig.Mlp c) {
        c.experts().ifPresent(e -> {
            throw new TensorException("decoder: a mixture of " + e.count() + " experts cannot be built: the routing of"
                    + " tokens to experts is not implemented yet");
        });
    }

    private Forward norm(String name, DecoderConfig c) {
        Layer norm = norm(c);
        child(name, norm);
        return (Forward) norm;
    }

    static Layer norm(DecoderConfig c) {
        return switch (c.norm().kind()) {
            case LAYER -> new LayerNorm(c.width(), c.norm().eps(), c.norm().bias());
            case RMS -> new RmsNorm(c.width(), c.norm().eps());
            case RMS_FROM_ONE -> new RmsNorm(c.width(), c.norm().eps(), true);
        };
    }

    /**
     * The first part, x + attention(norm(x)).
     *
     * @param x [B, T, C]
     * @param positions [T] or [B, T]
     * @param mask narrowed to this block's window if it is causal
     * @param cache of this block, or null
     * @return [B, T, C]
     */
    Tensor attend(Tensor x, Tensor positions, AttentionMask mask, KvSlot cache) {
        Tensor normed = attentionNorm.forward(x);
        AttentionMask seen = window > 0 && mask.isCausal() ? mask.and(AttentionMask.slidingWindow(window)) : mask;
        Tensor y = cache == null ? attention.forward(normed, positions, seen)
                : attention.forward(normed, positions, seen, cache);
        return x.add(dropout.forward(attended.forward(y)));
    }

    /** The second, z + mlp(norm(z)): [B, T, C] to [B, T, C]. */
    Tensor feed(Tensor z) {
        return z.add(dropout.forward(fed.forward(mlp.forward(mlpNorm.forward(z)))));
    }
}
