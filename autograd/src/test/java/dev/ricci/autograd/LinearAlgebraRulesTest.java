package dev.ricci.autograd;

import static dev.ricci.autograd.Cases.values;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.Linalg;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The rules of decompositions. */
final class LinearAlgebraRulesTest {
    private static Tensor definite(int salt, int batch, int n) {
        Tensor a = values(salt, batch, n, n);
        return a.matmul(a.transpose(1, 2)).add(Tensor.eye(n).to(a.dtype()).mul(2));
    }

    @TestFactory
    Stream<DynamicTest> decompositions() {
        Tensor triangle = values(3, 2, 3, 3).add(Tensor.eye(3).to(values(3).dtype()).mul(4));
        Tensor b = values(4, 2, 3, 2);
        return new Cases()
                .both("cholesky", in -> Linalg.cholesky(in.get(0)), definite(1, 2, 3))
                .first("cholesky solve", in -> Linalg.choleskySolve(in.get(0), in.get(1)), definite(1, 2, 3), b)
                .both("lower solve", in -> Linalg.triangularSolve(in.get(0), in.get(1), false, false), triangle, b)
                .both("upper solve", in -> Linalg.triangularSolve(in.get(0), in.get(1), true, false), triangle, b)
                .both("lower transposed solve", in -> Linalg.triangularSolve(in.get(0), in.get(1), false, true),
                        triangle, b)
                .both("upper transposed solve", in -> Linalg.triangularSolve(in.get(0), in.get(1), true, true),
                        triangle, b)
                .both("eigenvalues", in -> Linalg.symmetricEigen(in.get(0)).values(), values(5, 2, 3, 3))
                .first("eigenvectors", in -> Linalg.symmetricEigen(in.get(0)).vectors(), values(5, 2, 3, 3))
                .first("eigenvalues and vectors", in -> {
                    Linalg.Eigen e = Linalg.symmetricEigen(in.get(0));
                    return e.vectors().mul(e.values().unsqueeze(-2));
                }, values(6, 1, 4, 4))
                .stream();
    }

    @Test
    void singularValuesHaveNoGradient() {
        Tensor a = values(1, 3, 2).tracked();
        TensorException e = assertThrows(TensorException.class, () -> Gradients.of(Linalg.svd(a).s().sum()));
        assertTrue(e.getMessage().contains("'svd'"), e.getMessage());
    }
}
