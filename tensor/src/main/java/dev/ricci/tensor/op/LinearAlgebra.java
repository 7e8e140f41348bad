package dev.ricci.tensor.op;

import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.TensorSpec;
import java.util.List;

/** Decompositions of the matrices in the last two axes. They run in double precision on the CPU. */
public sealed interface LinearAlgebra extends Op {
    /** Symmetric positive definite a [..., N, N] to the lower triangular l with l l^T = a; reads the lower triangle. */
    record Cholesky() implements LinearAlgebra {
        @Override
        public String name() {
            return "cholesky";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            checkSquare(this, in.getFirst());
            return in;
        }

        @Override
        public boolean gradientReadsOutput(int i) {
            return true;
        }
    }

    /**
     * Inputs (a [..., N, N] triangular, b [..., N, M]): x with a x = b, or a^T x = b.
     *
     * @param upper reads the upper triangle of a, else the lower
     * @param transpose solves with a transposed
     */
    record TriangularSolve(boolean upper, boolean transpose) implements LinearAlgebra {
        @Override
        public String name() {
            return "triangular_solve";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 2, 2);
            TensorSpec a = in.get(0);
            TensorSpec b = in.get(1);
            checkSquare(this, a);
            Check.sameDType(this, a, b);
            int rank = a.shape().rank();
            if (b.shape().rank() != rank || !a.shape().remove(-1).equals(b.shape().remove(-1))) {
                throw new ShapeException("triangular_solve: a " + a.shape() + " and b " + b.shape()
                        + " must agree in all but the last axis");
            }
            return List.of(b);
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return i == 0;
        }

        @Override
        public boolean gradientReadsOutput(int i) {
            return true;
        }
    }

    /**
     * A symmetric a [..., N, N] to (values [..., N] ascending, vectors [..., N, N] in columns, the first component of
     * largest magnitude of each positive); reads the lower triangle. Cyclic Jacobi rotations (Golub and Van Loan, 8.5).
     */
    record SymmetricEigen() implements LinearAlgebra {
        @Override
        public String name() {
            return "symmetric_eigen";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            TensorSpec a = in.getFirst();
            checkSquare(this, a);
            return List.of(a.with(a.shape().remove(-1)), a);
        }

        @Override
        public boolean gradientReadsOutput(int i) {
            return true;
        }
    }

    /**
     * a [..., M, N] to (u [..., M, R], s [..., R] descending, vt [..., R, N]) with R = min(M, N) and a = u diag(s) vt.
     * One-sided Jacobi rotations (Golub and Van Loan, 8.6). It has no gradient.
     */
    record Svd() implements LinearAlgebra {
        @Override
        public String name() {
            return "svd";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            TensorSpec a = in.getFirst();
            Check.computable(this, a);
            Check.minRank(this, a, 2, "a");
            int r = Math.min(a.shape().dim(-1), a.shape().dim(-2));
            return List.of(a.with(a.shape().with(-1, r)), a.with(a.shape().remove(-1).with(-1, r)),
                    a.with(a.shape().with(-2, r)));
        }
    }

    private static void checkSquare(Op op, TensorSpec a) {
        Check.computable(op, a);
        Check.minRank(op, a, 2, "a");
        Shape s = a.shape();
        if (s.dim(-1) != s.dim(-2)) {
            throw new ShapeException(op.name() + ": a must be square in its last two axes, got " + s);
        }
    }
}
