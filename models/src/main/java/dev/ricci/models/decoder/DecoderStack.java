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
import dev.ricci.tensor.Workspace;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;

/**
 * Embeddings, blocks and the last norm: ids [B, T] to hidden states [B, T, C]. Children as Hugging Face's Llama names
 * them: {@code embed_tokens}, {@code layers.N}, {@code norm}; and {@code embed_positions} where positions are learned.
 */
public final class DecoderStack extends Layer {
    private static final class Blocks extends Layer {
        private final List<DecoderBlock> blocks = new ArrayList<>();

        Blocks(DecoderConfig config, RotaryEmbedding rotary, Rng rng) {
            for (int i = 0; i < config.layers(); i++) {
                blocks.add(child(Integer.toString(i), new DecoderBlock(config, i, rotary, rng.split(i))));
            }
        }
    }

    private final Embedding tokens;
    private final Embedding positions;
    private final double scale;
    private final Dropout dropout;
    private final Blocks layers;
    private final Forward norm;

    DecoderStack(DecoderConfig config, Rng rng) {
        tokens = child("embed_tokens", new Embedding(config.vocabSize(), config.width(), rng.split("embed_tokens")));
        positions = config.positions().kind() == DecoderConfig.Positions.Kind.LEARNED ? child("embed_positions",
                new Embedding(config.contextLength(), config.width(), rng.split("embed_positions"))) : null;
        scale = config.embeddingScale();
        dropout = new Dropout(config.dropout());
        layers = child("layers", new Blocks(config, rotary(config), rng.split("layers")));
        Layer last = child("norm", DecoderBlock.norm(config));
        norm = (Forward) last;
    }

    private static RotaryEmbedding rotary(DecoderConfig c) {
        DecoderConfig.Positions p = c.positions();
        return p.isRotary() ? new RotaryEmbedding(new RotaryEmbedding.Config(p.dims(), c.contextLength(), p.theta(),
                p.kind() == DecoderConfig.Positions.Kind.ROTARY_INTERLEAVED, p.scaling())) : null;
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
        x = scale == 1 ? x : x.mul(scale);
        if (positions != null) {
            x = x.add(positions.forward(at));
        }
        List<UnaryOperator<Tensor>> parts = new ArrayList<>();
        for (int i = 0; i < layers.blocks.size(); i++) {
            DecoderBlock block = layers.blocks.get(i);
            KvSlot slot = cache == null ? null : cache.apply(i);
            parts.add(y -> block.attend(y, at, mask, slot));
            parts.add(block::feed);
        }
        parts.add(norm::forward);
        return Workspace.chain(dropout.forward(x), parts);
    }
}
