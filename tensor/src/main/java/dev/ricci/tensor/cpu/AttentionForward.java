package dev.ricci.tensor.cpu;

import dev.ricci.tensor.cpu.rows.MicroKernel;
import dev.ricci.tensor.cpu.rows.Rows;
import dev.ricci.tensor.op.UnaryKind;
import dev.ricci.tensor.spi.Operand;
import java.util.Arrays;

/**
 * The attention of a block of queries of one key-value head, with a running softmax over blocks of keys (Milakov and
 * Gimelshein 2018; Rabe and Staats 2021). Everything is transposed: a column is a query. So the scores K Q^T of a panel
 * of queries come out of the micro kernel in the very order in which V^T P^T reads them, and the softmax works on
 * vectors of queries, without sums across lanes.
 *
 * <p>Blocks of keys begin at multiples of {@link #KEYS}, so that a query's bits depend only on the keys it sees;
 * {@link AttentionDecode} gives the same ones. Keys of weight 0 at the ends of a block change nothing: they are left
 * out where no query of a panel sees them.
 */
final class AttentionForward {
    /** Keys in a block: many, since after each what was summed up so far is scaled. It decides bits. */
    static final int KEYS = 192;
    /** Queries in a block, counted over the heads that share keys. Keys and values are packed once for each. */
    static final int QUERIES = 256;

    private final Rows rows;
    private final AttentionInputs x;
    private final float[] out;
    private final int outAt;
    private final float[] lse;
    private final int lseAt;
    private final Tiles tiles;
    private final int width;
    private final int step;
    private final float[] query;
    private final float[] queries;
    private final float[] keys;
    private final float[] values;
    private final float[] scores;
    private final float[] product;
    private final float[] sums;
    private final float[] max;
    private final float[] total;
    private final float[] shrink;

    AttentionForward(Rows rows, MicroKernel micro, AttentionInputs x, Operand[] out) {
        this.rows = rows;
        this.x = x;
        this.out = out[0].heap().floats();
        this.outAt = out[0].layout().offset();
        this.lse = out[1].heap().floats();
        this.lseAt = out[1].layout().offset();
        this.tiles = new Tiles(micro);
        this.width = tiles.nr;
        // Keys are left out in whole panels, and in fours, because sums of weights run in four parts.
        this.step = tiles.mr % 4 == 0 ? tiles.mr : 4 * tiles.mr;
        int n = Math.min(QUERIES, x.queries * x.shared);
        int padded = tiles.rightSize(n, 1);
        this.query = Scratch.take(Math.max(n * x.d, width * x.e));
        this.queries = Scratch.take(padded * x.d);
        this.keys = Scratch.take(tiles.leftSize(KEYS, x.d));
        this.values = Scratch.take(tiles.leftSize(x.e, KEYS));
        this.scores = Scratch.take(KEYS * width);
        this.product = Scratch.take(x.e * width);
        this.sums = Scratch.take(padded * x.e);
        this.max = Scratch.take(padded);
        this.total = Scratch.take(padded);
        this.shrink = Scratch.take(padded);
    }

    void release() {
        tiles.release();
        for (float[] a : new float[][] {query, queries, keys, values, scores, product, sums, max, total, shrink}) {
            Scratch.give(a);
        }
    }

    /** Rows {@code from .. to - 1} of the queries of group g: row r is query r / shared of head r % shared. */
    void run(int b, int g, int from, int to) {
        int n = to - from;
        int padded = tiles.rightSize(n, 1);
        x.gatherQueries(rows, b, g, from, n, query);
        tiles.packRight(query, 0, 1, x.d, x.d, x.d, n, queries);
        Arrays.fill(max, 0, padded, -Float.MAX_VALUE);
        Arrays.fill(total, 0, padded, 0f);
        Arrays.fill(sums, 0, padded * x.e, 0f);
        int end = x.endKey((to - 1) / x.shared);
        for (int j = x.firstKey(from / x.shared) / KEYS * KEYS; j < end; j += KEYS) {
            block(b, g, from, n, j);
        }
        rows.unary(UnaryKind.LOG, total, 0, shrink, 0, n);
        for (int p = 0; p < n; p += width) {
            int count = Math.min(width, n - p);
            rows.transpose(sums, p * x.e, width, x.e, count, query, 0, x.e);
            for (int i = 0; i < count; i++) {
                int r = x.queryRow(b, g, from + p + i);
                float sum = total[p + i];
                rows.scale(query, i * x.e, sum == 0 ? 0 : 1 / sum, out, outAt + r * x.e, x.e);
                lse[lseAt + r] = max[p + i] + shrink[p + i];
            }
        }
    }

    /** All queries against the keys from j on. */
    private void block(int b, int g, int from, int n, int j) {
        int start = firstKey(from, j);
        int count = endKey(from + n - 1, j) - start;
        int at = AttentionInputs.at(x.k, b, g, j + start);
        tiles.packLeft(x.k.heap().floats(), at, x.k.layout().stride(2), x.k.layout().stride(3), count, x.d, keys);
        at = AttentionInputs.at(x.v, b, g, j + start);
        tiles.packLeft(x.v.heap().floats(), at, x.v.layout().stride(3), x.v.layout().stride(2), x.e, count, values);
        for (int p = 0; p < n; p += width) {
            int columns = Math.min(width, n - p);
            int first = firstKey(from + p, j);
            int end = endKey(from + p + columns - 1, j);
            if (first < end) {
                int s = (first - start) * width;
                tiles.multiply(first - start, end - start, x.d, keys, x.d, 0, queries, p * x.d, width, scores, s,
                        width, false);
                x.maskColumns(b, g, from + p, columns, scores, s, width, j + first, j + end);
                rows.softmaxColumns(scores, s, end - first, width, max, total, shrink, p);
                tiles.multiply(0, x.e, end - first, values, count, first - start, scores, s, width, product, 0, width,
                        false);
                if (!Float.isFinite(rows.sum(product, 0, x.e * width))) {
                    addSeenValues(at + (first - start) * x.v.layout().stride(2), s, end - first);
                }
                rows.scaleAddColumns(shrink, p, product, 0, sums, p * x.e, x.e, width);
            }
        }
    }

    /** The first key of the block from j on that the query of a row or one after it can see, or one before. */
    private int firstKey(int row, int j) {
        return Math.clamp(x.firstKey(row / x.shared) - j, 0, KEYS) / step * step;
    }

    /** One more than the last key of the block from j on that the query of a row or one before it can see. */
    private int endKey(int row, int j) {
        return Math.clamp(x.endKey(row / x.shared) - j, 0, KEYS);
    }

    /** The product with the values, in the same order, but without those of weight 0 that are NaN or infinite. */
    private void addSeenValues(int at, int s, int count) {
        float[] v = x.v.heap().floats();
        Arrays.fill(product, 0, x.e * width, 0f);
        for (int c = 0; c < x.e; c++) {
            for (int p = 0; p < count; p++) {
                float value = v[at + p * x.v.layout().stride(2) + c * x.v.layout().stride(3)];
                boolean finite = Float.isFinite(value);
                for (int i = 0; i < width; i++) {
                    float w = scores[s + p * width + i];
                    if (finite || w != 0) {
                        product[c * width + i] = Math.fma(w, value, product[c * width + i]);
                    }
                }
            }
        }
    }
}
