package dev.ricci.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.Functional;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.Variable;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Checkpointed programs give the bits of plain ones, hold less, and notice what would make them differ. */
final class CheckpointingTest {
    private final Variable w1 = weights("w1", 1, 6, 8);
    private final Variable w2 = weights("w2", 2, 8, 6);
    private final Tensor x = Rng.of(3).normal(5, 6).tracked();

    private static Variable weights(String name, int seed, int rows, int columns) {
        return Variable.of(name, Rng.of(seed).normal(rows, columns).mul(0.4), true);
    }

    private Tensor block(Tensor h, int i) {
        Tensor inner = Functional.dropout(h.matmul(w1.value()).gelu(), 0.3, Rng.of(9).split(i));
        return inner.matmul(w2.value()).add(h);
    }

    /** The bits of the loss and of every gradient of three blocks that share their weights. */
    private List<float[]> run(Function<UnaryOperator<Tensor>, UnaryOperator<Tensor>> wrap) {
        Tensor h = x;
        for (int i = 0; i < 3; i++) {
            int at = i;
            h = wrap.apply(t -> block(t, at)).apply(h);
        }
        Tensor loss = h.square().mean().add(w1.value().square().sum()).add(x.sum());
        Gradients g = Gradients.of(loss);
        return List.of(loss.toFloatArray(), g.get(x).toFloatArray(), g.get(w1).toFloatArray(),
                g.get(w2).toFloatArray());
    }

    private static void assertSame(List<float[]> a, List<float[]> b) {
        for (int i = 0; i < a.size(); i++) {
            assertArrayEquals(a.get(i), b.get(i));
        }
    }

    @Test
    void theSameBitsAsWithout() {
        assertSame(run(f -> f), run(f -> t -> Checkpointing.run(f, t)));
    }

    @Test
    void theSameBitsWhenNested() {
        assertSame(run(f -> f), run(f -> t -> {
            UnaryOperator<Tensor> inner = u -> Checkpointing.run(f, u);
            return Checkpointing.run(inner, t);
        }));
    }

    @Test
    void capturedInteriorTensorsGetTheirGradients() {
        Tensor captured = x.exp();
        UnaryOperator<Tensor> f = t -> t.mul(captured).mul(captured.detach());
        float[] plain = Gradients.of(f.apply(captured).sum(), List.of(captured), Gradients.keepGraph()).get(captured)
                .toFloatArray();
        Gradients g = Gradients.of(Checkpointing.run(f, captured).sum(), List.of(captured));
        assertArrayEquals(plain, g.get(captured).toFloatArray());
        assertTrue(g.find(x).isPresent());
    }

    @Test
    void severalInputsAndOutputs() {
        Tensor y = Rng.of(4).normal(5, 6).tracked();
        Function<List<Tensor>, List<Tensor>> f = in -> List.of(in.get(0).mul(in.get(1)), in.get(0).argmax(0),
                in.get(1).sqrt(), y);
        List<Tensor> out = Checkpointing.run(f, x, y);
        assertFalse(out.get(1).isTracked());
        Gradients g = Gradients.of(out.get(0).sum().add(out.get(3).mul(2).sum()));
        assertArrayEquals(y.toFloatArray(), g.get(x).toFloatArray());
        assertArrayEquals(x.add(2).toFloatArray(), g.get(y).toFloatArray());
    }

    @Test
    void gradientsOfGradients() {
        UnaryOperator<Tensor> f = t -> t.exp().mul(t);
        GradCheck.check(in -> Checkpointing.run(f, in.get(0)), List.of(x)).assertPasses();
        GradCheck.checkSecondOrder(in -> Checkpointing.run(f, in.get(0).square()), List.of(x)).assertPasses();
    }

    @Test
    void theInteriorIsNotHeld() throws InterruptedException {
        List<WeakReference<Tensor>> interior = new ArrayList<>();
        Tensor y = Checkpointing.run(t -> {
            Tensor inner = t.exp();
            interior.add(new WeakReference<>(inner));
            return inner.mul(inner).sum();
        }, x);
        for (int i = 0; i < 100 && !interior.getFirst().refersTo(null); i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertTrue(interior.getFirst().refersTo(null));
        Gradients.of(y);
        assertEquals(2, interior.size(), "run once forward and once again");
    }

    @Test
    void withoutAnythingTrackedItRunsOnce() {
        int[] runs = {0};
        UnaryOperator<Tensor> f = t -> {
            runs[0]++;
            return t.exp();
        };
        assertFalse(Checkpointing.run(f, Tensor.of(1, 2)).isTracked());
        assertFalse(NoGrad.call(() -> Checkpointing.run(f, x)).isTracked());
        assertEquals(2, runs[0]);
    }

    @Test
    void aChangeOfWhatItReadIsNoticed() {
        Variable factor = Variable.of("running_mean", Tensor.scalar(2), false);
        Tensor y = Checkpointing.run(t -> t.mul(factor.value()).exp(), x).sum();
        factor.assign(Tensor.scalar(3));
        TensorException e = assertThrows(TensorException.class, () -> Gradients.of(y));
        assertTrue(e.getMessage().contains("'checkpoint'") && e.getMessage().contains("changed in place"),
                e.getMessage());
    }

    @Test
    void updatesInsideAreRefused() {
        TensorException e = assertThrows(TensorException.class, () -> Checkpointing.run(t -> {
            w1.assign(w1.snapshot());
            return t;
        }, x));
        assertTrue(e.getMessage().contains("'assign'"), e.getMessage());
    }

    @Test
    void aFunctionThatGivesAnotherShapeTheSecondTimeIsRefused() {
        int[] runs = {0};
        Tensor y = Checkpointing.run(t -> runs[0]++ == 0 ? t : t.slice(0, 0, 2), x).sum();
        TensorException e = assertThrows(TensorException.class, () -> Gradients.of(y));
        assertTrue(e.getMessage().contains("repeat itself"), e.getMessage());
    }
}
