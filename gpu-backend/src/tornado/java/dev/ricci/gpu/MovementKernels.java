package dev.ricci.gpu;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/** Elements of any type are moved or made, one an item. */
final class MovementKernels {
    private MovementKernels() {
    }

    /** From any layout to any layout; FLAG: the output starts SECOND elements further for each unit of the id at FIRST. */
    static void kCopy(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int to = p.get(Params.OUT) + Index.at(p, Params.STRIDES_OUT, i);
            if (p.get(Params.FLAG) != 0) {
                to += (int) Index.whole(n, l, p.get(Params.FLAG), p.get(Params.FIRST)) * p.get(Params.SECOND);
            }
            Index.move(f, n, l, p.get(Params.TYPE), p.get(Params.A) + Index.at(p, Params.STRIDES_A, i), to);
        }
    }

    /** Q0, or the 64 bits of FIRST (low) and SECOND. */
    static void kFill(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int type = p.get(Params.TYPE);
            int at = p.get(Params.OUT) + i;
            if (type == 0) {
                f.set(at, q.get(0));
            } else {
                long high = p.get(Params.SECOND);
                Index.put(n, l, type, at, (high << 32) | (p.get(Params.FIRST) & 0xFFFFFFFFL));
            }
        }
    }

    /** Q0 + i Q1 in double precision, the double being the sum of two floats: Q0 + Q2, Q1 + Q3. */
    static void kArange(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int type = p.get(Params.TYPE);
            double start = (double) q.get(0) + q.get(2);
            double step = (double) q.get(1) + q.get(3);
            double v = start + i * step;
            if (type == 0) {
                f.set(p.get(Params.OUT) + i, (float) v);
            } else {
                Index.put(n, l, type, p.get(Params.OUT) + i, (long) v);
            }
        }
    }

    /** One triangle of matrices of FIRST rows and SECOND columns; KIND 1 keeps the upper one. EXTRA is the diagonal. */
    static void kTriangular(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int type = p.get(Params.TYPE);
            int columns = p.get(Params.SECOND);
            int row = i / columns;
            int distance = i - row * columns - row % p.get(Params.FIRST) - p.get(Params.EXTRA);
            int to = p.get(Params.OUT) + i;
            int keeps = distance <= 0 ? 1 : 0;
            if (p.get(Params.KIND) == 1) {
                keeps = distance >= 0 ? 1 : 0;
            }
            if (keeps == 1) {
                Index.move(f, n, l, type, p.get(Params.A) + Index.at(p, Params.STRIDES_A, i), to);
            } else if (type == 0) {
                f.set(to, 0f);
            } else {
                Index.put(n, l, type, to, 0);
            }
        }
    }
}
