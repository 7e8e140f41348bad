package dev.ricci.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ricci.autograd.Gradients;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.util.Map;
import java.util.function.Supplier;

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
     * Each parameter's gradient of a weighted sum of the result, times a random direction, against the central
     * difference of that sum along it.
     */
    static void assertGradients(Layer layer, Supplier<Tensor> forward) {
        Rng rng = Rng.of(99);
        Tensor weights = NoGrad.call(() -> rng.split("weights").normal(forward.get().shape().toArray()));
        Supplier<Tensor> loss = () -> forward.get().mul(weights).sum();
        Gradients g = Gradients.of(loss.get());
        for (Map.Entry<String, Parameter> e : layer.trainableParameters().entrySet()) {
            Parameter p = e.getValue();
            Tensor direction = rng.split(e.getKey()).normal(p.spec().shape().toArray());
            double analytic = g.get(p.variable()).mul(direction).sum().item();
            Tensor at = p.snapshot();
            double h = 1e-2;
            p.assign(at.add(direction.mul(h)));
            double up = NoGrad.call(loss).item();
            p.assign(at.sub(direction.mul(h)));
            double down = NoGrad.call(loss).item();
            p.assign(at);
            double numeric = (up - down) / (2 * h);
            assertEquals(numeric, analytic, 5e-3 * (1 + Math.abs(numeric)), e.getKey());
        }
    }
}
