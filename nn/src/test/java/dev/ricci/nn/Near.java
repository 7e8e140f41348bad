package dev.ricci.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ricci.autograd.Gradients;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Comparisons that these tests share. */
final class Near {
    private Near() {
    }

    static void assertNear(double tolerance, Tensor actual, double... expected) {
        assertArrayEquals(expected, actual.toDoubleArray(), tolerance);
    }

    static void assertNear(double tolerance, Tensor actual, Tensor expected) {
        assertEquals(expected.shape(), actual.shape());
        assertArrayEquals(expected.toDoubleArray(), actual.toDoubleArray(), tolerance);
    }

    static void assertSameBits(Tensor expected, Tensor actual) {
        assertEquals(expected.shape(), actual.shape());
        float[] e = expected.toFloatArray();
        float[] a = actual.toFloatArray();
        for (int i = 0; i < e.length; i++) {
            assertEquals(Float.floatToRawIntBits(e[i]), Float.floatToRawIntBits(a[i]), "element " + i);
        }
    }

    /**
     * The gradient of a weighted sum of the result with respect to each parameter and to x, times a random direction,
     * against the central difference of that sum along it.
     */
    static void assertGradients(Layer layer, UnaryOperator<Tensor> forward, Tensor x) {
        Rng rng = Rng.of(99);
        Tensor weights = rng.split("weights").normal(NoGrad.call(() -> forward.apply(x)).shape().toArray());
        UnaryOperator<Tensor> loss = in -> forward.apply(in).mul(weights).sum();
        Tensor tracked = x.tracked();
        Gradients g = Gradients.of(loss.apply(tracked));
        double h = 1e-2;
        for (Map.Entry<String, Parameter> e : layer.trainableParameters().entrySet()) {
            Parameter p = e.getValue();
            Tensor direction = rng.split(e.getKey()).normal(p.spec().shape().toArray());
            Tensor at = p.snapshot();
            p.assign(at.add(direction.mul(h)));
            double up = NoGrad.call(() -> loss.apply(x)).item();
            p.assign(at.sub(direction.mul(h)));
            double down = NoGrad.call(() -> loss.apply(x)).item();
            p.assign(at);
            assertSlope(e.getKey(), (up - down) / (2 * h), g.get(p.variable()).mul(direction).sum().item());
        }
        Tensor direction = rng.split("x").normal(x.shape().toArray());
        double up = NoGrad.call(() -> loss.apply(x.add(direction.mul(h)))).item();
        double down = NoGrad.call(() -> loss.apply(x.sub(direction.mul(h)))).item();
        assertSlope("x", (up - down) / (2 * h), g.get(tracked).mul(direction).sum().item());
    }

    private static void assertSlope(String of, double numeric, double analytic) {
        assertEquals(numeric, analytic, 5e-3 * (1 + Math.abs(numeric)), of);
    }
}
