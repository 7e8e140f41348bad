package dev.ricci.tensor.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Linalg;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import org.junit.jupiter.api.Test;

class LinearAlgebraTest {
    private static final double TOLERANCE = 1e-13;

    private static Tensor normal(long seed, int... shape) {
        return Rng.of(seed).normal(DType.F64, Shape.of(shape));
    }

    private static Tensor t(Tensor a) {
        return a.transpose(-2, -1);
    }

    private static Tensor eye(int n) {
        return Tensor.eye(n).to(DType.F64);
    }

    private static void assertClose(Tensor expected, Tensor actual) {
        assertEquals(expected.shape(), actual.shape());
        double scale = Math.max(1, expected.size() == 0 ? 0 : expected.abs().max().item());
        assertArrayEquals(expected.toDoubleArray(), actual.toDoubleArray(), scale * TOLERANCE);
    }

    @Test
    void choleskyOfRandomMatrices() {
        for (int n = 0; n < 9; n++) {
            Tensor x = normal(n, 3, n, n);
            Tensor a = x.matmul(t(x)).add(eye(n).mul(0.1));
            Tensor l = Linalg.cholesky(a.tril(0)); // it reads only the lower triangle
            assertClose(a, l.matmul(t(l)));
            assertClose(l, l.tril(0));
            Tensor b = normal(n + 100, 3, n, 2);
            assertArrayEquals(b.toDoubleArray(), a.matmul(Linalg.choleskySolve(a, b)).toDoubleArray(), 1e-11);
        }
    }

    @Test
    void choleskyNamesThePivot() {
        Tensor a = Tensor.ofDoubles(new double[] {1, 0, 0, 1, 1, 2, 2, 3}, 2, 2, 2);
        TensorException e = assertThrows(TensorException.class, () -> Linalg.cholesky(a));
        assertTrue(e.getMessage().startsWith(
                "cholesky: matrix 1 of F64[2, 2, 2] is not positive definite: pivot 1 is -1.0"), e.getMessage());
        assertThrows(TensorException.class, () -> Linalg.cholesky(Tensor.full(Shape.of(1, 1), DType.F32, Double.NaN)));
    }

    @Test
    void triangularSolveInAllFourWays() {
        Tensor a = normal(1, 2, 5, 5).add(eye(5).mul(4));
        Tensor b = normal(2, 2, 5, 3);
        for (boolean upper : new boolean[] {false, true}) {
            for (boolean transpose : new boolean[] {false, true}) {
                Tensor triangle = upper ? a.triu(0) : a.tril(0);
                Tensor x = Linalg.triangularSolve(a, b, upper, transpose);
                assertClose(b, (transpose ? t(triangle) : triangle).matmul(x));
            }
        }
        TensorException e = assertThrows(TensorException.class,
                () -> Linalg.triangularSolve(a.mul(eye(5).sub(1).neg()), b, false, false));
        assertTrue(e.getMessage().contains("diagonal element 0 is 0"), e.getMessage());
    }

    @Test
    void eigenvectorsRebuildTheMatrix() {
        for (int n = 0; n < 9; n++) {
            Tensor x = normal(n, 2, n, n);
            Tensor a = x.add(t(x));
            assertEigen(a);
        }
        assertEigen(Tensor.ones(4, 4).to(DType.F64)); // a triple eigenvalue
        assertEigen(eye(3).mul(1e200));
        assertEigen(normal(5, 4, 4).matmul(t(normal(5, 4, 4))).mul(1e-200));
        assertEigen(Tensor.full(Shape.of(3, 3), DType.F64, 0));
    }

    private static void assertEigen(Tensor a) {
        int n = a.dim(-1);
        Linalg.Eigen e = Linalg.symmetricEigen(a.tril(0));
        double scale = a.size() == 0 ? 1 : Math.max(1e-300, a.abs().max().item());
        assertClose(a.div(scale),
                e.vectors().matmul(e.values().div(scale).unsqueeze(-1).mul(t(e.vectors()))));
        assertClose(eye(n).expand(a.shape()), t(e.vectors()).matmul(e.vectors()));
        assertTrue(n < 2 || e.values().slice(-1, 1, n).ge(e.values().slice(-1, 0, n - 1)).all().item() == 1);
        double[] v = e.vectors().transpose(-2, -1).toDoubleArray();
        for (int column = 0; column < v.length / Math.max(1, n); column++) {
            double extreme = 0;
            for (int i = column * n; i < (column + 1) * n; i++) {
                extreme = Math.abs(v[i]) > Math.abs(extreme) ? v[i] : extreme;
            }
            assertTrue(extreme > 0);
        }
    }

    @Test
    void eigenvaluesOfAKnownMatrix() {
        Linalg.Eigen e = Linalg.symmetricEigen(Tensor.of(new float[] {2, 9, 1, 2}, 2, 2));
        assertArrayEquals(new float[] {1, 3}, e.values().toFloatArray());
        float h = (float) Math.sqrt(0.5);
        assertArrayEquals(new float[] {h, h, -h, h}, e.vectors().toFloatArray(), 1e-7f);
    }

    @Test
    void singularVectorsRebuildTheMatrix() {
        for (int m = 0; m < 7; m++) {
            for (int n = 0; n < 7; n++) {
                assertSvd(normal(10L * m + n, 2, m, n));
            }
        }
    }

    @Test
    void singularVectorsOfDeficientMatrices() {
        assertSvd(Tensor.full(Shape.of(4, 3), DType.F64, 0));
        assertSvd(Tensor.ones(3, 5).to(DType.F64));
        assertSvd(normal(1, 6, 2).matmul(normal(2, 2, 5)));
        assertSvd(normal(3, 5, 5).mul(Tensor.ofDoubles(new double[] {1, 1e-9, 1e-18, 1e-40, 0})));
        assertSvd(normal(4, 3, 3).mul(1e250));
        assertSvd(eye(4));
    }

    private static void assertSvd(Tensor a) {
        Linalg.Svd s = Linalg.svd(a);
        int r = Math.min(a.dim(-1), a.dim(-2));
        double scale = a.size() == 0 ? 1 : Math.max(1e-300, a.abs().max().item());
        assertClose(a.div(scale), s.u().matmul(s.s().div(scale).unsqueeze(-1).mul(s.vt())));
        Shape square = a.shape().with(-1, r).with(-2, r);
        assertClose(eye(r).expand(square), t(s.u()).matmul(s.u()));
        assertClose(eye(r).expand(square), s.vt().matmul(t(s.vt())));
        assertTrue(s.s().ge(0).all().item() == 1);
        assertTrue(r < 2 || s.s().slice(-1, 1, r).le(s.s().slice(-1, 0, r - 1)).all().item() == 1);
    }

    @Test
    void notANumberIsRefused() {
        Tensor a = Tensor.of(new float[] {1, 2, Float.NaN, 4}, 2, 2);
        TensorException e = assertThrows(TensorException.class, () -> Linalg.svd(a));
        assertTrue(e.getMessage().contains("holds NaN at [1, 0]"), e.getMessage());
        assertThrows(TensorException.class, () -> Linalg.symmetricEigen(a));
    }
}
