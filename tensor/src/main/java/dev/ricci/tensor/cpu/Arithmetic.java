package dev.ricci.tensor.cpu;

import dev.ricci.tensor.op.BinaryKind;
import dev.ricci.tensor.op.CompareKind;

/** Functions of two floats over dense rows, one plain loop each, which the compiler vectorises. */
final class Arithmetic {
    private Arithmetic() {
    }

    /** {@code out = a kind b}. */
    static void run(BinaryKind kind, float[] a, int ao, float[] b, int bo, float[] out, int oo, int n) {
        switch (kind) {
            case ADD -> add(a, ao, b, bo, out, oo, n);
            case SUB -> sub(a, ao, b, bo, out, oo, n);
            case MUL -> mul(a, ao, b, bo, out, oo, n);
            case DIV -> div(a, ao, b, bo, out, oo, n);
            case MAX -> max(a, ao, b, bo, out, oo, n);
            case MIN -> min(a, ao, b, bo, out, oo, n);
            case POW -> pow(a, ao, b, bo, out, oo, n);
            case MOD -> mod(a, ao, b, bo, out, oo, n);
            case LOGICAL_AND, LOGICAL_OR, LOGICAL_XOR -> throw new IllegalArgumentException(kind.opName());
        }
    }

    private static void add(float[] a, int ao, float[] b, int bo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = a[ao + i] + b[bo + i];
        }
    }

    private static void sub(float[] a, int ao, float[] b, int bo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = a[ao + i] - b[bo + i];
        }
    }

    private static void mul(float[] a, int ao, float[] b, int bo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = a[ao + i] * b[bo + i];
        }
    }

    private static void div(float[] a, int ao, float[] b, int bo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = a[ao + i] / b[bo + i];
        }
    }

    private static void max(float[] a, int ao, float[] b, int bo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = Math.max(a[ao + i], b[bo + i]);
        }
    }

    private static void min(float[] a, int ao, float[] b, int bo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = Math.min(a[ao + i], b[bo + i]);
        }
    }

    private static void pow(float[] a, int ao, float[] b, int bo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = pow(a[ao + i], b[bo + i]);
        }
    }

    /** a to the power b; the exponents that occur most go without the general function. */
    static float pow(float a, float b) {
        double x = a;
        if (b == 2) {
            return (float) (x * x);
        }
        if (b == 1) {
            return a;
        }
        if (b == 3) {
            return (float) (x * x * x);
        }
        if (b == 0.5f && x > 0) {
            return (float) Math.sqrt(x);
        }
        if (b == -1) {
            return (float) (1 / x);
        }
        return (float) StrictMath.pow(x, b);
    }

    private static void mod(float[] a, int ao, float[] b, int bo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = mod(a[ao + i], b[bo + i]);
        }
    }

    /** By the exact remainder: a - b floor(a / b) itself is off by a whole b where the quotient rounds up. */
    static float mod(float a, float b) {
        float r = a % b;
        if (r == 0) {
            return Math.copySign(r, b);
        }
        return r < 0 == b < 0 ? r : (float) ((double) r + b);
    }

    /** {@code out = a kind b} as 0 or 1. */
    static void compare(CompareKind kind, float[] a, int ao, float[] b, int bo, byte[] out, int oo, int n) {
        switch (kind) {
            case EQ -> {
                for (int i = 0; i < n; i++) {
                    out[oo + i] = (byte) (a[ao + i] == b[bo + i] ? 1 : 0);
                }
            }
            case NE -> {
                for (int i = 0; i < n; i++) {
                    out[oo + i] = (byte) (a[ao + i] != b[bo + i] ? 1 : 0);
                }
            }
            case LT -> {
                for (int i = 0; i < n; i++) {
                    out[oo + i] = (byte) (a[ao + i] < b[bo + i] ? 1 : 0);
                }
            }
            case LE -> {
                for (int i = 0; i < n; i++) {
                    out[oo + i] = (byte) (a[ao + i] <= b[bo + i] ? 1 : 0);
                }
            }
            case GT -> compare(CompareKind.LT, b, bo, a, ao, out, oo, n);
            case GE -> compare(CompareKind.LE, b, bo, a, ao, out, oo, n);
        }
    }

    /** {@code out = c ? a : b}, by masks: conditions are often random, and a branch would be guessed wrong. */
    static void where(byte[] c, int co, float[] a, int ao, float[] b, int bo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            int mask = (c[co + i] | -c[co + i]) >> 31;
            out[oo + i] = Float.intBitsToFloat(Float.floatToRawIntBits(a[ao + i]) & mask
                    | Float.floatToRawIntBits(b[bo + i]) & ~mask);
        }
    }
}
