package dev.ricci.tensor.cpu;

import dev.ricci.tensor.cpu.rows.MicroKernel;
import dev.ricci.tensor.cpu.rows.Rows;
import dev.ricci.tensor.spi.Operand;
import java.util.Arrays;

/**
 * The gradient of attention for one key-value head and all query heads that share it (Dao et al. 2022, algorithm 4):
 * the weights are computed again, block by block, from the saved log-sum-exp. Everything that one key-value head
 * collects is added on one thread in one order.
 *
 * <p>Scores and slopes are computed as panels of queries by keys, the order in which the transposed sums of dK and dV
 * read them. Only the slopes are packed again, for dQ.
 */
final class AttentionBackward {
    /** Keys in a block: how deep the products for dQ are. */
    private static final int KEYS = 128;
    /** Queries in a block: how deep the products for dK and dV are. Whole panels of any micro kernel. */
    private static final int QUERIES = 96;

    private final Rows rows;
    private final AttentionInputs x;
    private final Operand grad;
    private final Operand y;
    private final Dense lse;
    private final float[] dq;
    private final float[] dk;
    private final float[] dv;
    private final int dqAt;
    private final int dkAt;
    private final int dvAt;
    private final Tiles tiles;
    private final int width;
    /** Scaled queries of a head, row by row. */
    private final float[] query;
    private final float[] queryLeft;
    private final float[] queryDeep;
    /** The gradient of a head, row by row. */
    private final float[] gradRows;
    private final float[] gradLeft;
    private final float[] gradDeep;
    /** The dot product of output and gradient, and the log-sum-exp, of each query as often as a panel has keys. */
    private final float[] delta;
    private final float[] shift;
    private final float[] keys;
    private final float[] keyRows;
    private final float[] values;
    private final float[] p;
    private final float[] ds;
    private final float[] dsLeft;
    private final float[] dkSum;
    private final float[] dvSum;
    private final float[] rowMajor;
    /** The rows of a block that see keys of each panel. */
    private final int[] rowFrom;
    private final int[] rowTo;
    private boolean finite;

    AttentionBackward(Rows rows, MicroKernel micro, AttentionInputs x, Operand grad, Operand y, Dense lse,
            Operand[] out) {
        this.rows = rows;
        this.x = x;
        this.grad = grad;
        this.y = y;
        this.lse = lse;
        this.dq = out[0].heap().floats();
        this.dk = out[1].heap().floats();
        this.dv = out[2].heap().floats();
        this.dqAt = out[0].layout().offset();
        this.dkAt = out[1].layout().offset();
        this.dvAt = out[2].layout().offset();
        this.tiles = new Tiles(micro);
        this.width = tiles.nr;
        int t = x.queries;
        this.query = Scratch.take(t * x.d);
        this.queryLeft = Scratch.take(tiles.leftSize(t, x.d));
        this.queryDeep = Scratch.take(tiles.leftSize(x.d, t));
        this.gradRows = Scratch.take(t * x.e);
        this.gradLeft = Scratch.take(tiles.leftSize(t, x.e));
        this.gradDeep = Scratch.take(tiles.leftSize(x.e, t));
        this.delta = Scratch.take(t * width);
        this.shift = Scratch.take(t * width);
        int padded = tiles.rightSize(KEYS, 1);
        this.keys = Scratch.take(padded * x.d);
        this.keyRows = Scratch.take(tiles.rightSize(x.d, padded));
        this.values = Scratch.take(padded * x.e);
        this.p = Scratch.take(QUERIES * width);
        this.ds = Scratch.take(QUERIES * width);
        this.dsLeft = Scratch.take(tiles.leftSize(QUERIES, padded));
        this.dkSum = Scratch.take(padded * x.d);
        this.dvSum = Scratch.take(padded * x.e);
        this.rowMajor = Scratch.take(width * Math.max(x.d, x.e));
        this.rowFrom = new int[padded / width];
        this.rowTo = new int[padded / width];
    }

    void release() {
        tiles.release();
        for (float[] a : new float[][] {query, queryLeft, queryDeep, gradRows, gradLeft, gradDeep, delta, shift, keys,
            keyRows, values, p, ds, dsLeft, dkSum, dvSum, rowMajor}) {
            Scratch.give(a);
        }
    }

    /** Key-value head g of batch b. */
    void run(int b, int g) {
        int group = b * x.groups + g;
        rows.fill(0, dk, dkAt + group * x.keys * x.d, x.keys * x.d);
        rows.fill(0, dv, dvAt + group * x.keys * x.e, x.keys * x.e);
        for (int i = 0; i < x.shared; i++) {
            int h = g * x.shared + i;
            int queries = dqAt + (b * x.heads + h) * x.queries * x.d;
            rows.fill(0, dq, queries, x.queries * x.d);
            if (x.queries > 0) {
                head(b, h, g);
            }
            rows.scale(dq, queries, x.scale, dq, queries, x.queries * x.d);
        }
    }

    private void head(int b, int h, int g) {
        int t = x.queries;
        int first = (b * x.heads + h) * t;
        AttentionInputs.gatherHead(rows, x.q, b, h, query);
        rows.scale(query, 0, x.scale, query, 0, t * x.d);
        AttentionInputs.gatherHead(rows, grad, b, h, gradRows);
        statistics(b, h, first);
        tiles.packLeft(query, 0, x.d, 1, t, x.d, queryLeft);
        tiles.packLeft(query, 0, 1, x.d, x.d, t, queryDeep);
        tiles.packLeft(gradRows, 0, x.e, 1, t, x.e, gradLeft);
        tiles.packLeft(gradRows, 0, 1, x.e, x.e, t, gradDeep);
        boolean finiteHead = Float.isFinite(rows.sum(query, 0, t * x.d))
                && Float.isFinite(rows.sum(gradRows, 0, t * x.e));
        int end = x.endKey(t - 1);
        for (int j = x.firstKey(0) / KEYS * KEYS; j < end; j += KEYS) {
            int count = Math.min(KEYS, end - j);
            packKeys(b, g, j, count);
            finite = finiteHead && Float.isFinite(rows.sum(keys, 0, tiles.rightSize(count, x.d)))
                    && Float.isFinite(rows.sum(values, 0, tiles.rightSize(count, x.e)));
            Arrays.fill(dkSum, 0, tiles.rightSize(count, x.d), 0f);
            Arrays.fill(dvSum, 0, tiles.rightSize(count, x.e), 0f);
            for (int i = 0; i < t; i += QUERIES) {
                int n = Math.min(QUERIES, t - i);
                if (x.endKey(i + n - 1) > j && x.firstKey(i) < j + count) {
                    block(b, h, g, i, n, j, count);
                }
            }
            int group = (b * x.groups + g) * x.keys + j;
            addTransposed(dkSum, x.d, count, dk, dkAt + group * x.d);
            addTransposed(dvSum, x.e, count, dv, dvAt + group * x.e);
        }
    }

    /** For each query the log-sum-exp, and the dot product of output and gradient. */
    private void statistics(int b, int h, int first) {
        boolean direct = y.layout().stride(3) == 1;
        float[] output = direct ? y.heap().floats() : Scratch.take(x.queries * x.e);
        if (!direct) {
            AttentionInputs.gatherHead(rows, y, b, h, output);
        }
        for (int i = 0; i < x.queries; i++) {
            int at = direct ? AttentionInputs.at(y, b, h, i) : i * x.e;
            float dot = rows.dot(gradRows, i * x.e, output, at, x.e);
            Arrays.fill(delta, i * width, (i + 1) * width, dot);
            float saved = lse.data()[lse.offset() + first + i];
            // A query that sees nothing: its scores of -infinity shall give weights of 0.
            saved = saved == Float.NEGATIVE_INFINITY ? Float.POSITIVE_INFINITY : saved;
            Arrays.fill(shift, i * width, (i + 1) * width, saved);
        }
        if (!direct) {
            Scratch.give(output);
        }
    }

    private void packKeys(int b, int g, int j, int count) {
        float[] k = x.k.heap().floats();
        int stride = x.k.layout().stride(2);
        int step = x.k.layout().stride(3);
        int at = AttentionInputs.at(x.k, b, g, j);
        int padded = tiles.rightSize(count, 1);
        tiles.packRight(k, at, step, stride, x.d, x.d, count, keys);
        tiles.packRight(k, at, stride, step, count, padded, x.d, keyRows);
        for (int c = 0; c < x.d && count < padded; c += width) {
            Arrays.fill(keyRows, (c / width * padded + count) * width, (c / width + 1) * padded * width, 0f);
        }
        tiles.packRight(x.v.heap().floats(), AttentionInputs.at(x.v, b, g, j), x.v.layout().stride(3),
                x.v.layout().stride(2), x.e, x.e, count, values);
    }

    /** Adds sums [panel, depth, width] to count rows of depth elements. */
    private void addTransposed(float[] sums, int depth, int count, float[] to, int at) {
        for (int c = 0; c < count; c += width) {
            int n = Math.min(width, count - c);
            rows.transpose(sums, c * depth, width, depth, n, rowMajor, 0, depth);
            rows.add(rowMajor, 0, to, at + c * depth, n * depth);
        }
    }

    /** Queries {@code i .. i + n - 1} of head h against count keys from j on. */
    private void block(int b, int h, int g, int i, int n, int j, int count) {
        int padded = tiles.rightSize(count, 1);
        for (int c = 0; c < count; c += width) {
            // Whole panels of queries that see none of the keys are left out.
            int from = 0;
            while (from < n && x.endKey(Math.min(i + from + tiles.mr, i + n) - 1) <= j + c) {
                from += tiles.mr;
            }
            int to = n;
            while (to > from && x.firstKey(i + (to - 1) / tiles.mr * tiles.mr) >= j + c + width) {
                to = (to - 1) / tiles.mr * tiles.mr;
            }
            rowFrom[c / width] = from;
            rowTo[c / width] = to;
            if (from < to) {
                panel(b, h, g, i, from, to, j, c, padded);
            }
        }
        if (!finite) {
            return;
        }
        int last = (count - 1) / width;
        for (int r = 0; r < n; r += tiles.mr) {
            int from = 0;
            while (from <= last && (r < rowFrom[from] || r >= rowTo[from])) {
                from++;
            }
            int to = last + 1;
            while (to > from && (r < rowFrom[to - 1] || r >= rowTo[to - 1])) {
                to--;
            }
            int row = dqAt + ((b * x.heads + h) * x.queries + i + r) * x.d;
            for (int c = 0; c < x.d && from < to; c += width) {
                tiles.multiply(r, Math.min(r + tiles.mr, n), (to - from) * width, dsLeft, padded, from * width,
                        keyRows, (c / width * padded + from * width) * width, Math.min(width, x.d - c), dq, row + c,
                        x.d, true);
            }
        }
    }

    /** Rows from .. to of a block of queries from i on, against the panel of keys from j + c on. */
    private void panel(int b, int h, int g, int i, int from, int to, int j, int c, int padded) {
        int n = to - from;
        // i is a multiple of the rows of a panel.
        tiles.multiply(i + from, i + to, x.d, queryLeft, x.d, 0, keys, c * x.d, width, p, 0, width, false);
        tiles.multiply(i + from, i + to, x.e, gradLeft, x.e, 0, values, c * x.e, width, ds, 0, width, false);
        boolean all = x.seeAll(i + from, i + to - 1, j + c, j + c + width);
        for (int r = 0; r < n && !all; r++) {
            x.maskRow(b, h, i + from + r, p, r * width, j + c, width);
        }
        rows.softmaxSlopes(p, 0, ds, 0, n, width, shift, (i + from) * width, delta, (i + from) * width);
        if (!finite) {
            addSeen(b, h, g, i + from, n, j + c);
            return;
        }
        tiles.multiply(0, x.e, n, gradDeep, x.queries, i + from, p, 0, width, dvSum, c * x.e, width, true);
        tiles.multiply(0, x.d, n, queryDeep, x.queries, i + from, ds, 0, width, dkSum, c * x.d, width, true);
        for (int r = 0; r < n; r += tiles.mr) {
            tiles.packLeftPanel(ds, r * width, width, 1, Math.min(tiles.mr, n - r), width, dsLeft,
                    (from + r) * padded + c * tiles.mr);
        }
    }

    /** A panel without pairs of weight 0: what a query does not see may be NaN or infinite. */
    private void addSeen(int b, int h, int g, int i, int n, int j) {
        float[] k = x.k.heap().floats();
        float[] v = x.v.heap().floats();
        int kStep = x.k.layout().stride(3);
        int vStep = x.v.layout().stride(3);
        for (int r = 0; r < n; r++) {
            int row = (b * x.heads + h) * x.queries + i + r;
            int gradRow = (i + r) * x.e;
            int dqRow = dqAt + row * x.d;
            for (int c = 0; c < Math.min(width, x.keys - j); c++) {
                float w = p[r * width + c];
                if (w == 0) {
                    continue;
                }
                int key = AttentionInputs.at(x.k, b, g, j + c);
                int value = AttentionInputs.at(x.v, b, g, j + c);
                int dkRow = dkAt + ((b * x.groups + g) * x.keys + j + c) * x.d;
                int dvRow = dvAt + ((b * x.groups + g) * x.keys + j + c) * x.e;
                float dp = 0;
                for (int o = 0; o < x.e; o++) {
                    dp = Math.fma(gradRows[gradRow + o], v[value + o * vStep], dp);
                    dv[dvRow + o] += w * gradRows[gradRow + o];
                }
                float slope = w * (dp - delta[(i + r) * width]);
                for (int o = 0; o < x.d; o++) {
                    dq[dqRow + o] += slope * k[key + o * kStep];
                    dk[dkRow + o] += slope * query[(i + r) * x.d + o];
                }
            }
        }
    }
}
