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

    /** {@link dev.ricci.tensor.op.UnaryKind} of floats, by its ordinal; EXTRA is its group. */
    static void kUnary(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int kind = p.get(Params.KIND);
            float x = f.get(p.get(Params.A) + Index.at(p, Params.STRIDES_A, i));
            float y = x;
            if (p.get(Params.EXTRA) == Params.CURVE) {
                y = Functions.curve(kind, x);
            } else if (kind == 11) {
                y = DeviceMath.sine(x, 0);
            } else if (kind == 12) {
                y = DeviceMath.sine(x, 1);
            } else {
                y = Functions.unary(kind, x);
            }
            f.set(p.get(Params.OUT) + i, y);
        }
    }

    /** Whether a float is NaN (kind 25) or finite. */
    static void kTest(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            float x = f.get(p.get(Params.A) + Index.at(p, Params.STRIDES_A, i));
            n.set(p.get(Params.OUT) + i, Functions.test(p.get(Params.KIND), x));
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
     * Activations with a second factor, {@link Functions#smooth} of group EXTRA; FLAG: (grad, gate, up) to grad up f'(gate)
     * and, at SECOND, grad f(gate).
     */
    static void kGate(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int kind = p.get(Params.KIND);
            float a = f.get(p.get(Params.A) + Index.at(p, Params.STRIDES_A, i));
            float b = f.get(p.get(Params.B) + Index.at(p, Params.STRIDES_B, i));
            if (p.get(Params.FLAG) == 1) {
                float up = f.get(p.get(Params.C) + Index.at(p, Params.STRIDES_C, i));
                f.set(p.get(Params.OUT) + i, a * up * DeviceMath.slope(kind, b));
                f.set(p.get(Params.SECOND) + i, a * DeviceMath.activation(kind, b));
            } else {
                f.set(p.get(Params.OUT) + i, Functions.smooth(p.get(Params.EXTRA), kind, a, b));
            }
        }
    }

    /** {@link dev.ricci.tensor.op.BinaryKind} of floats. */
    static void kBinary(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int kind = p.get(Params.KIND);
            float a = f.get(p.get(Params.A) + Index.at(p, Params.STRIDES_A, i));
            float b = f.get(p.get(Params.B) + Index.at(p, Params.STRIDES_B, i));
            f.set(p.get(Params.OUT) + i, Functions.binary(kind, a, b));
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

    /** {@link dev.ricci.tensor.op.CompareKind} of floats. */
    static void kCompare(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int kind = p.get(Params.KIND);
            float a = f.get(p.get(Params.A) + Index.at(p, Params.STRIDES_A, i));
            float b = f.get(p.get(Params.B) + Index.at(p, Params.STRIDES_B, i));
            n.set(p.get(Params.OUT) + i, Functions.compare(kind, a, b));
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

    /**
     * A chain of element-wise ops: each stage has a group (see {@link Params}), a kind, and three places in {@code p} of
     * what it reads: 0 is what the stage above made. An operand is a type, an offset and strides.
     */
    static void kFused(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            float above = 0f;
            int stages = p.get(Params.STAGE_COUNT);
            for (int s = 0; s < stages; s++) {
                int at = Params.STAGES + s * Params.STAGE_INTS;
                int group = p.get(at);
                int kind = p.get(at + 1);
                float x = Index.operand(f, n, p, p.get(at + 2), i, above);
                float y = Index.operand(f, n, p, p.get(at + 3), i, above);
                float z = Index.operand(f, n, p, p.get(at + 4), i, above);
                float made = x;
                if (group == Params.BINARY) {
                    made = Functions.binary(kind, x, y);
                } else if (group == Params.UNARY) {
                    made = Functions.unary(kind, x);
                } else if (group >= Params.SMOOTH) {
                    made = Functions.smooth(group, kind, x, y);
                } else if (group == Params.COMPARE) {
                    made = Functions.compare(kind, x, y);
                } else if (group == Params.WHERE) {
                    made = x != 0f ? y : z;
                } else if (group == Params.TEST) {
                    made = Functions.test(kind, x);
                } else if (group == Params.ROUND) {
                    made = DeviceMath.round16(kind, x, q.get(Params.INFINITY));
                } else if (group == Params.NOT_ZERO) {
                    made = x != 0f ? 1f : 0f;
                }
                above = made;
            }
            int to = p.get(Params.OUT) + i;
            if (p.get(Params.TYPE) == 0) {
                f.set(to, above);
            } else {
                n.set(to, (int) above);
            }
        }
    }
}
