package dev.ricci.nn;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;

/**
 * Attention with capped scores, cap * tanh(s / cap) before the softmax (Gemma Team 2024, section 2), composed of ops with
 * the scores of all heads in memory: the fused op knows no cap.
 */
final class CappedAttention {
    /** As good as -infinity to a softmax, but a query that sees no key gets numbers, which nobody reads. */
    private static final double UNSEEN = -1e30;
    /** Rows of scores are filled up to whole blocks, so that a sum over them adds in one order, however many keys follow. */
    private static final int BLOCK = 256;

    private CappedAttention() {
    }

    /**
     * @param q [B, H, T, D]
     * @param k [B, G, S, D], H a multiple of G
     * @param v [B, G, S, D]
     * @return [B, H, T, D]
     */
    static Tensor of(Tensor q, Tensor k, Tensor v, AttentionMask mask, double scale, double cap) {
        int b = q.dim(0);
        int h = q.dim(1);
        int t = q.dim(2);
        int g = k.dim(1);
        int s = k.dim(2);
        // Query heads that share a key-value head lie one below the other, so that keys are not copied.
        Tensor scores = q.reshape(b, g, h / g * t, q.dim(3)).matmul(k.transpose(2, 3)).reshape(b, h, t, s);
        Tensor capped = scores.mul(scale / cap).tanh().mul(cap);
        Tensor weights = softmax(masked(capped, mask, t, s));
        return weights.reshape(b, g, h / g * t, s).matmul(v).reshape(b, h, t, v.dim(3));
    }

    private static Tensor softmax(Tensor scores) {
        int keys = scores.dim(3);
        int fill = (BLOCK - keys % BLOCK) % BLOCK;
        Tensor unseen = Tensor.full(Shape.scalar(), scores.dtype(), UNSEEN)
                .expand(scores.shape().with(3, fill));
        return Tensor.cat(3, scores, unseen).softmax(-1).slice(3, 0, keys);
    }

    private static Tensor masked(Tensor scores, AttentionMask mask, int queries, int keys) {
        Tensor unseen = Tensor.full(Shape.scalar(), scores.dtype(), UNSEEN);
        Tensor y = scores;
        if (mask.isCausal()) {
            Tensor own = Tensor.arange(queries, DType.I32, keys - queries, 1).reshape(queries, 1);
            Tensor key = Tensor.arange(keys).reshape(1, keys);
            Tensor seen = key.le(own);
            if (mask.window() > 0) {
                seen = seen.logicalAnd(key.gt(own.sub(mask.window())));
            }
            y = seen.where(y, unseen);
        }
        Tensor rest = mask.tensor(queries, keys);
        if (rest == null) {
            return y;
        }
        return rest.dtype() == DType.BOOL ? rest.where(y, unseen) : y.add(rest).maximum(unseen);
    }
}
