package dev.ricci.gpu;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/** Random draws by Philox counters, and the optimizer. Unsigned shifts are signed ones with a mask: {@code >>>} is wrong. */
final class StateKernels {
    private StateKernels() {
    }

    /** Word {@code which} of Philox4x32-10 over a counter; see {@link dev.ricci.tensor.Philox}. */
    private static int philox(int counter0, int counter1, int counter2, int counter3, long key, int which) {
        int k0 = (int) key;
        int k1 = (int) (key >> 32);
        int c0 = counter0;
        int c1 = counter1;
        int c2 = counter2;
        int c3 = counter3;
        for (int round = 0; round < 10; round++) {
            long p0 = 0xD2511F53L * (c0 & 0xFFFFFFFFL);
            long p1 = 0xCD9E8D57L * (c2 & 0xFFFFFFFFL);
            int n0 = (int) (p1 >> 32) ^ c1 ^ k0;
            int n2 = (int) (p0 >> 32) ^ c3 ^ k1;
            c1 = (int) p1;
            c3 = (int) p0;
            c0 = n0;
            c2 = n2;
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        return which == 0 ? c0 : which == 1 ? c1 : which == 2 ? c2 : c3;
    }

    private static int draw(LongArray l, IntArray p, int i) {
        return philox(i / 4, 0, 0, 0, l.get(p.get(Params.B)), i % 4);
    }

    /** B key, C salt if FLAG; FIRST and SECOND are the words of the stream. */
    static void kSplit(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        if (c.globalIdx == 0) {
            long key = l.get(p.get(Params.B)) ^ 0x5EED5EED5EED5EEDL;
            long salt = 0;
            if (p.get(Params.FLAG) == 1) {
                salt = l.get(p.get(Params.C));
            }
            int low = (int) salt;
            int high = (int) (salt >> 32);
            long w0 = philox(p.get(Params.FIRST), p.get(Params.SECOND), low, high, key, 0);
            long w1 = philox(p.get(Params.FIRST), p.get(Params.SECOND), low, high, key, 1);
            l.set(p.get(Params.OUT), (w0 & 0xFFFFFFFFL) | (w1 << 32));
        }
    }

    /** Upper 24 bits to [0, 1). */
    static void kUniform(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            f.set(p.get(Params.OUT) + i, ((draw(l, p, i) >> 8) & 0xFFFFFF) * 0x1p-24f);
        }
    }

    /** 0 .. FIRST-1. */
    static void kRandomInt(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            n.set(p.get(Params.OUT) + i, (int) (((draw(l, p, i) & 0xFFFFFFFFL) * p.get(Params.FIRST)) >> 32));
        }
    }

    /** Box and Muller's transform in double precision. */
    static void kNormal(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            long key = l.get(p.get(Params.B));
            long w0 = philox(i / 2, 0, 0, 0, key, 0);
            int w1 = philox(i / 2, 0, 0, 0, key, 1);
            long w2 = philox(i / 2, 0, 0, 0, key, 2);
            int w3 = philox(i / 2, 0, 0, 0, key, 3);
            double u = (((w0 & 0xFFFFFFFFL) << 21) | ((w1 >> 11) & 0x1FFFFF)) * 0x1p-53;
            double v = (((w2 & 0xFFFFFFFFL) << 21) | ((w3 >> 11) & 0x1FFFFF)) * 0x1p-53;
            double radius = TornadoMath.sqrt(-2.0 * TornadoMath.log(1.0 - u));
            double turn = 4.0 * v;
            double whole = TornadoMath.floor(turn + 0.5);
            // The cosine is the sine a quarter turn later.
            int quadrant = (int) whole + 1 - i % 2;
            double y = DeviceMath.quarterSine((turn - whole) * 1.5707963267948966, quadrant);
            f.set(p.get(Params.OUT) + i, (float) (radius * y));
        }
    }

    /** A x; zero where the 24 bits of a draw are below FIRST, else divided by Q0. */
    static void kDropout(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int u = (draw(l, p, i) >> 8) & 0xFFFFFF;
            float x = f.get(p.get(Params.A) + Index.at(p, Params.STRIDES_A, i));
            f.set(p.get(Params.OUT) + i, u >= p.get(Params.FIRST) ? x / q.get(0) : 0f);
        }
    }

    /**
     * One step of AdamW: A param, B m, C v, gradient at FIRST, new ones at OUT, SECOND and THIRD; scalars at EXTRA (rate),
     * FLAG (step), ROWS (scale: 0 and NaN make no step). Q: beta1, beta2, 1 - beta1, 1 - beta2, eps, decay, then infinity, then their logarithms.
     */
    static void kAdamW(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            float rate = f.get(p.get(Params.EXTRA));
            float step = f.get(p.get(Params.FLAG));
            float scale = f.get(p.get(Params.ROWS));
            float g = f.get(p.get(Params.FIRST) + i) * scale;
            float x = f.get(p.get(Params.A) + i);
            float oldM = f.get(p.get(Params.B) + i);
            float oldV = f.get(p.get(Params.C) + i);
            float m = q.get(2) * g + q.get(0) * oldM;
            float v = q.get(3) * g * g + q.get(1) * oldV;
            // 1 - beta^t without the cancellation.
            float correction1 = -DeviceMath.expm1(step * q.get(7));
            float correction2 = -DeviceMath.expm1(step * q.get(8));
            float y = x - rate * q.get(5) * x - rate * (m / correction1) / (TornadoMath.sqrt(v / correction2) + q.get(4));
            int moves = (scale > 0f ? 1 : 0) + (scale < 0f ? 1 : 0);
            f.set(p.get(Params.OUT) + i, moves == 1 ? y : x);
            f.set(p.get(Params.SECOND) + i, moves == 1 ? m : oldM);
            f.set(p.get(Params.THIRD) + i, moves == 1 ? v : oldV);
        }
    }
}
