package dev.ricci.models.decoder;

import dev.ricci.nn.AttentionMask;
import dev.ricci.nn.Dropout;
import dev.ricci.nn.Embedding;
import dev.ricci.nn.Forward;
import dev.ricci.nn.KvSlot;
import dev.ricci.nn.Layer;
import dev.ricci.nn.RotaryEmbedding;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Embeddings, blocks and the last norm: ids [B, T] to hidden states [B, T, C]. Children as Hugging Face's Llama names
 * them: {@code embed_tokens}, {@code layers.N}, {@code norm}; and {@code embed_positions} where positions are learned.
 */
public final class DecoderStack extends Layer {
    private static final class Blocks extends Layer {
        private final List<DecoderBlock> blocks = new ArrayList<>();

        Blocks(DecoderConfig config, RotaryEmbedding rotary, Rng rng) {
            for (int i = 0; i < config.layers(); i++) {
                blocks.add(child(Integer.toString(i), new DecoderBlock(config, rotary, rng.split(i))));
            }
        }
    }

    private final Embedding tokens;
    private final Embedding positions;
    private final Dropout dropout;
    private final Blocks layers;
    private final Forward norm;

    DecoderStack(DecoderConfig config, Rng rng) {
        tokens = child("embed_tokens", new Embedding(config.vocabSize(), config.width(), rng.split("embed_tokens")));
        positions = config.position() == DecoderConfig.Position.LEARNED ? child("embed_positions",
                new Embedding(config.contextLength(), config.width(), rng.split("embed_positions"))) : null;
        dropout = new Dropout(config.dropout());
        layers = child("layers", new Blocks(config, rotary(config), rng.split("layers")));
        Layer last = child("norm", DecoderBlock.norm(config));
        norm = (Forward) last;
    }

    private static RotaryEmbedding rotary(DecoderConfig c) {
        return switch (c.position()) {
            case LEARNED, NONE -> null;
            case ROTARY_INTERLEAVED, ROTARY_HALF -> new RotaryEmbedding(
                    RotaryEmbedding.Config.of(c.headWidth(), c.contextLength()).withTheta(c.ropeTheta())
                            .withInterleaved(c.position() == DecoderConfig.Position.ROTARY_INTERLEAVED));
        };
    }

    /** The embedding of the ids, which a tied head shares. */
    Embedding tokens() {
        return tokens;
    }

    /**
     * @param ids [B, T]
     * @param at positions [T] or [B, T]
     * @param cache of each layer, or null
     * @return [B, T, C]
     */
    Tensor forward(Tensor ids, Tensor at, AttentionMask mask, IntFunction<? extends KvSlot> cache) {
        Tensor x = tokens.forward(ids);
        if (positions != null) {
            x = x.add(positions.forward(at));
        }
        x = dropout.forward(x);
        for (int i = 0; i < layers.blocks.size(); i++) {
            x = layers.blocks.get(i).forward(x, at, mask, cache == null ? null : cache.apply(i));
        }
        return norm.forward(x);
    }
}
