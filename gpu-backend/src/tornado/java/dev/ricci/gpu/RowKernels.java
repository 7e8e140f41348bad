package dev.ricci.gpu;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/** Softmax, norms and cross-entropy: a group of 256 items a row of dense operands. */
final class RowKernels {
    private RowKernels() {
    }

    /** The sum of what the items bring, known to all of them. */
    private static float sum(KernelContext c, float[] part, int tid, float value) {
        part[tid] = value;
        for (int half = 128; half > 0; half = half / 2) {
            c.localBarrier();
            if (tid < half) {
                part[tid] += part[tid + half];
            }
        }
        c.localBarrier();
        float total = part[0];
        c.localBarrier();
        return total;
    }

    /** The largest of what the items bring, NaN if any is. */
    private static float largest(KernelContext c, float[] part, int tid, float value) {
        part[tid] = value;
        for (int half = 128; half > 0; half = half / 2) {
            c.localBarrier();
            if (tid < half) {
                part[tid] = DeviceMath.max(part[tid], part[tid + half]);
            }
        }
        c.localBarrier();
        float total = part[0];
        c.localBarrier();
        return total;
    }

    /** Lanes of FIRST elements SECOND apart; KIND 1 is the logarithm. */
    static void kSoftmax(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int tid = c.localIdx;
        int count = p.get(Params.FIRST);
        int inner = p.get(Params.SECOND);
        int lane = c.groupIdx / inner * inner * count + c.groupIdx % inner;
        int in = p.get(Params.A) + lane;
        int out = p.get(Params.OUT) + lane;
        float[] part = c.allocateFloatLocalArray(256);
        float most = -q.get(Params.INFINITY);
        for (int i = tid; i < count; i += 256) {
            most = DeviceMath.max(most, f.get(in + i * inner));
        }
        most = largest(c, part, tid, most);
        float sum = 0f;
        for (int i = tid; i < count; i += 256) {
            sum += TornadoMath.exp(f.get(in + i * inner) - most);
        }
        sum = sum(c, part, tid, sum);
        float log = TornadoMath.log(sum);
        for (int i = tid; i < count; i += 256) {
            float x = f.get(in + i * inner) - most;
            f.set(out + i * inner, p.get(Params.KIND) == 1 ? x - log : TornadoMath.exp(x) / sum);
        }
    }

    /** A is the gradient, B the result of the softmax. */
    static void kSoftmaxBackward(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int tid = c.localIdx;
        int log = p.get(Params.KIND);
        int count = p.get(Params.FIRST);
        int inner = p.get(Params.SECOND);
        int lane = c.groupIdx / inner * inner * count + c.groupIdx % inner;
        int grad = p.get(Params.A) + lane;
        int y = p.get(Params.B) + lane;
        float[] part = c.allocateFloatLocalArray(256);
        float sum = 0f;
        for (int i = tid; i < count; i += 256) {
            float g = f.get(grad + i * inner);
            sum += log == 1 ? g : g * f.get(y + i * inner);
        }
        sum = sum(c, part, tid, sum);
        for (int i = tid; i < count; i += 256) {
            float g = f.get(grad + i * inner);
            float v = f.get(y + i * inner);
            f.set(p.get(Params.OUT) + lane + i * inner, log == 1 ? g - TornadoMath.exp(v) * sum : v * (g - sum));
        }
    }

    /** Rows of FIRST elements: A x, B weight, C bias if FLAG; KIND 1 centres, with the means at MEAN; 1 / deviation at RSTD. */
    static void kNorm(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int tid = c.localIdx;
        int d = p.get(Params.FIRST);
        int x = p.get(Params.A) + c.groupIdx * d;
        float[] part = c.allocateFloatLocalArray(256);
        float mean = 0f;
        if (p.get(Params.KIND) == 1) {
            float sum = 0f;
            for (int i = tid; i < d; i += 256) {
                sum += f.get(x + i);
            }
            mean = sum(c, part, tid, sum) / d;
        }
        float squares = 0f;
        for (int i = tid; i < d; i += 256) {
            float v = f.get(x + i) - mean;
            squares += v * v;
        }
        float rstd = 1f / TornadoMath.sqrt(sum(c, part, tid, squares) / d + q.get(0));
        for (int i = tid; i < d; i += 256) {
            float y = (f.get(x + i) - mean) * rstd * f.get(p.get(Params.B) + i);
            if (p.get(Params.FLAG) == 1) {
                y = y + f.get(p.get(Params.C) + i);
            }
            f.set(p.get(Params.OUT) + c.groupIdx * d + i, y);
        }
        if (tid == 0) {
            if (p.get(Params.KIND) == 1) {
                f.set(p.get(Params.MEAN) + c.groupIdx, mean);
            }
            f.set(p.get(Params.RSTD) + c.groupIdx, rstd);
        }
    }

    /** The gradient of x: A gradient, B x, C weight, all in rows of FIRST. */
    static void kNormBackward(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int tid = c.localIdx;
        int d = p.get(Params.FIRST);
        int row = c.groupIdx * d;
        float[] part = c.allocateFloatLocalArray(256);
        float rstd = f.get(p.get(Params.RSTD) + c.groupIdx);
        float mean = 0f;
        if (p.get(Params.KIND) == 1) {
            mean = f.get(p.get(Params.MEAN) + c.groupIdx);
        }
        float g = 0f;
        float gx = 0f;
        for (int i = tid; i < d; i += 256) {
            float v = f.get(p.get(Params.A) + row + i) * f.get(p.get(Params.C) + i);
            g += v;
            gx += v * (f.get(p.get(Params.B) + row + i) - mean) * rstd;
        }
        g = sum(c, part, tid, g) / d;
        gx = sum(c, part, tid, gx) / d;
        if (p.get(Params.KIND) == 0) {
            g = 0f;
        }
        for (int i = tid; i < d; i += 256) {
            float v = f.get(p.get(Params.A) + row + i) * f.get(p.get(Params.C) + i);
            float xhat = (f.get(p.get(Params.B) + row + i) - mean) * rstd;
            f.set(p.get(Params.OUT) + row + i, rstd * (v - g - xhat * gx));
        }
    }

    /** The gradients of weight (OUT) and, if FLAG, bias (C): an item a column, which adds SECOND rows in order. */
    static void kNormBackwardWeight(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        int d = p.get(Params.FIRST);
        if (i < d) {
            float weight = 0f;
            float bias = 0f;
            for (int r = 0; r < p.get(Params.SECOND); r++) {
                float mean = 0f;
                if (p.get(Params.KIND) == 1) {
                    mean = f.get(p.get(Params.MEAN) + r);
                }
                float g = f.get(p.get(Params.A) + r * d + i);
                weight += g * (f.get(p.get(Params.B) + r * d + i) - mean) * f.get(p.get(Params.RSTD) + r);
                bias += g;
            }
            f.set(p.get(Params.OUT) + i, weight);
            if (p.get(Params.FLAG) == 1) {
                f.set(p.get(Params.C) + i, bias);
            }
        }
    }

    /** A logits in rows of FIRST, B targets of type TYPE; losses at OUT, log-sum-exp at C. EXTRA is ignored, Q0 smooths. */
    static void kCrossEntropy(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int tid = c.localIdx;
        int classes = p.get(Params.FIRST);
        int x = p.get(Params.A) + c.groupIdx * classes;
        float s = q.get(0);
        float[] part = c.allocateFloatLocalArray(256);
        float most = -q.get(Params.INFINITY);
        float total = 0f;
        for (int i = tid; i < classes; i += 256) {
            most = DeviceMath.max(most, f.get(x + i));
            total += f.get(x + i);
        }
        most = largest(c, part, tid, most);
        total = sum(c, part, tid, total);
        float sum = 0f;
        for (int i = tid; i < classes; i += 256) {
            sum += TornadoMath.exp(f.get(x + i) - most);
        }
        sum = sum(c, part, tid, sum);
        if (tid == 0) {
            float lse = most - most == 0f ? most + TornadoMath.log(sum) : most;
            int target = (int) Index.whole(n, l, p.get(Params.TYPE), p.get(Params.B) + c.groupIdx);
            float loss = 0f;
            if (target != p.get(Params.EXTRA)) {
                loss = lse;
                // Terms without weight are left out: 0 times an infinite logit would be NaN.
                if (s < 1f) {
                    loss = loss - (1f - s) * f.get(x + target);
                }
                if (s > 0f) {
                    loss = loss - s * (total / classes);
                }
            }
            f.set(p.get(Params.OUT) + c.groupIdx, loss);
            f.set(p.get(Params.C) + c.groupIdx, lse);
        }
    }

    /** An item an element: A gradients of rows, B logits, C log-sum-exp, targets at SECOND. */
    static void kCrossEntropyBackward(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int classes = p.get(Params.FIRST);
            int row = i / classes;
            int target = (int) Index.whole(n, l, p.get(Params.TYPE), p.get(Params.SECOND) + row);
            float y = 0f;
            if (target != p.get(Params.EXTRA)) {
                float s = q.get(0);
                float hit = i - row * classes == target ? 1f - s : 0f;
                y = TornadoMath.exp(f.get(p.get(Params.B) + i) - f.get(p.get(Params.C) + row)) - hit - s / classes;
                y = y * f.get(p.get(Params.A) + row);
            }
            f.set(p.get(Params.OUT) + i, y);
        }
    }
}
