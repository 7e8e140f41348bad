package dev.ricci.tensor;

import dev.ricci.tensor.op.LinearAlgebra;

/** Decompositions and solvers over the matrices in the last two axes (NumPy's {@code linalg}). */
public final class Linalg {
    private Linalg() {
    }

    /**
     * Eigenvalues and vectors of a symmetric matrix.
     *
     * @param values [..., N] ascending
     * @param vectors [..., N, N], one a column
     */
    public record Eigen(Tensor values, Tensor vectors) {
    }

    /**
     * Singular value decomposition, a = u diag(s) vt.
     *
     * @param u [..., M, R]
     * @param s [..., R] descending
     * @param vt [..., R, N]
     */
    public record Svd(Tensor u, Tensor s, Tensor vt) {
    }

    /** The lower triangular l with l l^T = a, for a symmetric positive definite a [..., N, N]. */
    public static Tensor cholesky(Tensor a) {
        return Dispatch.run(new LinearAlgebra.Cholesky(), a);
    }

    /** x with a x = b, for a symmetric positive definite a [..., N, N] and b [..., N, M]. */
    public static Tensor choleskySolve(Tensor a, Tensor b) {
        Tensor l = cholesky(a);
        return triangularSolve(l, triangularSolve(l, b, false, false), false, true);
    }

    /** x with a x = b or a^T x = b, for a triangular a (see {@link LinearAlgebra.TriangularSolve}). */
    public static Tensor triangularSolve(Tensor a, Tensor b, boolean upper, boolean transpose) {
        return Dispatch.run(new LinearAlgebra.TriangularSolve(upper, transpose), a, b);
    }

    /** Eigenvalues and vectors of a symmetric a [..., N, N]. */
    public static Eigen symmetricEigen(Tensor a) {
        Tensor[] out = Dispatch.runAll(new LinearAlgebra.SymmetricEigen(), a);
        return new Eigen(out[0], out[1]);
    }

    /** Singular value decomposition of a [..., M, N]. */
    public static Svd svd(Tensor a) {
        Tensor[] out = Dispatch.runAll(new LinearAlgebra.Svd(), a);
        return new Svd(out[0], out[1], out[2]);
    }
}
