package dev.ricci.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.DTypeException;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Program;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.Variable;
import java.lang.ref.WeakReference;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The walk, the store, accumulation and clipping. */
final class GradientsTest {
    private static final float[] NONE = {};

    private static void fails(Class<? extends TensorException> type, Executable body, String... parts) {
        TensorException e = assertThrows(type, body);
        for (String part : parts) {
            assertTrue(e.getMessage().contains(part), "'" + part + "' not in: " + e.getMessage());
        }
    }

    private static Variable variable(String name, float... values) {
        return Variable.of(name, Tensor.of(values), true);
    }

    @Test
    void aTensorUsedTwiceGetsTheSum() {
        Tensor x = Tensor.of(2, 3).tracked();
        Tensor y = x.square();
        assertArrayEquals(new float[] {4 + 32, 6 + 108}, Gradients.of(y.add(y.square()).sum()).get(x).toFloatArray());
    }

    @Test
    void aLossThatIsALeafHasGradientOne() {
        Tensor x = Tensor.scalar(7).tracked();
        assertEquals(1, Gradients.of(x).get(x).item());
    }

    @Test
    void interiorTensorsOnRequest() {
        Tensor x = Tensor.of(2, 3).tracked();
        Tensor y = x.square();
        Tensor loss = y.mul(y).sum();
        Gradients g = Gradients.of(loss, List.of(y));
        assertArrayEquals(new float[] {8, 18}, g.get(y).toFloatArray());
        assertArrayEquals(new float[] {32, 108}, g.get(x).toFloatArray());
        fails(TensorException.class, () -> g.get(loss), "'sum' F32[]", "was not asked for");
        assertTrue(g.find(loss).isEmpty());
    }

    @Test
    void eachOutputOfAnOpHasItsOwnGradient() {
        Tensor x = Tensor.of(3, 1, 2).tracked();
        List<Tensor> parts = x.split(0, 1, 2);
        Tensor loss = parts.get(0).mul(5).sum().add(parts.get(1).square().sum());
        Gradients g = Gradients.of(loss, parts);
        assertArrayEquals(new float[] {5}, g.get(parts.get(0)).toFloatArray());
        assertArrayEquals(new float[] {2, 4}, g.get(parts.get(1)).toFloatArray());
        assertArrayEquals(new float[] {5, 2, 4}, g.get(x).toFloatArray());
    }

    @Test
    void severalOutputsWithSeeds() {
        Tensor x = Tensor.of(2, 3).tracked();
        Gradients g = Gradients.vectorJacobian(List.of(x.square(), x.mul(3)),
                List.of(Tensor.of(1, 10), Tensor.of(100, 1000)), List.of());
        assertArrayEquals(new float[] {4 + 300, 60 + 3000}, g.get(x).toFloatArray());
        fails(TensorException.class, () -> Gradients.vectorJacobian(List.of(x), List.of(), List.of()), "seeds");
        fails(ShapeException.class, () -> Gradients.vectorJacobian(List.of(x), List.of(Tensor.of(1)), List.of()),
                "F32[2]", "F32[1]");
    }

    @Test
    void detachAndNoGradStopTheGradient() {
        Tensor x = Tensor.of(2, 3).tracked();
        assertArrayEquals(new float[] {4, 9},
                Gradients.of(x.square().detach().mul(x).sum()).get(x).toFloatArray());
        assertFalse(NoGrad.call(x::square).isTracked());
    }

    @Test
    void badLossesAreRefused() {
        Tensor x = Tensor.of(2, 3).tracked();
        fails(ShapeException.class, () -> Gradients.of(x), "scalar", "F32[2]", "mean()");
        fails(TensorException.class, () -> Gradients.of(Tensor.scalar(1)), "the loss, F32[], is not tracked");
        fails(DTypeException.class, () -> Gradients.of(Tensor.ofInts(new int[] {1}).reshape()), "I32");
        fails(TensorException.class, () -> Gradients.of(x.sum(), List.of(Tensor.scalar(1))), "tensor 0 asked for");
    }

    @Test
    void aLossThatIsNaNGivesNaN() {
        Tensor x = Tensor.of(-1).tracked();
        assertTrue(Double.isNaN(Gradients.of(x.sqrt().sum()).get(x).item()));
    }

    @Test
    void whatTookNoPartIsNamed() {
        Variable w = variable("layers.0.weight", 1);
        Variable v = variable("layers.1.weight", 2);
        Gradients g = Gradients.of(w.value().square().sum());
        assertEquals(2, g.get(w).item());
        assertTrue(g.find(v).isEmpty());
        fails(TensorException.class, () -> g.get(v), "'layers.1.weight' F32[1]", "took no part");
        fails(TensorException.class, () -> g.get(Tensor.of(1)), "not tracked");
        v.track(false);
        assertTrue(g.find(v).isEmpty());
        fails(TensorException.class, () -> g.raw(v), "'layers.1.weight'", "not tracked");
    }

    @Test
    void aVariableKeepsItsGradientThroughAnUpdate() {
        Variable w = variable("w", 1, 2);
        Gradients g = Gradients.of(w.value().square().sum());
        w.assign(Tensor.of(0, 0));
        assertArrayEquals(new float[] {2, 4}, g.get(w).toFloatArray());
    }

    @Test
    void aFreedGraphThrowsWithTheRemedy() {
        Tensor x = Tensor.of(2, 3).tracked();
        Tensor y = x.exp();
        Gradients.of(y.sum());
        fails(TensorException.class, () -> Gradients.of(y.square().sum()), "'exp'", "freed", "keepGraph()");
        Tensor loss = x.exp().sum();
        assertArrayEquals(Gradients.of(loss, Gradients.keepGraph()).get(x).toFloatArray(),
                Gradients.of(loss).get(x).toFloatArray());
        fails(TensorException.class, () -> Gradients.of(loss), "'sum'", "freed");
    }

    @Test
    void aChangedStorageThrowsAndNamesBoth() {
        Variable w = variable("decoder.weight", 1, 2);
        Tensor loss = w.value().mul(w.value().exp()).sum();
        w.assign(Tensor.of(3, 4));
        fails(TensorException.class, () -> Gradients.of(loss), "'mul'", "'decoder.weight'", "changed in place");
    }

    @Test
    void aChangeOfWhatNoRuleReadsIsAllowed() {
        Variable frozen = Variable.of("frozen", Tensor.of(3, 4), false);
        Variable w = variable("w", 1, 2);
        Tensor loss = w.value().mul(frozen.value()).sum();
        w.assign(Tensor.of(0, 0));
        assertArrayEquals(new float[] {3, 4}, Gradients.of(loss).get(w).toFloatArray());
    }

    @Test
    void gradientsOfGradients() {
        Tensor x = Tensor.scalar(1.5).tracked();
        Tensor y = x.mul(x).mul(x).mul(x);
        Tensor first = Gradients.of(y, Gradients.keepGraph()).get(x);
        Tensor second = Gradients.of(first, Gradients.keepGraph()).get(x);
        Tensor third = Gradients.of(second).get(x);
        assertEquals(4 * 3.375, first.item(), 1e-5);
        assertEquals(12 * 2.25, second.item(), 1e-5);
        assertEquals(24 * 1.5, third.item(), 1e-5);
        assertFalse(third.isTracked());
    }

    @Test
    void withoutKeepGraphGradientsAreNotTracked() {
        Tensor x = Tensor.of(2).tracked();
        assertFalse(Gradients.of(x.exp().sum()).get(x).isTracked());
        assertTrue(Gradients.of(x.exp().sum(), Gradients.keepGraph()).get(x).isTracked());
    }

    @Test
    void valueAndGradGivesBoth() {
        Tensor x = Tensor.of(2, 3).tracked();
        Gradients.ValueAndGrad both = Gradients.valueAndGrad(() -> x.square().sum());
        assertEquals(13, both.value().item());
        assertNull(both.value().provenance());
        assertArrayEquals(new float[] {4, 6}, both.gradients().get(x).toFloatArray());
    }

    @Test
    void accumulationAddsAndKeeps() {
        Variable a = variable("a", 1, 2);
        Variable b = variable("b", 3);
        Gradients both = Gradients.of(a.value().square().sum().add(b.value().sum()));
        Gradients one = Gradients.of(a.value().sum());
        Gradients sum = both.scale(0.5).plus(one.scale(2));
        assertArrayEquals(new float[] {1 + 2, 2 + 2}, sum.get(a).toFloatArray());
        assertArrayEquals(new float[] {0.5f}, sum.get(b).toFloatArray());
        assertArrayEquals(new float[] {0.5f}, one.plus(both).scale(0.5).get(b).toFloatArray());
        assertArrayEquals(new float[] {2, 4}, both.get(a).toFloatArray());
    }

    @Test
    void clippingByTheGlobalNorm() {
        Variable a = variable("a", 3, 0);
        Variable b = variable("b", 4);
        Tensor y = b.value().mul(1);
        Gradients g = Gradients.of(a.value().square().add(0).sum().add(y.square().sum()).mul(0.5), List.of(y));
        assertEquals(5, g.globalNorm().item(), 1e-6, "gradients of interior tensors do not count");
        assertEquals(DType.F32, g.globalNorm().dtype());
        Gradients clipped = g.clipByGlobalNorm(1);
        assertEquals(0.2, clipped.scale().item(), 1e-6);
        assertArrayEquals(new float[] {0.6f, 0}, clipped.get(a).toFloatArray(), 1e-6f);
        assertArrayEquals(new float[] {3, 0}, clipped.raw(a).toFloatArray());
        assertEquals(1, clipped.globalNorm().item(), 1e-5);
        assertEquals(0.1, clipped.clipByGlobalNorm(0.5).scale().item(), 1e-6);
        assertEquals(1, g.clipByGlobalNorm(6).scale().item());
        assertEquals(1, g.scale().item());
        assertEquals(15, g.scale(-3).globalNorm().item(), 1e-5);
        assertEquals(-0.6, clipped.scale(Tensor.scalar(-3)).scale().item(), 1e-6);
        fails(ShapeException.class, () -> g.scale(Tensor.ones(1)), "gradients: the factor must be F32[], got F32[1]");
        fails(TensorException.class, () -> g.clipByGlobalNorm(0), "positive");
    }

    @Test
    void zeroGradientsAreNotClipped() {
        Variable a = variable("a", 0, 0);
        Gradients g = Gradients.of(a.value().square().sum()).clipByGlobalNorm(1);
        assertEquals(1, g.scale().item());
        assertArrayEquals(new float[] {0, 0}, g.get(a).toFloatArray());
    }

    @Test
    void clippingAddsASmallAmountToTheNorm() {
        Variable a = variable("a", 1);
        Gradients g = Gradients.of(a.value().sum().mul(1e-6)).clipByGlobalNorm(1e-6);
        assertEquals(0.5, g.scale().item(), 1e-4);
    }

    @Test
    void aBackwardPassCanBeCaptured() {
        Program p = Program.capture("gradient", in -> {
            Tensor x = in.getFirst().tracked();
            return List.of(Gradients.of(x.exp().square().sum()).clipByGlobalNorm(2).get(x));
        }, List.of(Tensor.of(1, 2)));
        Tensor other = Tensor.of(0.25f, -1);
        float[] again = p.run(other).getFirst().toFloatArray();
        Tensor y = other.tracked();
        assertArrayEquals(Gradients.of(y.exp().square().sum()).clipByGlobalNorm(2).get(y).toFloatArray(), again);
    }

    @Test
    void aChainOfAHundredThousandOps() {
        Tensor x = Tensor.scalar(1).tracked();
        Tensor y = x;
        for (int i = 0; i < 100_000; i++) {
            y = y.neg();
        }
        assertEquals(1, Gradients.of(y).get(x).item());
    }

    @Test
    void savedValuesAreReleasedAsTheyAreUsed() throws InterruptedException {
        Tensor x = Tensor.of(NONE).tracked();
        Tensor y = x.exp();
        WeakReference<Tensor> interior = new WeakReference<>(y);
        Tensor loss = y.mul(y).sum();
        y = null;
        System.gc();
        assertFalse(interior.refersTo(null), "the graph holds what it needs");
        Gradients g = Gradients.of(loss);
        for (int i = 0; i < 100 && !interior.refersTo(null); i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertTrue(interior.refersTo(null), "the loss is alive, its graph must not be");
        assertEquals(0, g.get(x).size() + loss.rank());
    }
}
