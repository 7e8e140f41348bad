package dev.ricci.tensor.cpu.vector;

import static dev.ricci.tensor.cpu.vector.Lanes.F;
import static dev.ricci.tensor.cpu.vector.Lanes.N;

import dev.ricci.tensor.cpu.rows.Elementary;
import jdk.incubator.vector.FloatVector;

/**
 * The larger functions over rows, in stages over blocks that stay in the first-level cache. C2 stops inlining after
 * some thousands of bytecodes and boxes the vectors at the calls that are left, so no compiled method may hold more
 * than one elementary function. All stages are called from one place: having three or more targets, the call is not
 * inlined, and each stage is compiled by itself.
 */
final class StagedUnary {
    /** Elements of a block; a multiple of every vector length. */
    private static final int BLOCK = 512;

    private static final Stage[] SOFTPLUS = {StagedUnary::minusAbs, StagedUnary::exp, StagedUnary::softplusEnd};
    private static final Stage[] ERF = {StagedUnary::logErfc, StagedUnary::exp, StagedUnary::erfEnd};
    private static final Stage[] GELU = {StagedUnary::logErfcScaled, StagedUnary::exp, StagedUnary::geluEnd};
    private static final Stage[] GELU_BACKWARD = {StagedUnary::minusHalfSquare, StagedUnary::exp, StagedUnary::keep,
        StagedUnary::logErfcScaled, StagedUnary::exp, StagedUnary::geluBackwardEnd};
    private static final Stage[] GELU_TANH_BACKWARD = {StagedUnary::gate, StagedUnary::sigmoid,
        StagedUnary::geluTanhBackwardEnd};

    private StagedUnary() {
    }

    /** One pass over a block: {@code g} and {@code x} are given, {@code p} and {@code q} are scratch. */
    @FunctionalInterface
    private interface Stage {
        /** The length n is a multiple of the vector length. */
        void run(float[] g, int go, float[] x, int xo, float[] p, float[] q, float[] out, int oo, int n);
    }

    /** Runs the stages over the elements that whole vectors cover, and tells how many those are. */
    private static int run(Stage[] stages, float[] g, int go, float[] x, int xo, float[] out, int oo, int n) {
        int whole = n - n % N;
        float[] p = new float[Math.min(whole, BLOCK)];
        float[] q = stages == GELU_BACKWARD ? new float[p.length] : p;
        for (int b = 0; b < whole; b += BLOCK) {
            int m = Math.min(BLOCK, whole - b);
            for (Stage stage : stages) {
                stage.run(g, go + b, x, xo + b, p, q, out, oo + b, m);
            }
        }
        return whole;
    }

    static void softplus(float[] x, int xo, float[] out, int oo, int n) {
        for (int i = run(SOFTPLUS, x, xo, x, xo, out, oo, n); i < n; i++) {
            out[oo + i] = Elementary.softplus(x[xo + i]);
        }
    }

    static void erf(float[] x, int xo, float[] out, int oo, int n) {
        for (int i = run(ERF, x, xo, x, xo, out, oo, n); i < n; i++) {
            out[oo + i] = Elementary.erf(x[xo + i]);
        }
    }

    static void gelu(float[] x, int xo, float[] out, int oo, int n) {
        for (int i = run(GELU, x, xo, x, xo, out, oo, n); i < n; i++) {
            out[oo + i] = Elementary.gelu(x[xo + i]);
        }
    }

    static void geluBackward(float[] g, int go, float[] x, int xo, float[] out, int oo, int n) {
        for (int i = run(GELU_BACKWARD, g, go, x, xo, out, oo, n); i < n; i++) {
            out[oo + i] = g[go + i] * Elementary.geluSlope(x[xo + i]);
        }
    }

    static void geluTanhBackward(float[] g, int go, float[] x, int xo, float[] out, int oo, int n) {
        for (int i = run(GELU_TANH_BACKWARD, g, go, x, xo, out, oo, n); i < n; i++) {
            out[oo + i] = g[go + i] * Elementary.geluTanhSlope(x[xo + i]);
        }
    }

    // ---------------------------------------------------------------- stages

    private static FloatVector load(float[] x, int at) {
        return FloatVector.fromArray(F, x, at);
    }

    private static void exp(float[] g, int go, float[] x, int xo, float[] p, float[] q, float[] out, int oo, int n) {
        for (int i = 0; i < n; i += N) {
            VectorElementary.exp(load(p, i)).intoArray(p, i);
        }
    }

    private static void sigmoid(float[] g, int go, float[] x, int xo, float[] p, float[] q, float[] out, int oo,
            int n) {
        for (int i = 0; i < n; i += N) {
            VectorElementary.sigmoid(load(p, i)).intoArray(p, i);
        }
    }

    private static void keep(float[] g, int go, float[] x, int xo, float[] p, float[] q, float[] out, int oo, int n) {
        System.arraycopy(p, 0, q, 0, n);
    }

    private static void minusAbs(float[] g, int go, float[] x, int xo, float[] p, float[] q, float[] out, int oo,
            int n) {
        for (int i = 0; i < n; i += N) {
            load(x, xo + i).abs().neg().intoArray(p, i);
        }
    }

    private static void minusHalfSquare(float[] g, int go, float[] x, int xo, float[] p, float[] q, float[] out,
            int oo, int n) {
        for (int i = 0; i < n; i += N) {
            FloatVector v = load(x, xo + i);
            v.mul(v).mul(-0.5f).intoArray(p, i);
        }
    }

    private static void logErfc(float[] g, int go, float[] x, int xo, float[] p, float[] q, float[] out, int oo,
            int n) {
        for (int i = 0; i < n; i += N) {
            VectorElementary.logErfc(load(x, xo + i).abs()).intoArray(p, i);
        }
    }

    private static void logErfcScaled(float[] g, int go, float[] x, int xo, float[] p, float[] q, float[] out, int oo,
            int n) {
        for (int i = 0; i < n; i += N) {
            VectorElementary.logErfc(load(x, xo + i).mul(Elementary.SQRT_HALF).abs()).intoArray(p, i);
        }
    }

    private static void gate(float[] g, int go, float[] x, int xo, float[] p, float[] q, float[] out, int oo, int n) {
        for (int i = 0; i < n; i += N) {
            VectorElementary.geluTanhGate(load(x, xo + i)).intoArray(p, i);
        }
    }

    private static void softplusEnd(float[] g, int go, float[] x, int xo, float[] p, float[] q, float[] out, int oo,
            int n) {
        for (int i = 0; i < n; i += N) {
            VectorElementary.softplus(load(x, xo + i), load(p, i)).intoArray(out, oo + i);
        }
    }

    private static void erfEnd(float[] g, int go, float[] x, int xo, float[] p, float[] q, float[] out, int oo,
            int n) {
        for (int i = 0; i < n; i += N) {
            VectorElementary.erf(load(x, xo + i), load(p, i)).intoArray(out, oo + i);
        }
    }

    private static void geluEnd(float[] g, int go, float[] x, int xo, float[] p, float[] q, float[] out, int oo,
            int n) {
        for (int i = 0; i < n; i += N) {
            FloatVector v = load(x, xo + i);
            v.mul(VectorElementary.normalCdf(v, load(p, i))).intoArray(out, oo + i);
        }
    }

    private static void geluBackwardEnd(float[] g, int go, float[] x, int xo, float[] p, float[] q, float[] out,
            int oo, int n) {
        for (int i = 0; i < n; i += N) {
            FloatVector slope = VectorElementary.geluSlope(load(x, xo + i), load(p, i), load(q, i));
            load(g, go + i).mul(slope).intoArray(out, oo + i);
        }
    }

    private static void geluTanhBackwardEnd(float[] g, int go, float[] x, int xo, float[] p, float[] q, float[] out,
            int oo, int n) {
        for (int i = 0; i < n; i += N) {
            FloatVector slope = VectorElementary.geluTanhSlope(load(x, xo + i), load(p, i));
            load(g, go + i).mul(slope).intoArray(out, oo + i);
        }
    }
}
