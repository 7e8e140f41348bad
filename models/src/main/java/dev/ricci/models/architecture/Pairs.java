package dev.ricci.models.architecture;

import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.decoder.DecoderConfig.Positions;
import dev.ricci.models.decoder.DecoderConfig.QkNorm;
import dev.ricci.tensor.Tensor;
import java.util.function.BiFunction;

/**
 * The two orders of the components that a rotary embedding turns together: pairs (2i, 2i + 1) or (i, i + half). A model of
 * one order is the same model in the other if the rows that make queries and keys are moved.
 */
final class Pairs {
    private Pairs() {
    }

    /** The configuration with pairs of another kind; without rotary positions the same. */
    static DecoderConfig with(DecoderConfig config, Positions.Kind kind) {
        return config.positions().isRotary() ? config.with(config.positions().withKind(kind)) : config;
    }

    /**
     * What must be done to each of a decoder's tensors, given with its path, so that it is one of the other kind.
     *
     * @param from what the tensors are of
     * @param to the kind wanted
     */
    static BiFunction<String, Tensor, Tensor> mover(DecoderConfig from, Positions.Kind to) {
        if (!from.positions().isRotary() || from.positions().kind() == to) {
            return (path, t) -> t;
        }
        DecoderConfig.Attention a = from.attention();
        int[] head = order(a.headWidth(), from.positions().dims(), to);
        return (path, t) -> {
            boolean query = path.contains("self_attn.q_");
            boolean inHead = path.contains("_norm.weight") && a.qkNorm() == QkNorm.HEAD;
            int heads = inHead ? 1 : query ? a.heads() : a.kvHeads();
            return query || path.contains("self_attn.k_") ? t.indexSelect(0, rows(head, heads)) : t;
        };
    }

    /** For each row of a head the row of the other order that goes there. */
    private static int[] order(int width, int dims, Positions.Kind to) {
        int[] order = new int[width];
        for (int i = 0; i < width; i++) {
            int half = dims / 2;
            order[i] = i >= dims ? i : to == Positions.Kind.ROTARY_HALF ? i < half ? 2 * i : 2 * (i - half) + 1
                    : i % 2 == 0 ? i / 2 : half + i / 2;
        }
        return order;
    }

    private static Tensor rows(int[] head, int heads) {
        int[] rows = new int[heads * head.length];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = i / head.length * head.length + head[i % head.length];
        }
        return Tensor.ofInts(rows, rows.length);
    }
}
