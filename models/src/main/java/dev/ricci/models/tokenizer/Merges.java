package dev.ricci.models.tokenizer;

import java.util.Arrays;

/**
 * The merges of a byte-pair vocabulary: which pairs of ids join into which id, and which pair goes first. Of pairs of
 * equal rank the leftmost goes first.
 */
final class Merges {
    /** Up to this many symbols, looking at all pairs again and again is faster than a heap. */
    private static final int SHORT = 40;
    private static final int NONE = LongIntMap.ABSENT;

    private final LongIntMap pairs;
    private final int[] results;
    /** The rank of each merge, ascending; null if no two are equal, the merge's own number is its rank then. */
    private final int[] ranks;

    /**
     * The n-th pair has rank {@code ranks[n]}, or n if {@code ranks} is null; if a pair comes twice, the last counts.
     *
     * @param pairs keys by {@link LongIntMap#pair}
     * @param results the id that each pair becomes
     * @param ranks not descending, or null
     */
    Merges(long[] pairs, int[] results, int[] ranks) {
        this.pairs = new LongIntMap(pairs.length);
        for (int m = 0; m < pairs.length; m++) {
            this.pairs.put(pairs[m], m);
        }
        this.results = results;
        this.ranks = ranks;
    }

    private int rank(int merge) {
        return ranks == null ? merge : ranks[merge];
    }

    /** Joins the first {@code n} symbols of working memory 0 as far as they go and adds the ids that are left. */
    void apply(int n, IdBuffer out) {
        if (n <= SHORT) {
            applyShort(n, out);
        } else {
            applyLong(n, out);
        }
    }

    private void applyShort(int length, IdBuffer out) {
        int n = length;
        int[] ids = out.scratch(0, n);
        int[] merge = out.scratch(1, n);
        for (int i = 0; i + 1 < n; i++) {
            merge[i] = pairs.get(LongIntMap.pair(ids[i], ids[i + 1]));
        }
        while (n > 1) {
            int best = -1;
            int bestRank = Integer.MAX_VALUE;
            for (int i = 0; i + 1 < n; i++) {
                if (merge[i] != NONE && rank(merge[i]) < bestRank) {
                    best = i;
                    bestRank = rank(merge[i]);
                }
            }
            if (best < 0) {
                break;
            }
            ids[best] = results[merge[best]];
            n--;
            System.arraycopy(ids, best + 2, ids, best + 1, n - best - 1);
            if (best + 1 < n) {
                System.arraycopy(merge, best + 2, merge, best + 1, n - best - 1);
                merge[best] = pairs.get(LongIntMap.pair(ids[best], ids[best + 1]));
            }
            if (best > 0) {
                merge[best - 1] = pairs.get(LongIntMap.pair(ids[best - 1], ids[best]));
            }
        }
        for (int i = 0; i < n; i++) {
            out.add(ids[i]);
        }
    }

    private void applyLong(int n, IdBuffer out) {
        int[] ids = out.scratch(0, n);
        int[] merge = out.scratch(1, n);
        int[] next = out.scratch(2, n);
        int[] previous = out.scratch(3, n);
        LongHeap heap = out.heap();
        Arrays.fill(merge, 0, n, NONE);
        for (int i = 0; i < n; i++) {
            next[i] = i + 1;
            previous[i] = i - 1;
            offer(heap, merge, ids, i, i + 1, n);
        }
        while (!heap.isEmpty()) {
            long top = heap.pop();
            int left = (int) top;
            // Pairs whose members have since been joined elsewhere are stale.
            if (merge[left] == NONE || rank(merge[left]) != (int) (top >>> 32)) {
                continue;
            }
            int right = next[left];
            ids[left] = results[merge[left]];
            merge[right] = NONE;
            next[left] = next[right];
            if (next[left] < n) {
                previous[next[left]] = left;
            }
            offer(heap, merge, ids, left, next[left], n);
            if (previous[left] >= 0) {
                offer(heap, merge, ids, previous[left], left, n);
            }
        }
        for (int i = 0; i < n; i = next[i]) {
            out.add(ids[i]);
        }
    }

    private void offer(LongHeap heap, int[] merge, int[] ids, int left, int right, int n) {
        merge[left] = right < n ? pairs.get(LongIntMap.pair(ids[left], ids[right])) : NONE;
        if (merge[left] != NONE) {
            heap.push((long) rank(merge[left]) << 32 | left);
        }
    }
}
