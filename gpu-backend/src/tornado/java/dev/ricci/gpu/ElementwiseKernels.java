package dev.ricci.gpu;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/** One element an item; see {@link Params} for what stands in {@code p} and {@code q}. */
final class ElementwiseKernels {
    private ElementwiseKernels() {
    }

    /** {@link dev.ricci.tensor.op.UnaryKind} of floats, by its ordinal. */
    static void kUnary(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int kind = p.get(Params.KIND);
            float x = f.get(p.get(Params.A) + Index.at(p, Params.STRIDES_A, i));
            float y = x;
            if (kind == 0) {
                y = -x;
            } else if (kind == 1) {
                y = TornadoMath.abs(x);
            } else if (kind == 2) {
                y = x > 0f ? 1f : x < 0f ? -1f : x;
            } else if (kind == 3) {
                y = x * x;
            } else if (kind == 4) {
                y = TornadoMath.exp(x);
            } else if (kind == 5) {
                y = DeviceMath.expm1(x);
            } else if (kind == 6) {
                y = TornadoMath.log(x);
            } else if (kind == 7) {
                y = DeviceMath.log1p(x);
            } else if (kind == 8) {
                y = TornadoMath.sqrt(x);
            } else if (kind == 9) {
                y = 1f / TornadoMath.sqrt(x);
            } else if (kind == 10) {
                y = 1f / x;
            } else if (kind == 11) {
                y = DeviceMath.sine(x, 0);
            } else if (kind == 12) {
                y = DeviceMath.sine(x, 1);
            } else if (kind == 13) {
                y = TornadoMath.tanh(x);
            } else if (kind == 14) {
                y = DeviceMath.sigmoid(x);
            } else if (kind == 15) {
                y = x > 0f ? x : x != x ? x : 0f;
            } else if (kind <= 18) {
                y = DeviceMath.activation(kind, x);
            } else if (kind == 19) {
                y = (x > 0f ? x : 0f) + DeviceMath.log1p(TornadoMath.exp(-TornadoMath.abs(x)));
                y = x != x ? x : y;
            } else if (kind == 20) {
                y = DeviceMath.erf(x);
            } else if (kind == 21) {
                y = TornadoMath.floor(x);
            } else if (kind == 22) {
                y = TornadoMath.ceil(x);
            } else if (kind == 23) {
                y = DeviceMath.rint(x);
            }
            f.set(p.get(Params.OUT) + i, y);
        }
    }

    /** Whether a float is NaN (kind 25) or finite. */
    static void kTest(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            float x = f.get(p.get(Params.A) + Index.at(p, Params.STRIDES_A, i));
            int holds = 0;
            if (p.get(Params.KIND) == 25) {
                holds = x != x ? 1 : 0;
            } else {
                holds = x - x == 0f ? 1 : 0;
            }
            n.set(p.get(Params.OUT) + i, holds);
        }
    }

    /** {@link dev.ricci.tensor.op.UnaryKind} of whole numbers. */
    static void kUnaryWhole(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int kind = p.get(Params.KIND);
            int type = p.get(Params.TYPE);
            long x = Index.whole(n, l, type, p.get(Params.A) + Index.at(p, Params.STRIDES_A, i));
            long y = -x;
            if (kind == 1) {
                y = x < 0 ? -x : x;
            } else if (kind == 2) {
                y = x > 0 ? 1 : x < 0 ? -1 : 0;
            } else if (kind == 3) {
                y = x * x;
            } else if (kind == 24) {
                y = x == 0 ? 1 : 0;
            }
            Index.put(n, l, type, p.get(Params.OUT) + i, y);
        }
    }

    /**
     * Activations with a second factor. Mode 0: (grad, x), grad f'(x). 1: (gate, up), f(gate) up. 2: (grad, gate, up),
     * grad up f'(gate). 3: (grad, gate, up), grad f(gate).
     */
    static void kGate(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int kind = p.get(Params.KIND);
            int mode = p.get(Params.EXTRA);
            float a = f.get(p.get(Params.A) + Index.at(p, Params.STRIDES_A, i));
            float b = f.get(p.get(Params.B) + Index.at(p, Params.STRIDES_B, i));
            float y = 0f;
            if (mode == 0) {
                y = a * DeviceMath.slope(kind, b);
            } else if (mode == 1) {
                y = DeviceMath.activation(kind, a) * b;
            } else if (mode == 2) {
                y = a * f.get(p.get(Params.C) + Index.at(p, Params.STRIDES_C, i)) * DeviceMath.slope(kind, b);
            } else {
                y = a * DeviceMath.activation(kind, b);
            }
            f.set(p.get(Params.OUT) + i, y);
        }
    }

    /** {@link dev.ricci.tensor.op.BinaryKind} of floats. */
    static void kBinary(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int kind = p.get(Params.KIND);
            float a = f.get(p.get(Params.A) + Index.at(p, Params.STRIDES_A, i));
            float b = f.get(p.get(Params.B) + Index.at(p, Params.STRIDES_B, i));
            float y = a + b;
            if (kind == 1) {
                y = a - b;
            } else if (kind == 2) {
                y = a * b;
            } else if (kind == 3) {
                y = a / b;
            } else if (kind == 4) {
                y = TornadoMath.pow(a, b);
            } else if (kind == 5) {
                y = DeviceMath.max(a, b);
            } else if (kind == 6) {
                y = DeviceMath.min(a, b);
            } else if (kind == 7) {
                y = DeviceMath.mod(a, b);
            }
            f.set(p.get(Params.OUT) + i, y);
        }
    }

    /** {@link dev.ricci.tensor.op.BinaryKind} of whole numbers; divisors are not zero. */
    static void kBinaryWhole(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int kind = p.get(Params.KIND);
            int type = p.get(Params.TYPE);
            long a = Index.whole(n, l, type, p.get(Params.A) + Index.at(p, Params.STRIDES_A, i));
            long b = Index.whole(n, l, type, p.get(Params.B) + Index.at(p, Params.STRIDES_B, i));
            // The compiler divides before it knows whether it should: by something that does not trap.
            long quotient = a / (b == 0 || b == -1 ? 1 : b);
            quotient = b == -1 ? -a : quotient;
            long y = a + b;
            if (kind == 1) {
                y = a - b;
            } else if (kind == 2) {
                y = a * b;
            } else if (kind == 3) {
                y = quotient;
            } else if (kind == 5) {
                y = a > b ? a : b;
            } else if (kind == 6) {
                y = a < b ? a : b;
            } else if (kind == 7) {
                long r = a - quotient * b;
                y = r != 0 && (r < 0) != (b < 0) ? r + b : r;
            } else if (kind == 8) {
                y = a & b;
            } else if (kind == 9) {
                y = a | b;
            } else if (kind == 10) {
                y = a ^ b;
            }
            Index.put(n, l, type, p.get(Params.OUT) + i, y);
        }
    }

    /** {@link dev.ricci.tensor.op.CompareKind} of floats. TornadoVM takes a <= b for not a > b, which NaN makes wrong. */
    static void kCompare(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int kind = p.get(Params.KIND);
            float a = f.get(p.get(Params.A) + Index.at(p, Params.STRIDES_A, i));
            float b = f.get(p.get(Params.B) + Index.at(p, Params.STRIDES_B, i));
            int y = 0;
            if (kind == 0) {
                y = a == b ? 1 : 0;
            } else if (kind == 1) {
                y = a != b ? 1 : 0;
            } else if (kind == 2) {
                y = a < b ? 1 : 0;
            } else if (kind == 3) {
                y = (a < b ? 1 : 0) | (a == b ? 1 : 0);
            } else if (kind == 4) {
                y = a > b ? 1 : 0;
            } else {
                y = (a > b ? 1 : 0) | (a == b ? 1 : 0);
            }
            n.set(p.get(Params.OUT) + i, y);
        }
    }

    /** {@link dev.ricci.tensor.op.CompareKind} of whole numbers. */
    static void kCompareWhole(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int kind = p.get(Params.KIND);
            int type = p.get(Params.TYPE);
            long a = Index.whole(n, l, type, p.get(Params.A) + Index.at(p, Params.STRIDES_A, i));
            long b = Index.whole(n, l, type, p.get(Params.B) + Index.at(p, Params.STRIDES_B, i));
            int y = 0;
            if (kind == 0) {
                y = a == b ? 1 : 0;
            } else if (kind == 1) {
                y = a != b ? 1 : 0;
            } else if (kind == 2) {
                y = a < b ? 1 : 0;
            } else if (kind == 3) {
                y = a <= b ? 1 : 0;
            } else if (kind == 4) {
                y = a > b ? 1 : 0;
            } else {
                y = a >= b ? 1 : 0;
            }
            n.set(p.get(Params.OUT) + i, y);
        }
    }

    /** Elements of B where A holds, else of C; any type. */
    static void kWhere(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int holds = n.get(p.get(Params.A) + Index.at(p, Params.STRIDES_A, i));
            int from = p.get(Params.C) + Index.at(p, Params.STRIDES_C, i);
            if (holds != 0) {
                from = p.get(Params.B) + Index.at(p, Params.STRIDES_B, i);
            }
            Index.move(f, n, l, p.get(Params.TYPE), from, p.get(Params.OUT) + i);
        }
    }

    /** Float to whole numbers between FIRST and SECOND (I32, U8), to BOOL (kind 1), to I64 (type 2). */
    static void kCastToWhole(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            float x = f.get(p.get(Params.A) + Index.at(p, Params.STRIDES_A, i));
            long y = 0;
            if (p.get(Params.KIND) == 1) {
                y = x != 0f ? 1 : 0;
            } else if (x > 0x1.fffffep62f) {
                y = 0x7FFFFFFFFFFFFFFFL;
            } else if (x < -0x1.fffffep62f) {
                y = -0x7FFFFFFFFFFFFFFFL - 1;
            } else if (x == x) {
                y = (long) x;
            }
            int type = p.get(Params.TYPE);
            if (type == 1) {
                y = y < p.get(Params.FIRST) ? p.get(Params.FIRST) : y > p.get(Params.SECOND) ? p.get(Params.SECOND) : y;
            }
            Index.put(n, l, type, p.get(Params.OUT) + i, y);
        }
    }

    /** Whole numbers to whole numbers of type EXTRA between FIRST and SECOND, or to BOOL (kind 1). */
    static void kCastWhole(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            long y = Index.whole(n, l, p.get(Params.TYPE), p.get(Params.A) + Index.at(p, Params.STRIDES_A, i));
            int to = p.get(Params.EXTRA);
            if (p.get(Params.KIND) == 1) {
                y = y != 0 ? 1 : 0;
            } else if (to == 1) {
                y = y < p.get(Params.FIRST) ? p.get(Params.FIRST) : y > p.get(Params.SECOND) ? p.get(Params.SECOND) : y;
            }
            Index.put(n, l, to, p.get(Params.OUT) + i, y);
        }
    }

    /** Whole numbers to floats; to 16 bits (kind 1 F16, 2 BF16) without rounding twice. */
    static void kCastFromWhole(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int kind = p.get(Params.KIND);
            long x = Index.whole(n, l, p.get(Params.TYPE), p.get(Params.A) + Index.at(p, Params.STRIDES_A, i));
            float scale = 1f;
            if (kind != 0) {
                // What is shifted out sticks to the last bit, so that the one rounding below sees it.
                for (int s = 0; s < 40; s++) {
                    if (x >= 0x1000000 || x <= -0x1000000) {
                        x = (x >> 1) | (x & 1);
                        scale = scale * 2f;
                    }
                }
            }
            float y = x * scale;
            f.set(p.get(Params.OUT) + i, DeviceMath.round16(kind, y, q.get(Params.INFINITY)));
        }
    }

    /** Floats to F16 (kind 1) or BF16 (kind 2), kept as floats of that precision. */
    static void kRound(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            float x = f.get(p.get(Params.A) + Index.at(p, Params.STRIDES_A, i));
            f.set(p.get(Params.OUT) + i, DeviceMath.round16(p.get(Params.KIND), x, q.get(Params.INFINITY)));
        }
    }
}
