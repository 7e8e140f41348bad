package dev.ricci.gpu;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/** What kernels need to find, read and write elements; TornadoVM inlines it. */
final class Index {
    private Index() {
    }

    /** Where the element with row-major number {@code i} lies, by the strides that stand at {@code strides}. */
    static int at(IntArray p, int strides, int i) {
        int rest = i;
        int place = 0;
        for (int a = p.get(Params.RANK) - 1; a >= 0; a--) {
            int d = p.get(Params.DIMS + a);
            int above = rest / d;
            place += (rest - above * d) * p.get(strides + a);
            rest = above;
        }
        return place;
    }

    /** A whole number of type 1 (32 bits and less) or 2. */
    static long whole(IntArray n, LongArray l, int type, int at) {
        long v = 0;
        if (type == 1) {
            v = n.get(at);
        } else {
            v = l.get(at);
        }
        return v;
    }

    /** Writes the low bits of a whole number. */
    static void put(IntArray n, LongArray l, int type, int at, long value) {
        if (type == 1) {
            n.set(at, (int) value);
        } else {
            l.set(at, value);
        }
    }

    /** Copies one element of type 0 (floats), 1 or 2. */
    static void move(FloatArray f, IntArray n, LongArray l, int type, int from, int to) {
        if (type == 0) {
            f.set(to, f.get(from));
        } else if (type == 1) {
            n.set(to, n.get(from));
        } else {
            l.set(to, l.get(from));
        }
    }

    /** The element of what stands at {@code operand}, a float or 0 or 1; {@code above} if nothing does. */
    static float operand(FloatArray f, IntArray n, IntArray p, int operand, int i, float above) {
        float v = above;
        if (operand > 0) {
            int at = p.get(operand + 1) + at(p, operand + 2, i);
            if (p.get(operand) == 0) {
                v = f.get(at);
            } else {
                v = n.get(at);
            }
        }
        return v;
    }
}
