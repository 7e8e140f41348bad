package dev.ricci.tensor.cpu;

import dev.ricci.tensor.cpu.rows.MicroKernel;
import dev.ricci.tensor.cpu.rows.Rows;
import dev.ricci.tensor.spi.Operand;
import java.util.Arrays;

/**
 * The gradient of attention for one key-value head and all query heads that share it (Dao et al. 2022, algorithm 4):
 * the weights are computed again, block by block, from the saved log-sum-exp. Everything that one key-value head
 * collects is added on one thread in one order.
 */
final class AttentionBackward {
    private static final int KEYS = AttentionForward.KEYS;
    private static final int QUERIES = 96;

    private final Rows rows;
    private final AttentionInputs x;
    private final Dense grad;
    private final Dense y;
    private final Dense lse;
    private final float[] dq;
    private final float[] dk;
    private final float[] dv;
    private final int dqAt;
    private final int dkAt;
    private final int dvAt;
    private final Tiles tiles;
    private final float[] query;
    private final float[] queryLeft;
    private final float[] queryRight;
    private final float[] gradLeft;
    private final float[] gradRight;
    private final float[] delta;
    private final float[] keys;
    private final float[] keyRows;
    private final float[] values;
    private final float[] p = Scratch.take(QUERIES * KEYS);
    private final float[] ds = Scratch.take(QUERIES * KEYS);
    private final float[] left;
    private boolean finite;

    AttentionBackward(Rows rows, MicroKernel micro, AttentionInputs x, Dense grad, Dense y, Dense lse, Operand[] out) {
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
        int t = x.queries;
        this.query = Scratch.take(t * x.d);
        this.queryLeft = Scratch.take(tiles.leftSize(t, x.d));
        this.queryRight = Scratch.take(tiles.rightSize(x.d, t));
        this.gradLeft = Scratch.take(tiles.leftSize(t, x.e));
        this.gradRight = Scratch.take(tiles.rightSize(x.e, t));
        this.delta = Scratch.take(t);
        this.keys = Scratch.take(tiles.rightSize(KEYS, x.d));
        this.keyRows = Scratch.take(tiles.rightSize(x.d, KEYS));
        this.values = Scratch.take(tiles.rightSize(KEYS, x.e));
        this.left = Scratch.take(Math.max(tiles.leftSize(KEYS, QUERIES), tiles.leftSize(QUERIES, KEYS)));
    }

    void release() {
        tiles.release();
        for (float[] a : new float[][] {query, queryLeft, queryRight, gradLeft, gradRight, delta, keys, keyRows,
            values, p, ds, left}) {
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
        float[] q = x.q.heap().floats();
        int step = x.q.layout().stride(3);
        for (int i = 0; i < t; i++) {
            int at = AttentionInputs.at(x.q, b, h, i);
            for (int c = 0; c < x.d; c++) {
                query[i * x.d + c] = q[at + c * step] * x.scale;
            }
            int row = (first + i) * x.e;
            delta[i] = rows.dot(grad.data(), grad.offset() + row, y.data(), y.offset() + row, x.e);
        }
        tiles.packLeft(query, 0, x.d, 1, t, x.d, queryLeft);
        tiles.packRight(query, 0, x.d, 1, t, t, x.d, queryRight);
        int gradAt = grad.offset() + first * x.e;
        tiles.packLeft(grad.data(), gradAt, x.e, 1, t, x.e, gradLeft);
        tiles.packRight(grad.data(), gradAt, x.e, 1, t, t, x.e, gradRight);
        finite = Float.isFinite(rows.sum(queryRight, 0, tiles.rightSize(x.d, t)))
                && Float.isFinite(rows.sum(gradRight, 0, tiles.rightSize(x.e, t)));
        int end = x.endKey(t - 1);
        for (int j = x.firstKey(0) / KEYS * KEYS; j < end; j += KEYS) {
            int from = 0;
            while (from < t && x.endKey(from) <= j) {
                from++;
            }
            int to = t;
            while (to > from && x.firstKey(to - 1) >= j + KEYS) {
                to--;
            }
            if (from < to) {
                packKeys(b, g, j);
                for (int i = tiles.panelStart(from); i < to; i += QUERIES) {
                    block(b, h, g, i, Math.min(QUERIES, to - i), j);
                }
            }
        }
    }

    private void packKeys(int b, int g, int j) {
        int count = Math.min(KEYS, x.keys - j);
        float[] k = x.k.heap().floats();
        int keyStride = x.k.layout().stride(2);
        int step = x.k.layout().stride(3);
        int at = AttentionInputs.at(x.k, b, g, j);
        tiles.packRight(k, at, step, keyStride, x.d, x.d, count, keys);
        Arrays.fill(keys, tiles.rightSize(count, x.d), tiles.rightSize(KEYS, x.d), 0f);
        tiles.packRight(k, at, keyStride, step, count, KEYS, x.d, keyRows);
        tiles.packRight(x.v.heap().floats(), AttentionInputs.at(x.v, b, g, j), x.v.layout().stride(3),
                x.v.layout().stride(2), x.e, x.e, count, values);
        Arrays.fill(values, tiles.rightSize(count, x.e), tiles.rightSize(KEYS, x.e), 0f);
    }

    /** Queries {@code i .. i + n - 1} of head h against the keys from j on. */
    private void block(int b, int h, int g, int i, int n, int j) {
        tiles.multiply(i, i + n, KEYS, x.d, queryLeft, keys, x.d, 0, p, 0, KEYS, false);
        boolean hidden = false;
        for (int r = 0; r < n; r++) {
            hidden |= x.maskRow(b, h, i + r, p, r * KEYS, j, KEYS);
            float shift = lse.data()[lse.offset() + (b * x.heads + h) * x.queries + i + r];
            if (shift == Float.NEGATIVE_INFINITY) {
                Arrays.fill(p, r * KEYS, (r + 1) * KEYS, 0f);
                hidden = true;
            } else {
                rows.expShifted(p, r * KEYS, shift, p, r * KEYS, KEYS);
            }
        }
        int count = Math.min(KEYS, x.keys - j);
        int group = b * x.groups + g;
        int dqRow = dqAt + ((b * x.heads + h) * x.queries + i) * x.d;
        int dkRow = dkAt + (group * x.keys + j) * x.d;
        int dvRow = dvAt + (group * x.keys + j) * x.e;
        if (hidden && !(finite && Float.isFinite(rows.sum(keyRows, 0, tiles.rightSize(x.d, KEYS)))
                && Float.isFinite(rows.sum(values, 0, tiles.rightSize(KEYS, x.e))))) {
            addSeen(b, h, g, i, n, j, dqRow, dkRow, dvRow);
            return;
        }
        tiles.multiply(i, i + n, KEYS, x.e, gradLeft, values, x.e, 0, ds, 0, KEYS, false);
        for (int r = 0; r < n; r++) {
            rows.softmaxBackward(ds, r * KEYS, p, r * KEYS, delta[i + r], ds, r * KEYS, KEYS);
        }
        tiles.packLeft(p, 0, 1, KEYS, count, n, left);
        tiles.multiply(0, count, x.e, n, left, gradRight, x.queries, i, dv, dvRow, x.e, true);
        tiles.packLeft(ds, 0, 1, KEYS, count, n, left);
        tiles.multiply(0, count, x.d, n, left, queryRight, x.queries, i, dk, dkRow, x.d, true);
        tiles.packLeft(ds, 0, KEYS, 1, n, KEYS, left);
        tiles.multiply(0, n, x.d, KEYS, left, keyRows, KEYS, 0, dq, dqRow, x.d, true);
    }

    /** The block without pairs of weight 0: what a query does not see may be NaN or infinite. */
    private void addSeen(int b, int h, int g, int i, int n, int j, int dqRow, int dkRow, int dvRow) {
        float[] k = x.k.heap().floats();
        float[] v = x.v.heap().floats();
        int kStep = x.k.layout().stride(3);
        int vStep = x.v.layout().stride(3);
        for (int r = 0; r < n; r++) {
            int gradRow = grad.offset() + ((b * x.heads + h) * x.queries + i + r) * x.e;
            for (int c = 0; c < Math.min(KEYS, x.keys - j); c++) {
                float w = p[r * KEYS + c];
                if (w == 0) {
                    continue;
                }
                int key = AttentionInputs.at(x.k, b, g, j + c);
                int value = AttentionInputs.at(x.v, b, g, j + c);
                float dp = 0;
                for (int o = 0; o < x.e; o++) {
                    dp = Math.fma(grad.data()[gradRow + o], v[value + o * vStep], dp);
                    dv[dvRow + c * x.e + o] += w * grad.data()[gradRow + o];
                }
                float slope = w * (dp - delta[i + r]);
                for (int o = 0; o < x.d; o++) {
                    dq[dqRow + r * x.d + o] += slope * k[key + o * kStep];
                    dk[dkRow + c * x.d + o] += slope * query[(i + r) * x.d + o];
                }
            }
        }
    }
}
