package dev.ricci.tensor.cpu.rows;

import dev.ricci.tensor.op.BinaryKind;

/** Functions of two floats over dense rows, one plain loop each. */
public final class PlainBinary {
    private PlainBinary() {
    }

    /** See {@link Rows#binary}. */
    public static void run(BinaryKind kind, float[] a, int ao, float[] b, int bo, float[] out, int oo, int n) {
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
    public static float pow(float a, float b) {
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
    public static float mod(float a, float b) {
        float r = a % b;
        if (r == 0) {
            return Math.copySign(r, b);
        }
        return r < 0 == b < 0 ? r : (float) ((double) r + b);
    }
}
