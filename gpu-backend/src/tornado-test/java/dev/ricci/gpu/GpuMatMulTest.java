package dev.ricci.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.Backends;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Contraction;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.testkit.TensorAssert;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The kernels of large products and of few rows, at edges that the catalogue's shapes do not reach. */
class GpuMatMulTest {
    private static final int BATCHES = 4;
    private static final int M = 130;
    private static final int N = 135;
    private static final int K = 141;

    private static Backend backend;

    @BeforeAll
    static void deviceIsThere() {
        TornadoHalf half = new TornadoHalf();
        String reason = half.unavailable();
        Assumptions.assumeTrue(reason == null, () -> "no device: " + reason);
        backend = new GpuBackend(half, true);
    }

    private static Tensor product(Tensor... in) {
        return Backends.with(backend, () -> Tensor.apply(new Contraction.MatMul(), in));
    }

    /** The same elements, the columns side by side. */
    private static Tensor byColumns(Tensor x) {
        int last = x.shape().rank() - 1;
        return x.transpose(last, last - 1).contiguous().transpose(last, last - 1);
    }

    private static Tensor rows(Tensor x, int from, int to) {
        return x.slice(x.shape().rank() - 2, from, to);
    }

    @Test
    void largeTilesGiveTheBitsOfSmallOnes() {
        assertEquals(Kernel.MATMUL_LARGE, ContractionLaunches.matMul(BATCHES, M, N, K));
        assertEquals(Kernel.MATMUL, ContractionLaunches.matMul(1, 20, N, K));
        Tensor a = Rng.of(1).normal(BATCHES, M, K);
        Tensor b = Rng.of(2).normal(K, N);
        Tensor bias = Rng.of(3).normal(N);
        Tensor y = product(a, b.expand(BATCHES, K, N), bias);
        TensorAssert.assertClose(y, Tensor.apply(new Contraction.MatMul(), a, b.expand(BATCHES, K, N), bias), 1e-5, 1e-4);
        TensorAssert.assertBitEqual("columns side by side",
                product(byColumns(a), byColumns(b).expand(BATCHES, K, N), bias), y);
        Tensor last = a.slice(0, BATCHES - 1, BATCHES);
        Tensor expected = y.slice(0, BATCHES - 1, BATCHES);
        for (int from : new int[] {0, M - 20}) {
            TensorAssert.assertBitEqual("20 rows from " + from,
                    product(rows(last, from, from + 20), b.expand(1, K, N), bias), rows(expected, from, from + 20));
        }
    }

    @Test
    void fewRowsHaveTheBitsOfMany() {
        assertEquals(Kernel.MATMUL_FEW, ContractionLaunches.matMul(1, 8, N, K));
        Tensor a = Rng.of(4).normal(12, K);
        Tensor b = Rng.of(5).normal(K, N);
        Tensor bias = Rng.of(6).normal(N);
        Tensor y = product(a, b, bias);
        for (int m : new int[] {1, 3, 8}) {
            TensorAssert.assertBitEqual(m + " rows", product(rows(a, 0, m), b, bias), rows(y, 0, m));
            TensorAssert.assertBitEqual(m + " rows, columns side by side",
                    product(byColumns(rows(a, 0, m)), byColumns(b), bias), rows(y, 0, m));
        }
        Tensor two = product(a.slice(0, 0, 10).reshape(2, 5, K), b.expand(2, K, N), bias);
        TensorAssert.assertBitEqual("two batches", two.reshape(10, N), rows(y, 0, 10));
    }

    @Test
    void nanStaysInItsRowAndColumn() {
        float[] a = new float[BATCHES * M * K];
        float[] b = new float[K * N];
        a[(M - 1) * K + K - 1] = Float.NaN;
        b[N - 1] = Float.POSITIVE_INFINITY;
        float[] y = product(Tensor.of(a, BATCHES, M, K), Tensor.of(b, K, N).expand(BATCHES, K, N)).toFloatArray();
        for (int i = 0; i < y.length; i++) {
            boolean touched = i / N == M - 1 || i % N == N - 1;
            assertEquals(touched, Float.isNaN(y[i]), "element " + i);
        }
        float[] few = product(Tensor.of(a, BATCHES * M, K).slice(0, M - 2, M), Tensor.of(b, K, N)).toFloatArray();
        for (int i = 0; i < few.length; i++) {
            assertEquals(i / N == 1 || i % N == N - 1, Float.isNaN(few[i]), "few, element " + i);
        }
        assertTrue(few.length == 2 * N);
    }

    @Test
    void sumsOfNothingAreTheBias() {
        Tensor y = product(Tensor.zeros(1100, 0), Tensor.zeros(0, 256), Tensor.ones(256));
        assertEquals(Kernel.MATMUL_LARGE, ContractionLaunches.matMul(1, 1100, 256, 0));
        TensorAssert.assertBitEqual(y, Tensor.ones(1100, 256));
    }
}
