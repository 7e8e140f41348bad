package dev.ricci.tensor.cpu.rows;

import dev.ricci.tensor.op.UnaryKind;

/** The functions of one float over rows, one plain loop each: the compiler vectorises the simple ones by itself. */
public final class PlainUnary {
    private PlainUnary() {
    }

    /** See {@link Rows#unary}. */
    public static void run(UnaryKind kind, float[] x, int xo, float[] out, int oo, int n) {
        switch (kind) {
            case NEG -> neg(x, xo, out, oo, n);
            case ABS -> abs(x, xo, out, oo, n);
            case SQUARE -> square(x, xo, out, oo, n);
            case SQRT -> sqrt(x, xo, out, oo, n);
            case RSQRT -> rsqrt(x, xo, out, oo, n);
            case RECIPROCAL -> reciprocal(x, xo, out, oo, n);
            case RELU -> relu(x, xo, out, oo, n);
            case SIGN, FLOOR, CEIL, ROUND, EXP, EXPM1, LOG, LOG1P, SIN, COS, TANH, SIGMOID, GELU, GELU_TANH, SILU,
                    SOFTPLUS, ERF -> each(kind, x, xo, out, oo, n);
            case LOGICAL_NOT, IS_NAN, IS_FINITE -> throw new IllegalArgumentException(kind.opName());
        }
    }

    /** See {@link Rows#unaryBackward}. */
    public static void runBackward(UnaryKind kind, float[] g, int go, float[] x, int xo, float[] out, int oo,
            int n) {
        for (int i = 0; i < n; i++) {
            float v = x[xo + i];
            out[oo + i] = g[go + i] * slope(kind, v);
        }
    }

    /** The derivative of an activation at one element. */
    public static float slope(UnaryKind kind, float x) {
        return switch (kind) {
            case GELU -> Elementary.geluSlope(x);
            case GELU_TANH -> Elementary.geluTanhSlope(x);
            case SILU -> Elementary.siluSlope(x);
            default -> throw new IllegalArgumentException(kind.opName());
        };
    }

    private static void each(UnaryKind kind, float[] x, int xo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = apply(kind, x[xo + i]);
        }
    }

    /** One element. */
    public static float apply(UnaryKind kind, float x) {
        return switch (kind) {
            case NEG -> -x;
            case ABS -> Math.abs(x);
            case SIGN -> Math.signum(x);
            case SQUARE -> x * x;
            case EXP -> Elementary.exp(x);
            case EXPM1 -> Elementary.expm1(x);
            case LOG -> Elementary.log(x);
            case LOG1P -> Elementary.log1p(x);
            case SQRT -> (float) Math.sqrt(x);
            case RSQRT -> 1 / (float) Math.sqrt(x);
            case RECIPROCAL -> 1 / x;
            case SIN -> Elementary.sin(x);
            case COS -> Elementary.cos(x);
            case TANH -> Elementary.tanh(x);
            case SIGMOID -> Elementary.sigmoid(x);
            case RELU -> Math.max(x, 0);
            case GELU -> Elementary.gelu(x);
            case GELU_TANH -> Elementary.geluTanh(x);
            case SILU -> Elementary.silu(x);
            case SOFTPLUS -> Elementary.softplus(x);
            case ERF -> Elementary.erf(x);
            case FLOOR -> (float) Math.floor(x);
            case CEIL -> (float) Math.ceil(x);
            case ROUND -> (float) Math.rint(x);
            case LOGICAL_NOT, IS_NAN, IS_FINITE -> throw new IllegalArgumentException(kind.opName());
        };
    }

    private static void neg(float[] x, int xo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = -x[xo + i];
        }
    }

    private static void abs(float[] x, int xo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = Math.abs(x[xo + i]);
        }
    }

    private static void square(float[] x, int xo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = x[xo + i] * x[xo + i];
        }
    }

    private static void sqrt(float[] x, int xo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = (float) Math.sqrt(x[xo + i]);
        }
    }

    private static void rsqrt(float[] x, int xo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = 1 / (float) Math.sqrt(x[xo + i]);
        }
    }

    private static void reciprocal(float[] x, int xo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = 1 / x[xo + i];
        }
    }

    private static void relu(float[] x, int xo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = Math.max(x[xo + i], 0);
        }
    }
}
