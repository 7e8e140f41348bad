package dev.ricci.tensor.cpu;

import dev.ricci.tensor.cpu.rows.Elementary;
import dev.ricci.tensor.cpu.rows.MicroKernel;
import dev.ricci.tensor.cpu.rows.Rows;
import dev.ricci.tensor.spi.Operand;
import java.util.Arrays;

/**
 * The attention of a block of queries of one key-value head, with a running softmax over blocks of keys (Milakov and
 * Gimelshein 2018; Rabe and Staats 2021). Blocks of keys begin at multiples of {@link #KEYS} and are always worked on
 * in full width, so that a query's bits depend only on the keys it sees: one query against a cache gives the bits that
 * it has among many.
 */
final class AttentionForward {
    /** Keys in a block. It decides bits. */
    static final int KEYS = 64;
    /** Queries in a block, counted over the heads that share keys. */
    static final int QUERIES = 192;

    private final Rows rows;
    private final AttentionInputs x;
    private final float[] out;
    private final int outAt;
    private final float[] lse;
    private final int lseAt;
    private final Tiles tiles;
    private final float[] query;
    private final float[] left;
    private final float[] keys;
    private final float[] values;
    private final float[] scores;
    private final float[] weights;
    private final float[] sums;
    private final float[] max = new float[QUERIES];
    private final float[] total = new float[QUERIES];

    AttentionForward(Rows rows, MicroKernel micro, AttentionInputs x, Operand[] out) {
        this.rows = rows;
        this.x = x;
        this.out = out[0].heap().floats();
        this.outAt = out[0].layout().offset();
        this.lse = out[1].heap().floats();
        this.lseAt = out[1].layout().offset();
        this.tiles = new Tiles(micro);
        int n = Math.min(QUERIES, x.queries * x.shared);
        this.query = Scratch.take(n * x.d);
        this.left = Scratch.take(tiles.leftSize(n, x.d));
        this.keys = Scratch.take(tiles.rightSize(KEYS, x.d));
        this.values = Scratch.take(tiles.rightSize(x.e, KEYS));
        this.scores = Scratch.take(n * KEYS);
        this.weights = Scratch.take(tiles.leftSize(n, KEYS));
        this.sums = Scratch.take(n * x.e);
    }

    void release() {
        tiles.release();
        for (float[] a : new float[][] {query, left, keys, values, scores, weights, sums}) {
            Scratch.give(a);
        }
    }

    /** Rows {@code from .. to - 1} of the queries of group g: row r is query r / shared of head r % shared. */
    void run(int b, int g, int from, int to) {
        int n = to - from;
        gatherQueries(b, g, from, n);
        tiles.packLeft(query, 0, x.d, 1, n, x.d, left);
        Arrays.fill(max, 0, n, Float.NEGATIVE_INFINITY);
        Arrays.fill(total, 0, n, 0f);
        Arrays.fill(sums, 0, n * x.e, 0f);
        int end = x.endKey((to - 1) / x.shared);
        for (int j = x.firstKey(from / x.shared) / KEYS * KEYS; j < end; j += KEYS) {
            block(b, g, from, n, j);
        }
        for (int i = 0; i < n; i++) {
            int head = g * x.shared + (from + i) % x.shared;
            int r = (b * x.heads + head) * x.queries + (from + i) / x.shared;
            boolean blind = max[i] == Float.NEGATIVE_INFINITY;
            rows.scale(sums, i * x.e, blind ? 0 : 1 / total[i], out, outAt + r * x.e, x.e);
            lse[lseAt + r] = blind ? max[i] : (float) (max[i] + StrictMath.log(total[i]));
        }
    }

    private void gatherQueries(int b, int g, int from, int n) {
        float[] q = x.q.heap().floats();
        int step = x.q.layout().stride(3);
        for (int i = 0; i < n; i++) {
            int at = AttentionInputs.at(x.q, b, g * x.shared + (from + i) % x.shared, (from + i) / x.shared);
            if (step == 1) {
                rows.scale(q, at, x.scale, query, i * x.d, x.d);
            } else {
                for (int p = 0; p < x.d; p++) {
                    query[i * x.d + p] = q[at + p * step] * x.scale;
                }
            }
        }
    }

    private void block(int b, int g, int from, int n, int j) {
        // Rows before the first that sees a key of the block, in panels, are left alone.
        int first = 0;
        while (first < n && x.endKey((from + first) / x.shared) <= j) {
            first++;
        }
        int start = tiles.panelStart(first);
        int end = n;
        while (end > start && x.firstKey((from + end - 1) / x.shared) >= j + KEYS) {
            end--;
        }
        if (start >= end) {
            return;
        }
        int count = Math.min(KEYS, x.keys - j);
        int keyStride = x.k.layout().stride(2);
        tiles.packRight(x.k.heap().floats(), AttentionInputs.at(x.k, b, g, j), x.k.layout().stride(3), keyStride, x.d,
                x.d, count, keys);
        Arrays.fill(keys, tiles.rightSize(count, x.d), tiles.rightSize(KEYS, x.d), 0f);
        tiles.multiply(start, end, KEYS, x.d, left, keys, x.d, 0, scores, start * KEYS, KEYS, false);
        boolean hidden = false;
        for (int i = start; i < end; i++) {
            int head = g * x.shared + (from + i) % x.shared;
            hidden |= x.maskRow(b, head, (from + i) / x.shared, scores, i * KEYS, j, KEYS);
            softmaxRow(i);
        }
        tiles.packRight(x.v.heap().floats(), AttentionInputs.at(x.v, b, g, j), x.v.layout().stride(2),
                x.v.layout().stride(3), count, KEYS, x.e, values);
        if (hidden && !Float.isFinite(rows.sum(values, 0, tiles.rightSize(x.e, KEYS)))) {
            addSeenValues(b, g, start, end, j, count);
            return;
        }
        tiles.packLeft(scores, start * KEYS, KEYS, 1, end - start, KEYS, weights);
        tiles.multiply(0, end - start, x.e, KEYS, weights, values, KEYS, 0, sums, start * x.e, x.e, true);
    }

    /** Turns a row of scores into weights relative to the running maximum, and brings what was summed up to it. */
    private void softmaxRow(int i) {
        int at = i * KEYS;
        float largest = Math.max(max[i], rows.max(scores, at, KEYS));
        if (largest == Float.NEGATIVE_INFINITY) {
            Arrays.fill(scores, at, at + KEYS, 0f);
            return;
        }
        if (largest != max[i]) {
            float shrink = Elementary.exp(max[i] - largest);
            total[i] *= shrink;
            rows.scale(sums, i * x.e, shrink, sums, i * x.e, x.e);
            max[i] = largest;
        }
        total[i] += rows.expShifted(scores, at, largest, scores, at, KEYS);
    }

    /** The product with the values, in the same order, but without values of weight 0: they may be NaN or infinite. */
    private void addSeenValues(int b, int g, int start, int end, int j, int count) {
        float[] v = x.v.heap().floats();
        int at = AttentionInputs.at(x.v, b, g, j);
        for (int i = start; i < end; i++) {
            for (int c = 0; c < x.e; c++) {
                float sum = 0;
                for (int p = 0; p < count; p++) {
                    float w = scores[i * KEYS + p];
                    if (w != 0) {
                        sum = Math.fma(w, v[at + p * x.v.layout().stride(2) + c * x.v.layout().stride(3)], sum);
                    }
                }
                sums[i * x.e + c] += sum;
            }
        }
    }
}
