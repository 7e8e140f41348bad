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

    private StagedUnary() {
    }

    /** One pass over a block: {@code x} is given, {@code p} is scratch. */
    @FunctionalInterface
    private interface Stage {
        /** The length n is a multiple of the vector length. */
        void run(float[] x, int xo, float[] p, float[] out, int oo, int n);
    }

    /** Runs the stages over the elements that whole vectors cover, and tells how many those are. */
    private static int run(Stage[] stages, float[] x, int xo, float[] out, int oo, int n) {
        int whole = n - n % N;
        float[] p = new float[Math.min(whole, BLOCK)];
        for (int b = 0; b < whole; b += BLOCK) {
            int m = Math.min(BLOCK, whole - b);
            for (Stage stage : stages) {
                stage.run(x, xo + b, p, out, oo + b, m);
            }
        }
        return whole;
    }

    static void softplus(float[] x, int xo, float[] out, int oo, int n) {
        for (int i = run(SOFTPLUS, x, xo, out, oo, n); i < n; i++) {
            out[oo + i] = Elementary.softplus(x[xo + i]);
        }
    }

    static void erf(float[] x, int xo, float[] out, int oo, int n) {
        for (int i = run(ERF, x, xo, out, oo, n); i < n; i++) {
            out[oo + i] = Elementary.erf(x[xo + i]);
        }
    }

    // ---------------------------------------------------------------- stages

    private static FloatVector load(float[] x, int at) {
        return FloatVector.fromArray(F, x, at);
    }

    private static void exp(float[] x, int xo, float[] p, float[] out, int oo, int n) {
        for (int i = 0; i < n; i += N) {
            VectorElementary.exp(load(p, i)).intoArray(p, i);
        }
    }

    private static void minusAbs(float[] x, int xo, float[] p, float[] out, int oo, int n) {
        for (int i = 0; i < n; i += N) {
            load(x, xo + i).abs().neg().intoArray(p, i);
        }
    }

    private static void logErfc(float[] x, int xo, float[] p, float[] out, int oo, int n) {
        for (int i = 0; i < n; i += N) {
            VectorElementary.logErfc(load(x, xo + i).abs()).intoArray(p, i);
        }
    }

    private static void softplusEnd(float[] x, int xo, float[] p, float[] out, int oo, int n) {
        for (int i = 0; i < n; i += N) {
            VectorElementary.softplus(load(x, xo + i), load(p, i)).intoArray(out, oo + i);
        }
    }

    private static void erfEnd(float[] x, int xo, float[] p, float[] out, int oo, int n) {
        for (int i = 0; i < n; i += N) {
            VectorElementary.erf(load(x, xo + i), load(p, i)).intoArray(out, oo + i);
        }
    }
}
