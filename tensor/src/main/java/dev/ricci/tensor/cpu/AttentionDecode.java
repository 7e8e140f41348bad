package dev.ricci.tensor.cpu;

import dev.ricci.tensor.cpu.rows.MicroKernel;
import dev.ricci.tensor.cpu.rows.Rows;
import dev.ricci.tensor.op.UnaryKind;
import dev.ricci.tensor.spi.Operand;
import java.util.Arrays;

/**
 * The attention of a few queries, such as the one of a decoder's step against its cache: keys and values are read once,
 * and values as they lie. Each query has the bits that {@link AttentionForward} gives it among many.
 */
final class AttentionDecode {
    /** Above it, a panel of queries is faster. */
    static final int QUERIES = 4;
    private static final int KEYS = AttentionForward.KEYS;

    private final Rows rows;
    private final AttentionInputs x;
    private final Operand[] out;
    private final Tiles tiles;
    private final float[] query;
    private final float[] queries;
    private final float[] keys;
    private final float[] values;
    private final float[] scores;
    private final float[] product;
    private final float[] sums;
    private final float[] max = new float[QUERIES];
    private final float[] total = new float[QUERIES];
    private final float[] shrink = new float[QUERIES];

    AttentionDecode(Rows rows, MicroKernel micro, AttentionInputs x, Operand[] out) {
        this.rows = rows;
        this.x = x;
        this.out = out;
        this.tiles = new Tiles(micro);
        this.query = Scratch.take(QUERIES * x.d);
        this.queries = Scratch.take(tiles.leftSize(QUERIES, x.d));
        this.keys = Scratch.take(tiles.rightSize(1, x.d));
        this.values = Scratch.take(x.v.layout().stride(3) == 1 ? 0 : KEYS * x.e);
        this.scores = Scratch.take(QUERIES * KEYS);
        this.product = Scratch.take(x.e);
        this.sums = Scratch.take(QUERIES * x.e);
    }

    void release() {
        tiles.release();
        for (float[] a : new float[][] {query, queries, keys, values, scores, product, sums}) {
            Scratch.give(a);
        }
    }

    /** All queries of group g. */
    void run(int b, int g) {
        int n = x.queries * x.shared;
        x.gatherQueries(rows, b, g, 0, n, query);
        tiles.packLeft(query, 0, x.d, 1, n, x.d, queries);
        Arrays.fill(max, -Float.MAX_VALUE);
        Arrays.fill(total, 0f);
        Arrays.fill(sums, 0, n * x.e, 0f);
        // What a mask hides at the ends costs nothing: of a cache of fixed size the part that is not written yet.
        int first = x.firstSeen(b, g, x.firstKey(0), x.endKey(x.queries - 1));
        int end = x.endSeen(b, g, first, x.endKey(x.queries - 1));
        for (int j = first / KEYS * KEYS; j < end; j += KEYS) {
            block(b, g, n, j, Math.min(KEYS, end - j));
        }
        rows.unary(UnaryKind.LOG, total, 0, shrink, 0, n);
        for (int i = 0; i < n; i++) {
            int r = x.queryRow(b, g, i);
            rows.scale(sums, i * x.e, total[i] == 0 ? 0 : 1 / total[i], out[0].heap().floats(),
                    out[0].layout().offset() + r * x.e, x.e);
            out[1].heap().floats()[out[1].layout().offset() + r] = max[i] + shrink[i];
        }
    }

    private void block(int b, int g, int n, int j, int count) {
        int keyStride = x.k.layout().stride(2);
        int keyStep = x.k.layout().stride(3);
        for (int p = 0; p < count; p += tiles.nr) {
            int columns = Math.min(tiles.nr, count - p);
            tiles.packRight(x.k.heap().floats(), AttentionInputs.at(x.k, b, g, j + p), keyStep, keyStride, x.d, x.d,
                    columns, keys);
            tiles.multiply(0, n, x.d, queries, x.d, 0, keys, 0, columns, scores, p, KEYS, false);
        }
        float[] v = x.v.heap().floats();
        int at = AttentionInputs.at(x.v, b, g, j);
        int stride = x.v.layout().stride(2);
        if (x.v.layout().stride(3) != 1) {
            gatherValues(at, count);
            v = values;
            at = 0;
            stride = x.e;
        }
        for (int i = 0; i < n; i++) {
            x.maskRow(b, g * x.shared + i % x.shared, i / x.shared, scores, i * KEYS, j, count);
            rows.softmaxStep(scores, i * KEYS, count, max, total, shrink, i);
            rows.weightedSum(scores, i * KEYS, count, v, at, stride, product, 0, x.e);
            if (!Float.isFinite(rows.sum(product, 0, x.e))) {
                addSeenValues(i * KEYS, count, v, at, stride);
            }
            // sums = fma(sums, shrink, product)
            rows.axpy(shrink[i], sums, i * x.e, product, 0, x.e);
            System.arraycopy(product, 0, sums, i * x.e, x.e);
        }
    }

    private void gatherValues(int at, int count) {
        float[] v = x.v.heap().floats();
        for (int p = 0; p < count; p++) {
            for (int c = 0; c < x.e; c++) {
                values[p * x.e + c] = v[at + p * x.v.layout().stride(2) + c * x.v.layout().stride(3)];
            }
        }
    }

    /** As in {@link AttentionForward}. */
    private void addSeenValues(int s, int count, float[] v, int at, int stride) {
        for (int c = 0; c < x.e; c++) {
            float sum = 0;
            for (int p = 0; p < count; p++) {
                float value = v[at + p * stride + c];
                if (scores[s + p] != 0 || Float.isFinite(value)) {
                    sum = Math.fma(scores[s + p], value, sum);
                }
            }
            product[c] = sum;
        }
    }
}
