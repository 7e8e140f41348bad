package dev.ricci.tensor.cpu.vector;

import static dev.ricci.tensor.cpu.vector.Lanes.F;
import static dev.ricci.tensor.cpu.vector.Lanes.N;

import dev.ricci.tensor.cpu.rows.Elementary;
import dev.ricci.tensor.cpu.rows.PlainUnary;
import dev.ricci.tensor.op.UnaryKind;
import jdk.incubator.vector.FloatVector;

/**
 * The functions of one float over rows. Each has a loop of its own, small enough to be compiled whole: a shared loop
 * over a function object would box every vector.
 */
final class VectorUnary {
    private VectorUnary() {
    }

    static void run(UnaryKind kind, float[] x, int xo, float[] out, int oo, int n) {
        if (n < 2 * N) {
            // The same bits, without what vectors cost until C2 has compiled them.
            PlainUnary.run(kind, x, xo, out, oo, n);
            return;
        }
        switch (kind) {
            case EXP -> exp(x, xo, out, oo, n);
            case EXPM1 -> expm1(x, xo, out, oo, n);
            case LOG -> log(x, xo, out, oo, n);
            case LOG1P -> log1p(x, xo, out, oo, n);
            case SIN -> sin(x, xo, out, oo, n);
            case COS -> cos(x, xo, out, oo, n);
            case TANH -> tanh(x, xo, out, oo, n);
            case SIGMOID -> sigmoid(x, xo, out, oo, n);
            case GELU -> gelu(x, xo, out, oo, n);
            case GELU_TANH -> geluTanh(x, xo, out, oo, n);
            case SILU -> silu(x, xo, out, oo, n);
            case SOFTPLUS -> StagedUnary.softplus(x, xo, out, oo, n);
            case ERF -> StagedUnary.erf(x, xo, out, oo, n);
            case SQRT -> sqrt(x, xo, out, oo, n);
            case RSQRT -> rsqrt(x, xo, out, oo, n);
            case FLOOR -> floor(x, xo, out, oo, n);
            case CEIL -> ceil(x, xo, out, oo, n);
            case ROUND -> round(x, xo, out, oo, n);
            case NEG -> neg(x, xo, out, oo, n);
            case ABS -> abs(x, xo, out, oo, n);
            case SQUARE -> square(x, xo, out, oo, n);
            case RECIPROCAL -> reciprocal(x, xo, out, oo, n);
            case RELU -> relu(x, xo, out, oo, n);
            case SIGN, LOGICAL_NOT, IS_NAN, IS_FINITE ->
                    PlainUnary.run(kind, x, xo, out, oo, n);
        }
    }

    static void runBackward(UnaryKind kind, float[] g, int go, float[] x, int xo, float[] out, int oo, int n) {
        switch (kind) {
            case GELU -> geluBackward(g, go, x, xo, out, oo, n);
            case GELU_TANH -> geluTanhBackward(g, go, x, xo, out, oo, n);
            case SILU -> siluBackward(g, go, x, xo, out, oo, n);
            default -> throw new IllegalArgumentException(kind.opName());
        }
    }

    private static void exp(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            VectorElementary.exp(FloatVector.fromArray(F, x, xo + i)).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = Elementary.exp(x[xo + i]);
        }
    }

    private static void expm1(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            VectorElementary.expm1(FloatVector.fromArray(F, x, xo + i)).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = Elementary.expm1(x[xo + i]);
        }
    }

    private static void log(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            VectorElementary.log(FloatVector.fromArray(F, x, xo + i)).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = Elementary.log(x[xo + i]);
        }
    }

    private static void log1p(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            VectorElementary.log1p(FloatVector.fromArray(F, x, xo + i)).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = Elementary.log1p(x[xo + i]);
        }
    }

    private static void sin(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector v = FloatVector.fromArray(F, x, xo + i);
            if (VectorElementary.hasLargeAngle(v)) {
                for (int j = i; j < i + N; j++) {
                    out[oo + j] = Elementary.sin(x[xo + j]);
                }
            } else {
                VectorElementary.sin(v).intoArray(out, oo + i);
            }
        }
        for (; i < n; i++) {
            out[oo + i] = Elementary.sin(x[xo + i]);
        }
    }

    private static void cos(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector v = FloatVector.fromArray(F, x, xo + i);
            if (VectorElementary.hasLargeAngle(v)) {
                for (int j = i; j < i + N; j++) {
                    out[oo + j] = Elementary.cos(x[xo + j]);
                }
            } else {
                VectorElementary.cos(v).intoArray(out, oo + i);
            }
        }
        for (; i < n; i++) {
            out[oo + i] = Elementary.cos(x[xo + i]);
        }
    }

    private static void tanh(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            VectorElementary.tanh(FloatVector.fromArray(F, x, xo + i)).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = Elementary.tanh(x[xo + i]);
        }
    }

    private static void sigmoid(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            VectorElementary.sigmoid(FloatVector.fromArray(F, x, xo + i)).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = Elementary.sigmoid(x[xo + i]);
        }
    }

    private static void gelu(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            VectorElementary.gelu(FloatVector.fromArray(F, x, xo + i)).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = Elementary.gelu(x[xo + i]);
        }
    }

    private static void geluTanh(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            VectorElementary.geluTanh(FloatVector.fromArray(F, x, xo + i)).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = Elementary.geluTanh(x[xo + i]);
        }
    }

    private static void silu(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            VectorElementary.silu(FloatVector.fromArray(F, x, xo + i)).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = Elementary.silu(x[xo + i]);
        }
    }

    private static void geluBackward(float[] g, int go, float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector slope = VectorElementary.geluSlope(FloatVector.fromArray(F, x, xo + i));
            FloatVector.fromArray(F, g, go + i).mul(slope).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = g[go + i] * Elementary.geluSlope(x[xo + i]);
        }
    }

    private static void geluTanhBackward(float[] g, int go, float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector slope = VectorElementary.geluTanhSlope(FloatVector.fromArray(F, x, xo + i));
            FloatVector.fromArray(F, g, go + i).mul(slope).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = g[go + i] * Elementary.geluTanhSlope(x[xo + i]);
        }
    }

    private static void siluBackward(float[] g, int go, float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector slope = VectorElementary.siluSlope(FloatVector.fromArray(F, x, xo + i));
            FloatVector.fromArray(F, g, go + i).mul(slope).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = g[go + i] * Elementary.siluSlope(x[xo + i]);
        }
    }

    private static void neg(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector v = FloatVector.fromArray(F, x, xo + i);
            v.neg().intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = -x[xo + i];
        }
    }

    private static void abs(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector v = FloatVector.fromArray(F, x, xo + i);
            v.abs().intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = Math.abs(x[xo + i]);
        }
    }

    private static void square(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector v = FloatVector.fromArray(F, x, xo + i);
            v.mul(v).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = x[xo + i] * x[xo + i];
        }
    }

    private static void reciprocal(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector v = FloatVector.fromArray(F, x, xo + i);
            FloatVector.broadcast(F, 1).div(v).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = 1 / x[xo + i];
        }
    }

    private static void relu(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector v = FloatVector.fromArray(F, x, xo + i);
            v.max(0f).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = Math.max(x[xo + i], 0);
        }
    }

    private static void sqrt(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector v = FloatVector.fromArray(F, x, xo + i);
            v.sqrt().intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = (float) Math.sqrt(x[xo + i]);
        }
    }

    private static void rsqrt(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector v = FloatVector.fromArray(F, x, xo + i);
            FloatVector.broadcast(F, 1).div(v.sqrt()).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = 1 / (float) Math.sqrt(x[xo + i]);
        }
    }

    private static void floor(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector v = FloatVector.fromArray(F, x, xo + i);
            VectorElementary.floor(v).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = (float) Math.floor(x[xo + i]);
        }
    }

    private static void ceil(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector v = FloatVector.fromArray(F, x, xo + i);
            VectorElementary.ceil(v).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = (float) Math.ceil(x[xo + i]);
        }
    }

    private static void round(float[] x, int xo, float[] out, int oo, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector v = FloatVector.fromArray(F, x, xo + i);
            VectorElementary.rint(v).intoArray(out, oo + i);
        }
        for (; i < n; i++) {
            out[oo + i] = (float) Math.rint(x[xo + i]);
        }
    }
}
