package dev.ricci.nn.init;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import org.junit.jupiter.api.Test;

class InitializersTest {
    private static final Rng RNG = Rng.of(4);
    /** fan-in 12 * 2 = 24, fan-out 100 * 2 = 200. */
    private static final Shape SHAPE = Shape.of(100, 12, 2);

    private static void assertUniform(double bound, Initializer init) {
        Tensor t = init.create(RNG, SHAPE);
        assertEquals(SHAPE, t.shape());
        double largest = t.abs().max().item();
        assertTrue(largest <= bound && largest > 0.98 * bound, "largest " + largest + ", bound " + bound);
        assertEquals(0, t.mean().item(), 0.05 * bound);
        assertEquals(bound * bound / 3, t.square().mean().item(), 0.03 * bound * bound);
    }

    private static void assertNormal(double std, Initializer init) {
        Tensor t = init.create(RNG, SHAPE);
        assertEquals(SHAPE, t.shape());
        assertEquals(0, t.mean().item(), 0.08 * std);
        assertEquals(std, Math.sqrt(t.square().mean().item()), 0.06 * std);
        assertTrue(t.abs().max().item() > 2.5 * std);
    }

    @Test
    void constants() {
        assertArrayEquals(new float[] {0, 0}, Initializers.zeros().create(RNG, Shape.of(2)).toFloatArray());
        assertArrayEquals(new float[] {1, 1}, Initializers.ones().create(RNG, Shape.of(2)).toFloatArray());
        assertArrayEquals(new float[] {7, 7}, Initializers.constant(7).create(RNG, Shape.of(2)).toFloatArray());
    }

    @Test
    void formulas() {
        assertNormal(0.02, Initializers.normal(0.02));
        assertUniform(0.3, Initializers.uniform(-0.3, 0.3));
        assertUniform(2 * Math.sqrt(6.0 / 224), Initializers.xavierUniform(2));
        assertNormal(2 * Math.sqrt(2.0 / 224), Initializers.xavierNormal(2));
        assertUniform(Math.sqrt(6.0 / 24), Initializers.kaimingUniform(0));
        assertUniform(1 / Math.sqrt(24), Initializers.kaimingUniform(Math.sqrt(5)));
        assertNormal(Math.sqrt(2.0 / 24), Initializers.kaimingNormal(0));
    }

    @Test
    void truncatedNormalStaysWithinTwoDeviations() {
        Tensor t = Initializers.truncatedNormal(0.5).create(RNG, Shape.of(4000));
        double largest = t.abs().max().item();
        assertTrue(largest <= 1 && largest > 0.98, "largest " + largest);
        // The deviation of a standard normal cut at +-2 is 0.8796.
        assertEquals(0.8796 * 0.5, Math.sqrt(t.square().mean().item()), 0.015);
    }

    @Test
    void orthogonal() {
        for (int[] shape : new int[][] {{3, 5}, {5, 3}, {4, 4}, {3, 2, 2}}) {
            Tensor t = Initializers.orthogonal(2).create(RNG, Shape.of(shape));
            assertEquals(Shape.of(shape), t.shape());
            Tensor m = t.reshape(shape[0], -1);
            Tensor gram = m.dim(0) <= m.dim(1) ? m.matmul(m.transpose(0, 1)) : m.transpose(0, 1).matmul(m);
            assertArrayEquals(Tensor.eye(gram.dim(0)).mul(4).toFloatArray(), gram.toFloatArray(), 1e-5f);
        }
    }

    @Test
    void sameRngSameValues() {
        for (Initializer init : new Initializer[] {Initializers.truncatedNormal(1), Initializers.orthogonal(1)}) {
            assertArrayEquals(init.create(RNG, SHAPE).toFloatArray(), init.create(Rng.of(4), SHAPE).toFloatArray());
        }
    }

    @Test
    void badInput() {
        assertThrows(ShapeException.class, () -> Initializers.xavierUniform(1).create(RNG, Shape.of(3)));
        assertThrows(ShapeException.class, () -> Initializers.orthogonal(1).create(RNG, Shape.of(3)));
        assertThrows(TensorException.class, () -> Initializers.normal(Double.NaN));
        assertThrows(TensorException.class, () -> Initializers.normal(-1));
        assertThrows(TensorException.class, () -> Initializers.uniform(1, 0));
    }
}
