package dev.ricci.gpu;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/** Attention by groups of 64 items, and rotary embedding. q, k, v, mask and gradient in any layout. */
final class AttentionKernels {
    private AttentionKernels() {
    }

    private static int place(IntArray p, int strides, int b, int h, int t) {
        return b * p.get(strides) + h * p.get(strides + 1) + t * p.get(strides + 2);
    }

    /** The score of query t of a head for key j, -infinity where it does not look: keys not seen may hold anything. */
    private static float score(FloatArray f, IntArray n, IntArray p, FloatArray q, int b, int h, int t, int j) {
        int distance = t + p.get(Params.KEYS) - p.get(Params.QUERIES) - j;
        int window = p.get(Params.WINDOW);
        int seen = 1;
        if (p.get(Params.CAUSAL) == 1) {
            seen = distance < 0 ? 0 : 1;
        }
        if (window > 0) {
            // Products, no conditions in conditions: TornadoVM writes those without parentheses.
            int near = distance < window ? 1 : 0;
            int far = -distance < window ? 1 : 0;
            seen = seen * near * far;
        }
        float added = 0f;
        int kind = p.get(Params.MASK_KIND);
        if (seen == 1 && kind > 0) {
            int at = p.get(Params.MASK) + place(p, Params.MASK_STRIDES, b, h, t) + j * p.get(Params.MASK_STRIDES + 3);
            if (kind == 1) {
                seen = n.get(at);
            } else {
                added = f.get(at);
                if (added == -q.get(Params.INFINITY)) {
                    seen = 0;
                }
            }
        }
        float score = -q.get(Params.INFINITY);
        if (seen != 0) {
            int group = h / (p.get(Params.HEADS) / p.get(Params.GROUPS));
            int query = p.get(Params.A) + place(p, Params.Q_STRIDES, b, h, t);
            int key = p.get(Params.B) + place(p, Params.K_STRIDES, b, group, j);
            float dot = 0f;
            for (int i = 0; i < p.get(Params.DEPTH); i++) {
                dot += f.get(query + i * p.get(Params.Q_STRIDES + 3)) * f.get(key + i * p.get(Params.K_STRIDES + 3));
            }
            score = q.get(0) * dot + added;
        }
        return score;
    }

    /** A group a query: one pass over the keys for the log-sum-exp (LSE), one for the result (OUT). */
    static void kAttention(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int tid = c.localIdx;
        int r = c.groupIdx;
        int t = r % p.get(Params.QUERIES);
        int h = r / p.get(Params.QUERIES) % p.get(Params.HEADS);
        int b = r / p.get(Params.QUERIES) / p.get(Params.HEADS);
        int keys = p.get(Params.KEYS);
        int depth = p.get(Params.VALUE_DEPTH);
        float none = -q.get(Params.INFINITY);
        float[] most = c.allocateFloatLocalArray(64);
        float[] sums = c.allocateFloatLocalArray(64);
        float m = none;
        float s = 0f;
        for (int j = tid; j < keys; j += 64) {
            float x = score(f, n, p, q, b, h, t, j);
            if (x != none) {
                float larger = DeviceMath.max(m, x);
                s = s * TornadoMath.exp(m - larger) + TornadoMath.exp(x - larger);
                m = larger;
            }
        }
        most[tid] = m;
        sums[tid] = s;
        for (int half = 32; half > 0; half = half / 2) {
            c.localBarrier();
            if (tid < half) {
                float left = most[tid];
                float right = most[tid + half];
                float larger = DeviceMath.max(left, right);
                if (larger != none) {
                    sums[tid] = sums[tid] * TornadoMath.exp(left - larger) + sums[tid + half] * TornadoMath.exp(right - larger);
                    most[tid] = larger;
                }
            }
        }
        c.localBarrier();
        m = most[0];
        s = sums[0];
        c.localBarrier();
        if (tid == 0) {
            f.set(p.get(Params.LSE) + r, m == none ? none : m + TornadoMath.log(s));
        }
        int out = p.get(Params.OUT) + r * depth;
        for (int e = tid; e < depth; e += 64) {
            f.set(out + e, 0f);
        }
        int group = h / (p.get(Params.HEADS) / p.get(Params.GROUPS));
        int values = p.get(Params.C) + place(p, Params.V_STRIDES, b, group, 0);
        for (int j0 = 0; j0 < keys; j0 += 64) {
            float weight = -1f;
            if (j0 + tid < keys) {
                float x = score(f, n, p, q, b, h, t, j0 + tid);
                if (x != none) {
                    weight = TornadoMath.exp(x - m) / s;
                }
            }
            sums[tid] = weight;
            c.localBarrier();
            for (int e = tid; e < depth; e += 64) {
                float acc = f.get(out + e);
                for (int j = 0; j < 64; j++) {
                    if (sums[j] != -1f) {
                        acc += sums[j] * f.get(values + (j0 + j) * p.get(Params.V_STRIDES + 2) + e * p.get(Params.V_STRIDES + 3));
                    }
                }
                f.set(out + e, acc);
            }
            c.localBarrier();
        }
    }

    /** scale p (dp - grad out) with p = exp(score - lse), dp = grad v; the caller knows that the key is seen. */
    private static float slope(FloatArray f, IntArray p, FloatArray q, int b, int h, int t, int j, float weight) {
        int group = h / (p.get(Params.HEADS) / p.get(Params.GROUPS));
        int grad = p.get(Params.GRAD) + place(p, Params.GRAD_STRIDES, b, h, t);
        int value = p.get(Params.C) + place(p, Params.V_STRIDES, b, group, j);
        int y = p.get(Params.Y) + ((b * p.get(Params.HEADS) + h) * p.get(Params.QUERIES) + t) * p.get(Params.VALUE_DEPTH);
        float dp = 0f;
        float gy = 0f;
        for (int e = 0; e < p.get(Params.VALUE_DEPTH); e++) {
            float g = f.get(grad + e * p.get(Params.GRAD_STRIDES + 3));
            dp += g * f.get(value + e * p.get(Params.V_STRIDES + 3));
            gy += g * f.get(y + e);
        }
        return weight * (dp - gy) * q.get(0);
    }

    /** The gradient of q: a group a query. */
    static void kAttentionQuery(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int tid = c.localIdx;
        int r = c.groupIdx;
        int t = r % p.get(Params.QUERIES);
        int h = r / p.get(Params.QUERIES) % p.get(Params.HEADS);
        int b = r / p.get(Params.QUERIES) / p.get(Params.HEADS);
        int keys = p.get(Params.KEYS);
        int depth = p.get(Params.DEPTH);
        float none = -q.get(Params.INFINITY);
        float[] slopes = c.allocateFloatLocalArray(64);
        float[] seen = c.allocateFloatLocalArray(64);
        int out = p.get(Params.OUT) + r * depth;
        for (int d = tid; d < depth; d += 64) {
            f.set(out + d, 0f);
        }
        int group = h / (p.get(Params.HEADS) / p.get(Params.GROUPS));
        int key = p.get(Params.B) + place(p, Params.K_STRIDES, b, group, 0);
        for (int j0 = 0; j0 < keys; j0 += 64) {
            float looks = 0f;
            float ds = 0f;
            if (j0 + tid < keys) {
                float x = score(f, n, p, q, b, h, t, j0 + tid);
                if (x != none) {
                    looks = 1f;
                    ds = slope(f, p, q, b, h, t, j0 + tid, TornadoMath.exp(x - f.get(p.get(Params.LSE) + r)));
                }
            }
            slopes[tid] = ds;
            seen[tid] = looks;
            c.localBarrier();
            for (int d = tid; d < depth; d += 64) {
                float acc = f.get(out + d);
                for (int j = 0; j < 64; j++) {
                    if (seen[j] == 1f) {
                        acc += slopes[j] * f.get(key + (j0 + j) * p.get(Params.K_STRIDES + 2) + d * p.get(Params.K_STRIDES + 3));
                    }
                }
                f.set(out + d, acc);
            }
            c.localBarrier();
        }
    }

    /** The gradients of k (OUT) and v (SECOND): a group a key, over the queries of the heads that share it. */
    static void kAttentionKey(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int tid = c.localIdx;
        int r = c.groupIdx;
        int j = r % p.get(Params.KEYS);
        int g = r / p.get(Params.KEYS) % p.get(Params.GROUPS);
        int b = r / p.get(Params.KEYS) / p.get(Params.GROUPS);
        int queries = p.get(Params.QUERIES);
        int share = p.get(Params.HEADS) / p.get(Params.GROUPS);
        int depth = p.get(Params.DEPTH);
        int valueDepth = p.get(Params.VALUE_DEPTH);
        float none = -q.get(Params.INFINITY);
        float[] weights = c.allocateFloatLocalArray(64);
        float[] slopes = c.allocateFloatLocalArray(64);
        float[] seen = c.allocateFloatLocalArray(64);
        int dk = p.get(Params.OUT) + r * depth;
        int dv = p.get(Params.SECOND) + r * valueDepth;
        for (int d = tid; d < depth; d += 64) {
            f.set(dk + d, 0f);
        }
        for (int e = tid; e < valueDepth; e += 64) {
            f.set(dv + e, 0f);
        }
        for (int i0 = 0; i0 < share * queries; i0 += 64) {
            float looks = 0f;
            float weight = 0f;
            float ds = 0f;
            int mine = i0 + tid;
            if (mine < share * queries) {
                int h = g * share + mine / queries;
                int t = mine % queries;
                float x = score(f, n, p, q, b, h, t, j);
                if (x != none) {
                    looks = 1f;
                    weight = TornadoMath.exp(x - f.get(p.get(Params.LSE) + (b * p.get(Params.HEADS) + h) * queries + t));
                    ds = slope(f, p, q, b, h, t, j, weight);
                }
            }
            weights[tid] = weight;
            slopes[tid] = ds;
            seen[tid] = looks;
            c.localBarrier();
            for (int d = tid; d < depth; d += 64) {
                float acc = f.get(dk + d);
                for (int i = 0; i < 64; i++) {
                    if (seen[i] == 1f) {
                        int at = p.get(Params.A) + place(p, Params.Q_STRIDES, b, g * share + (i0 + i) / queries, (i0 + i) % queries);
                        acc += slopes[i] * f.get(at + d * p.get(Params.Q_STRIDES + 3));
                    }
                }
                f.set(dk + d, acc);
            }
            for (int e = tid; e < valueDepth; e += 64) {
                float acc = f.get(dv + e);
                for (int i = 0; i < 64; i++) {
                    if (seen[i] == 1f) {
                        int at = p.get(Params.GRAD) + place(p, Params.GRAD_STRIDES, b, g * share + (i0 + i) / queries, (i0 + i) % queries);
                        acc += weights[i] * f.get(at + e * p.get(Params.GRAD_STRIDES + 3));
                    }
                }
                f.set(dv + e, acc);
            }
            c.localBarrier();
        }
    }

    /**
     * A x [..., FIRST, SECOND], B positions (of type FLAG, THIRD of them a batch entry of ROWS vectors), C cosines and
     * EXTRA sines with M a row. KIND: 1 interleaved, 2 inverse, 3 both.
     */
    static void kRotary(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int depth = p.get(Params.SECOND);
            int half = p.get(Params.M);
            int vector = i / depth;
            int d = i - vector * depth;
            float x = f.get(p.get(Params.A) + i);
            float y = x;
            if (d < 2 * half) {
                int batch = vector / p.get(Params.ROWS);
                int at = batch * p.get(Params.THIRD) + vector % p.get(Params.FIRST);
                int row = (int) Index.whole(n, l, p.get(Params.FLAG), p.get(Params.B) + at) * half;
                int kind = p.get(Params.KIND);
                int pair = d < half ? d : d - half;
                int first = d < half ? 1 : 0;
                int other = first == 1 ? half : -half;
                if (kind == 1 || kind == 3) {
                    pair = d / 2;
                    first = d % 2 == 0 ? 1 : 0;
                    other = first == 1 ? 1 : -1;
                }
                float cos = f.get(p.get(Params.C) + row + pair);
                float sin = f.get(p.get(Params.EXTRA) + row + pair);
                if (kind >= 2) {
                    sin = -sin;
                }
                float z = f.get(p.get(Params.A) + i + other);
                y = first == 1 ? x * cos - z * sin : z * sin + x * cos;
            }
            f.set(p.get(Params.OUT) + i, y);
        }
    }
}
