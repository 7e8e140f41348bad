package dev.ricci.autograd;

import dev.ricci.tensor.Linalg;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.op.LinearAlgebra;

/**
 * Gradient rules of decompositions (Murray 2016, "Differentiation of the Cholesky decomposition"; Giles 2008,
 * "Collected matrix derivative results"). An op that reads one triangle gives a gradient in that triangle.
 */
final class LinearAlgebraVjp {
    private LinearAlgebraVjp() {
    }

    static Tensor[] of(LinearAlgebra op, Node n) {
        return switch (op) {
            case LinearAlgebra.Cholesky c -> n.first(cholesky(n.output(0), n.gradient()));
            case LinearAlgebra.TriangularSolve t -> triangularSolve(t, n, n.gradient());
            case LinearAlgebra.SymmetricEigen e -> n.first(symmetricEigen(n));
            case LinearAlgebra.Svd s -> throw new TensorException("gradients: 'svd' of " + n.spec(0) + " has no"
                    + " gradient; use Linalg.symmetricEigen of a^T a, or detach() its input");
        };
    }

    private static Tensor cholesky(Tensor l, Tensor g) {
        Tensor phi = halfDiagonal(transposed(l).matmul(g));
        Tensor left = Linalg.triangularSolve(l, phi, false, true);
        Tensor s = Linalg.triangularSolve(l, transposed(left), false, true);
        return halfDiagonal(s.add(transposed(s)));
    }

    private static Tensor[] triangularSolve(LinearAlgebra.TriangularSolve op, Node n, Tensor g) {
        Tensor a = n.input(0);
        Tensor db = Tensor.apply(new LinearAlgebra.TriangularSolve(op.upper(), !op.transpose()), a, g);
        if (!n.needs(0)) {
            return new Tensor[] {null, db};
        }
        Tensor x = n.output(0);
        Tensor full = op.transpose() ? x.matmul(transposed(db)) : db.matmul(transposed(x));
        return new Tensor[] {(op.upper() ? full.triu(0) : full.tril(0)).neg(), db};
    }

    /** Eigenvalues must be distinct where vectors take part; equal ones give infinite or NaN gradients. */
    private static Tensor symmetricEigen(Node n) {
        Tensor values = n.output(0);
        Tensor v = n.output(1);
        Tensor eye = Tensor.eye(v.dim(-1)).to(v.dtype());
        Tensor inner = null;
        if (n.gradient(0) != null) {
            inner = eye.mul(n.gradient(0).unsqueeze(-1));
        }
        if (n.gradient(1) != null) {
            Tensor gaps = values.unsqueeze(-2).sub(values.unsqueeze(-1));
            Tensor f = gaps.add(eye).reciprocal().sub(eye);
            Tensor turned = f.mul(transposed(v).matmul(n.gradient(1)));
            inner = inner == null ? turned : inner.add(turned);
        }
        Tensor full = v.matmul(inner).matmul(transposed(v));
        return halfDiagonal(full.add(transposed(full)));
    }

    /** The lower triangle with its diagonal halved. */
    private static Tensor halfDiagonal(Tensor a) {
        return a.tril(0).add(a.tril(-1)).mul(0.5);
    }

    private static Tensor transposed(Tensor a) {
        return a.transpose(-2, -1);
    }
}
