package dev.ricci.nn;

import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.ArrayList;
import java.util.List;

/**
 * Tokens of several sequences side by side, each with a cache of its own: one step of a server. The tokens of all
 * sequences form one row [1, N], those of the first sequence first, so that every layer but attention works on N rows
 * at once; attention goes sequence by sequence, each over its own length. A sequence may bring one token, the next of its
 * generation, or many, a part of its prompt; or the tokens of a block that it writes anew. Its results are, bit for bit,
 * those it gets alone.
 */
public final class KvBatch {
    private final List<KvCache> caches;
    private final int[] starts;
    private final int[] ends;
    private final Tensor positions;
    /** The tables of a mask of blocks, by sequence; a model has one such mask. */
    private final AttentionMask[] tables;

    /**
     * Tokens that follow those that the caches hold.
     *
     * @param caches one for each sequence, each of batch 1 and with room for its new tokens; none twice
     * @param tokens number of new tokens of each sequence, positive
     */
    public KvBatch(List<KvCache> caches, int... tokens) {
        this(caches, caches.stream().mapToInt(KvCache::length).toArray(), tokens);
    }

    /**
     * Tokens that are written at given places, over those that are there.
     *
     * @param caches one for each sequence, each of batch 1 and with room for its new tokens; none twice
     * @param starts position of the first new token of each sequence, 0 .. length of its cache
     * @param tokens number of new tokens of each sequence, positive
     */
    public KvBatch(List<KvCache> caches, int[] starts, int[] tokens) {
        Check.positive("kv_batch", "number of sequences", caches.size());
        if (tokens.length != caches.size() || starts.length != caches.size()) {
            throw new ShapeException("kv_batch: got " + caches.size() + " caches, " + starts.length + " starts and "
                    + tokens.length + " numbers of tokens");
        }
        this.caches = List.copyOf(caches);
        this.starts = starts.clone();
        this.ends = new int[tokens.length];
        int n = 0;
        for (int i = 0; i < tokens.length; i++) {
            check(caches.get(i), i, tokens[i]);
            n = Math.addExact(n, tokens[i]);
            ends[i] = n;
        }
        int[] at = new int[n];
        for (int i = 0, t = 0; i < tokens.length; i++) {
            for (int p = 0; p < tokens[i]; p++) {
                at[t++] = starts[i] + p;
            }
        }
        this.positions = Tensor.ofInts(at, n);
        this.tables = new AttentionMask[tokens.length];
    }

    private void check(KvCache cache, int i, int tokens) {
        Check.positive("kv_batch", "tokens of sequence " + i, tokens);
        if (cache.batch() != 1 || cache.layers() != caches.getFirst().layers()) {
            throw new ShapeException("kv_batch: each cache must hold one sequence, with as many layers as the others;"
                    + " cache " + i + " holds " + cache.batch() + " with " + cache.layers() + " layers");
        }
        if (caches.subList(0, i).contains(cache)) {
            throw new TensorException("kv_batch: cache " + i + " belongs to another sequence of the batch, too");
        }
        if (starts[i] < 0 || starts[i] > cache.length()) {
            throw new IndexOutOfRangeException("kv_batch: start " + starts[i] + " of sequence " + i + " must lie in 0 .. "
                    + cache.length() + ", the number of tokens that its cache holds");
        }
        cache.checkRoom(starts[i], tokens);
    }

    /** N, the number of new tokens of all sequences. */
    public int tokens() {
        return ends[ends.length - 1];
    }

    /** Where the last token of each sequence stands among the N. */
    public int[] lastTokens() {
        int[] last = ends.clone();
        for (int i = 0; i < last.length; i++) {
            last[i]--;
        }
        return last;
    }

    /** The position of each token in its sequence, [N] I32. */
    public Tensor positions() {
        return positions;
    }

    /** What a layer keeps of all sequences. */
    public Slot slot(int layer) {
        List<KvCache.Slot> slots = new ArrayList<>(caches.size());
        for (KvCache cache : caches) {
            slots.add(cache.slot(layer));
        }
        return new Slot(slots);
    }

    /** Attention of some queries over the keys they may see. */
    @FunctionalInterface
    interface Attend {
        /**
         * @param q [1, H, T, D]
         * @param k [1, G, S, D]
         * @param v [1, G, S, D]
         * @param mask of this sequence
         * @return [1, H, T, D]
         */
        Tensor apply(Tensor q, Tensor k, Tensor v, AttentionMask mask);
    }

    /** A mask of blocks as the table that it is for one sequence, made once for all layers; any other as it is. */
    private AttentionMask resolved(AttentionMask mask, int sequence, int queries, int keys) {
        if (!(mask instanceof AttentionMask.BlockCausal)) {
            return mask;
        }
        if (tables[sequence] == null) {
            Tensor table = mask.tensor(queries, keys);
            tables[sequence] = table == null ? AttentionMask.full() : AttentionMask.custom(table);
        }
        return tables[sequence];
    }

    /** What one layer keeps of each sequence. */
    public final class Slot implements KvSlot {
        private final List<KvCache.Slot> slots;

        private Slot(List<KvCache.Slot> slots) {
            this.slots = slots;
        }

        /**
         * Writes keys and values to the caches; each sequence then attends to its own: under a mask from left to right to
         * the tokens up to its last new one, otherwise to all.
         *
         * @param q [1, H, N, D]
         * @param k [1, G, N, D]
         * @param v [1, G, N, D]
         * @return [1, H, N, D]
         */
        Tensor attend(Tensor q, Tensor k, Tensor v, AttentionMask mask, Attend attend) {
            if (q.dim(0) != 1 || q.dim(2) != tokens()) {
                throw new ShapeException("kv_batch: queries must be [1, H, " + tokens() + ", D], got " + q.shape());
            }
            List<Tensor> parts = new ArrayList<>(slots.size());
            for (int i = 0, from = 0; i < ends.length; from = ends[i++]) {
                KvCache.Slot slot = slots.get(i);
                slot.write(starts[i], k.slice(2, from, ends[i]), v.slice(2, from, ends[i]));
                int seen = mask.isLeftToRight() ? starts[i] + ends[i] - from : slot.length();
                parts.add(attend.apply(q.slice(2, from, ends[i]), slot.keys(seen), slot.values(seen),
                        resolved(mask, i, ends[i] - from, seen)));
            }
            return parts.size() == 1 ? parts.getFirst() : Tensor.cat(2, parts);
        }
    }
}
