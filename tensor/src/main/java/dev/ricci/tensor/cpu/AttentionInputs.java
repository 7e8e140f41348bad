package dev.ricci.tensor.cpu;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.cpu.rows.Rows;
import dev.ricci.tensor.spi.Operand;
import java.util.Arrays;

/** The inputs q, k, v and mask of attention, and which keys a query sees. */
final class AttentionInputs {
    final int batch;
    final int heads;
    final int groups;
    /** Query heads of one key-value head. */
    final int shared;
    final int queries;
    final int keys;
    final int d;
    final int e;
    final Operand q;
    final Operand k;
    final Operand v;
    final float scale;
    private final boolean causal;
    private final int window;
    private final Operand mask;
    /** Query t stands at the place of key t + shift. */
    private final int shift;

    AttentionInputs(Operand[] in, int first, double scale, boolean causal, int window) {
        this.q = in[first];
        this.k = in[first + 1];
        this.v = in[first + 2];
        this.mask = in.length > first + 3 ? in[first + 3] : null;
        this.batch = q.shape().dim(0);
        this.heads = q.shape().dim(1);
        this.groups = k.shape().dim(1);
        this.shared = heads / groups;
        this.queries = q.shape().dim(2);
        this.keys = k.shape().dim(2);
        this.d = q.shape().dim(3);
        this.e = v.shape().dim(3);
        this.scale = (float) scale;
        this.causal = causal;
        this.window = window;
        this.shift = keys - queries;
    }

    /** The first key that queries from t on can see, the mask aside. */
    int firstKey(int t) {
        return window == 0 ? 0 : Math.clamp((long) t + shift - window + 1, 0, keys);
    }

    /** One more than the last key that queries up to t can see, the mask aside. */
    int endKey(int t) {
        long end = keys;
        if (causal) {
            end = Math.min(end, (long) t + shift + 1);
        }
        if (window > 0) {
            end = Math.min(end, (long) t + shift + window);
        }
        return (int) Math.max(0, end);
    }

    /** The first of the keys {@code from .. to - 1} that the mask hides not from all queries of group g; to if there is none. */
    int firstSeen(int b, int g, int from, int to) {
        int first = to;
        for (int row = 0; row < (mask == null ? 0 : queries * shared) && first > from; row++) {
            first = search(b, g, row, from, first, 1);
        }
        return mask == null ? from : first;
    }

    /** One more than the last of the keys {@code from .. to - 1} that the mask hides not from all queries of group g. */
    int endSeen(int b, int g, int from, int to) {
        int last = from - 1;
        for (int row = 0; row < (mask == null ? 0 : queries * shared) && last < to - 1; row++) {
            last = search(b, g, row, to - 1, last, -1);
        }
        return mask == null ? to : last + 1;
    }

    /** The first key on the way from {@code from} to {@code to}, exclusive, that a query sees by the mask; to if none. */
    private int search(int b, int g, int row, int from, int to, int way) {
        int m = at(mask, b, g * shared + row % shared, row / shared);
        int step = mask.layout().stride(3);
        int j = from;
        if (mask.dtype() == DType.BOOL) {
            byte[] seen = mask.heap().bytes();
            while (j != to && seen[m + j * step] == 0) {
                j += way;
            }
        } else {
            float[] added = mask.heap().floats();
            while (j != to && added[m + j * step] == Float.NEGATIVE_INFINITY) {
                j += way;
            }
        }
        return j;
    }

    /** Whether queries {@code t .. last} all see all of the keys {@code from .. to - 1}, with nothing added. */
    boolean seeAll(int t, int last, int from, int to) {
        return mask == null && firstKey(last) <= from && endKey(t) >= to;
    }

    /** Storage index of element 0 of a vector of an operand [B, H, T, D]. */
    static int at(Operand x, int b, int h, int t) {
        Layout l = x.layout();
        return l.offset() + b * l.stride(0) + h * l.stride(1) + t * l.stride(2);
    }

    /**
     * Adds the mask to the scores of a query against keys {@code from .. from + n - 1}, and sets those that it does not
     * see, and those beyond the last key, to -infinity. Returns whether there are any of these.
     */
    boolean maskRow(int b, int h, int t, float[] s, int at, int from, int n) {
        int first = Math.clamp(firstKey(t) - from, 0, n);
        int end = Math.clamp(endKey(t) - from, first, n);
        boolean hidden = first > 0 || end < n;
        for (int j = 0; j < first; j++) {
            s[at + j] = Float.NEGATIVE_INFINITY;
        }
        for (int j = end; j < n; j++) {
            s[at + j] = Float.NEGATIVE_INFINITY;
        }
        if (mask == null || first == end) {
            return hidden;
        }
        int step = mask.layout().stride(3);
        int m = at(mask, b, h, t) + from * step;
        if (mask.dtype() == DType.BOOL) {
            byte[] seen = mask.heap().bytes();
            for (int j = first; j < end; j++) {
                if (seen[m + j * step] == 0) {
                    s[at + j] = Float.NEGATIVE_INFINITY;
                    hidden = true;
                }
            }
        } else {
            float[] added = mask.heap().floats();
            for (int j = first; j < end; j++) {
                float x = added[m + j * step];
                if (x == Float.NEGATIVE_INFINITY) {
                    s[at + j] = x;
                    hidden = true;
                } else {
                    s[at + j] += x;
                }
            }
        }
        return hidden;
    }

    /**
     * {@link #maskRow} for scores that lie the other way, keys {@code from .. to - 1} by {@code width} queries: row
     * {@code first + c} of group g in column c.
     */
    void maskColumns(int b, int g, int first, int columns, float[] s, int at, int width, int from, int to) {
        if (mask != null) {
            for (int c = 0; c < columns; c++) {
                maskColumn(b, g * shared + (first + c) % shared, (first + c) / shared, s, at + c, width, from, to);
            }
            return;
        }
        // The keys that each query sees begin and end no earlier than those of the query before: of each key's row,
        // the queries before some column see it not yet, those from some column on see it no more.
        int c = 0;
        for (int j = Math.max(from, endKey(first / shared)); j < to; j++) {
            while (c < columns && endKey((first + c) / shared) <= j) {
                c++;
            }
            int row = at + (j - from) * width;
            Arrays.fill(s, row, row + c, Float.NEGATIVE_INFINITY);
        }
        c = 0;
        int end = Math.min(to, firstKey((first + columns - 1) / shared));
        for (int j = from; j < end; j++) {
            while (c < columns && firstKey((first + c) / shared) <= j) {
                c++;
            }
            int row = at + (j - from) * width;
            Arrays.fill(s, row + c, row + columns, Float.NEGATIVE_INFINITY);
        }
    }

    private void maskColumn(int b, int h, int t, float[] s, int at, int width, int from, int to) {
        int first = firstKey(t);
        int end = endKey(t);
        int step = mask.layout().stride(3);
        int m = at(mask, b, h, t);
        boolean flags = mask.dtype() == DType.BOOL;
        byte[] seen = flags ? mask.heap().bytes() : null;
        float[] added = flags ? null : mask.heap().floats();
        for (int j = from; j < to; j++) {
            int i = at + (j - from) * width;
            if (j < first || j >= end || flags && seen[m + j * step] == 0
                    || !flags && added[m + j * step] == Float.NEGATIVE_INFINITY) {
                s[i] = Float.NEGATIVE_INFINITY;
            } else if (!flags) {
                s[i] += added[m + j * step];
            }
        }
    }

    /** Where among all queries [B, H, T] row {@code row} of group g stands. */
    int queryRow(int b, int g, int row) {
        return (b * heads + g * shared + row % shared) * queries + row / shared;
    }

    /** Scaled queries of group g, n rows from {@code from} on: row r is query r / shared of head r % shared. */
    void gatherQueries(Rows rows, int b, int g, int from, int n, float[] to) {
        float[] x = q.heap().floats();
        int step = q.layout().stride(3);
        for (int i = 0; i < n; i++) {
            int at = at(q, b, g * shared + (from + i) % shared, (from + i) / shared);
            if (step == 1) {
                rows.scale(x, at, scale, to, i * d, d);
            } else {
                for (int p = 0; p < d; p++) {
                    to[i * d + p] = x[at + p * step] * scale;
                }
            }
        }
    }

    /** Copies head h of an operand [B, H, T, n] to [T, n]. */
    static void gatherHead(Rows rows, Operand x, int b, int h, float[] to) {
        int n = x.shape().dim(3);
        int stride = x.layout().stride(2);
        int step = x.layout().stride(3);
        int at = at(x, b, h, 0);
        if (step == 1) {
            rows.copy(x.heap().floats(), at, stride, x.shape().dim(2), n, to, 0, n);
            return;
        }
        for (int t = 0; t < x.shape().dim(2); t++) {
            for (int p = 0; p < n; p++) {
                to[t * n + p] = x.heap().floats()[at + t * stride + p * step];
            }
        }
    }
}
