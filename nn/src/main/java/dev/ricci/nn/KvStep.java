package dev.ricci.nn;

import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.HashMap;
import java.util.Map;

/**
 * The next tokens of a cache, at a position that is a tensor: one step that a {@link dev.ricci.tensor.Program} can
 * capture and run again at every position. Attention goes over the whole capacity, and a mask made of the position hides
 * what is not written yet; the results are, bit for bit, those of the cache itself. A step is made for one call of a
 * model; what it wrote counts when the host says {@link KvCache#advance}.
 */
public final class KvStep {
    private final KvCache cache;
    private final Tensor start;
    private final Tensor positions;
    /** The tokens' masks by window: made once for all layers. */
    private final Map<Integer, AttentionMask> causal = new HashMap<>();
    private AttentionMask full;

    /**
     * @param cache to which the tokens are written
     * @param start position of the first token, a scalar of I32 or I64; such that all fit, which the backend checks
     * @param tokens T, the number of new tokens of each sequence
     */
    public KvStep(KvCache cache, Tensor start, int tokens) {
        Check.positive("kv_step", "number of tokens", tokens);
        if (start.rank() != 0 || !start.dtype().isInteger()) {
            throw new ShapeException("kv_step: the position must be a scalar of I32 or I64, got " + start.spec());
        }
        cache.checkRoom(0, tokens);
        this.cache = cache;
        this.start = start;
        this.positions = Tensor.arange(tokens, start.dtype(), 0, 1).add(start);
    }

    /** The position of each token, [T] of the start's type. */
    public Tensor positions() {
        return positions;
    }

    /** What a layer keeps. */
    public Slot slot(int layer) {
        return new Slot(cache.slot(layer));
    }

    private AttentionMask hiding(AttentionMask mask) {
        if (!mask.isRule() || mask.isLeftToRight() && !mask.isCausal()) {
            throw new TensorException("kv_step: a step masks by position alone; it needs a causal or full mask or a"
                    + " sliding window, got " + mask);
        }
        if (mask.isCausal()) {
            return causal.computeIfAbsent(mask.window(), w -> seen(positions.reshape(positions.dim(0), 1), w));
        }
        if (full == null) {
            full = seen(positions.slice(0, positions.dim(0) - 1, positions.dim(0)).reshape(1, 1), 0);
        }
        return full;
    }

    /**
     * @param last the last key that each token sees, [T or 1, 1]
     * @param window how many it sees, 0 for all
     */
    private AttentionMask seen(Tensor last, int window) {
        Tensor keys = Tensor.arange(cache.capacity(), last.dtype(), 0, 1).reshape(1, cache.capacity());
        Tensor seen = keys.le(last);
        return AttentionMask.custom(window == 0 ? seen : seen.logicalAnd(keys.gt(last.sub(window))));
    }

    /** What one layer keeps. */
    public final class Slot implements KvSlot {
        private final KvCache.Slot slot;

        private Slot(KvCache.Slot slot) {
            this.slot = slot;
        }

        /** Writes keys and values [B, G, T, D] at the position. */
        void write(Tensor k, Tensor v) {
            slot.check(k, v);
            if (k.dim(2) != positions.dim(0)) {
                throw new ShapeException("kv_step: was made for " + positions.dim(0) + " tokens, got " + k.dim(2));
            }
            slot.write(start, k, v);
        }

        /** All keys, [B, G, capacity, D]. */
        Tensor keys() {
            return slot.keys(cache.capacity());
        }

        /** All values, [B, G, capacity, D]. */
        Tensor values() {
            return slot.values(cache.capacity());
        }

        /** What the tokens see of all keys, as a custom mask of [T or 1, capacity]. */
        AttentionMask mask(AttentionMask mask) {
            return hiding(mask);
        }
    }
}
