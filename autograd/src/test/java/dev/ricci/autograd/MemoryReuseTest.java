package dev.ricci.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.ricci.tensor.Backends;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.OpListener;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.Variable;
import dev.ricci.tensor.cpu.CpuBackend;
import dev.ricci.tensor.op.CustomOp;
import dev.ricci.tensor.op.Op;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Memory that is used again never shows in what a user may still read; {@link MemoryReuseProperties} has values. */
final class MemoryReuseTest {
    static final int N = 64; // N x N elements are what the pool takes

    static Tensor matrix(int seed) {
        return Rng.of(seed).normal(N, N).mul(0.3);
    }

    private static Tensor used(Tensor loss) {
        Gradients.of(loss, Gradients.reuseMemory()).release();
        return loss;
    }

    private static void isGone(Tensor t) {
        TensorException e = assertThrows(TensorException.class, t::toFloatArray);
        assertTrue(e.getMessage().contains("detach()"), e.getMessage());
    }

    @Test
    void whatLiesOnTheWayIsGoneAndWhatIsDetachedStays() {
        Tensor x = matrix(1).tracked();
        Tensor saved = x.mul(2);
        Tensor passing = saved.square().add(saved);
        Tensor detached = passing.mul(3).detach();
        float[] values = detached.toFloatArray();
        Tensor untrackedView = NoGrad.call(() -> passing.exp());
        Tensor viewed = x.add(1);
        Tensor view = NoGrad.call(() -> viewed.transpose(0, 1));
        Tensor loss = used(passing.add(viewed).sum());
        isGone(saved);
        isGone(passing);
        assertTrue(Double.isFinite(loss.item()));
        assertArrayEquals(values, detached.toFloatArray());
        assertEquals(N * N, untrackedView.toFloatArray().length);
        assertEquals(x.get(1, 2) + 1, view.get(2, 1), 1e-6);
    }

    @Test
    void withoutTheOptionAllStaysReadable() {
        Tensor x = matrix(1).tracked();
        Tensor y = x.mul(2);
        Tensor z = y.square();
        Gradients g = Gradients.of(z.sum());
        assertEquals(2 * x.get(3, 4), y.get(3, 4));
        assertEquals(y.get(3, 4) * y.get(3, 4), z.get(3, 4), 1e-6);
        Tensor dx = g.get(x);
        assertEquals(4 * y.get(3, 4), dx.get(3, 4), 1e-5);
        g.release();
        isGone(dx);
        TensorException e = assertThrows(TensorException.class, () -> g.get(x));
        assertTrue(e.getMessage().contains("release()"), e.getMessage());
    }

    @Test
    void outputsAndTensorsAskedForStay() {
        Tensor x = matrix(1).tracked();
        Tensor y = x.mul(2);
        Tensor z = y.mul(y);
        Gradients g = Gradients.vectorJacobian(List.of(z), List.of(Tensor.ones(N, N)), List.of(y),
                Gradients.reuseMemory());
        assertEquals(y.get(3, 4) * y.get(3, 4), z.get(3, 4), 1e-6);
        assertEquals(2 * y.get(3, 4), g.get(y).get(3, 4));
        assertEquals(4 * y.get(3, 4), g.get(x).get(3, 4));
    }

    @Test
    void whatAnotherBranchSavedStaysForIt() {
        Tensor x = matrix(1).tracked();
        Tensor y = x.mul(2);
        Tensor other = y.square().sum();
        used(y.exp().sum());
        assertEquals(2 * x.get(3, 4), y.get(3, 4));
        assertThrows(TensorException.class, () -> Gradients.of(other), "the graph below y is freed");
    }

    /** Gives a copy; gradients as a test wants them. */
    private abstract static class Copying implements CustomOp {
        @Override
        public String name() {
            return "copying";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            return in;
        }

        @Override
        public List<Tensor> forward(List<Tensor> in) {
            return List.of(in.getFirst().mul(1));
        }
    }

    private static final class Stash extends Copying {
        private Tensor gradient;
        private Tensor input;

        @Override
        public List<Tensor> gradient(List<Tensor> in, List<Tensor> out, List<Tensor> g) {
            gradient = g.getFirst();
            input = in.getFirst();
            return List.of(g.getFirst().mul(5));
        }
    }

    @Test
    void aCustomOpMayKeepWhatItsGradientSees() {
        Stash stash = new Stash();
        Tensor x = matrix(1).tracked();
        used(Tensor.apply(stash, x.mul(2)).mul(3).sum());
        used(matrix(2).tracked().mul(2).square().sum());
        float[] threes = new float[N * N];
        Arrays.fill(threes, 3);
        assertArrayEquals(threes, stash.gradient.toFloatArray());
        assertEquals(2 * x.get(3, 4), stash.input.get(3, 4));
    }

    @Test
    void aCustomOpMayKeepWhatItGives() {
        Tensor given = matrix(3).tracked().mul(2);
        float[] values = given.toFloatArray();
        CustomOp op = new Copying() {
            @Override
            public List<Tensor> gradient(List<Tensor> in, List<Tensor> out, List<Tensor> g) {
                return List.of(given);
            }
        };
        used(Tensor.apply(op, matrix(1).tracked().mul(2)).sum());
        assertArrayEquals(values, given.toFloatArray());
    }

    @Test
    void seedsStayTheirCallers() {
        Tensor x = matrix(1).tracked();
        Tensor seed = matrix(2).tracked().mul(2);
        float[] values = seed.toFloatArray();
        Gradients.vectorJacobian(List.of(x.mul(3).exp()), List.of(seed), List.of());
        Gradients.vectorJacobian(List.of(x.mul(3).exp()), List.of(seed), List.of(), Gradients.keepGraph());
        assertArrayEquals(values, seed.toFloatArray());
    }

    @Test
    void aListenerMayKeepWhatItHears() {
        List<Tensor> heard = new ArrayList<>();
        OpListener listener = new OpListener() {
            @Override
            public void executed(Op op, List<Tensor> inputs, List<Tensor> outputs, long nanos) {
                heard.addAll(outputs);
            }
        };
        Tensor x = matrix(1).tracked();
        listener.listen(() -> {
            Tensor y = x.mul(2);
            Gradients.of(y.exp().mul(y).sum());
            return null;
        });
        assertTrue(heard.size() > 5);
        heard.forEach(Tensor::toFloatArray);
    }

    @Test
    void sumsOfGradientsOutliveTheirParts() {
        Tensor x = matrix(1).tracked();
        Tensor y = matrix(2).tracked();
        Gradients a = Gradients.of(x.mul(2).sum(), Gradients.reuseMemory());
        Gradients b = Gradients.of(x.mul(y).sum(), Gradients.reuseMemory());
        Gradients sum = a.plus(b);
        a.release();
        b.release();
        used(x.square().sum());
        assertEquals(2 + y.get(3, 4), sum.get(x).get(3, 4), 1e-6);
        assertEquals(x.get(3, 4), sum.get(y).get(3, 4));
    }

    @Test
    void theGraphCannotBeKeptAndUsedAgain() {
        Tensor loss = matrix(1).tracked().sum();
        TensorException e = assertThrows(TensorException.class,
                () -> Gradients.of(loss, Gradients.keepGraph(), Gradients.reuseMemory()));
        assertTrue(e.getMessage().contains("exclude"), e.getMessage());
    }

    /** An array is lost to the pool if a collection takes what knows of it before the walk comes by. */
    @Test
    void aCollectionWithinAStepLosesNoMemory() {
        Tensor x = Rng.of(1).normal(64, 77).tracked(); // a length that no other test gives to the pool
        Runnable step = () -> {
            Tensor passing = x.add(1);
            for (int i = 0; i < 20; i++) {
                passing = passing.add(1);
            }
            Tensor loss = passing.sum();
            passing = null;
            System.gc();
            used(loss);
        };
        ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        // On plain kernels: vectors that C2 has not compiled yet live on the heap.
        long bytes = Backends.with(CpuBackend.plain(), () -> {
            step.run();
            long before = thread.getCurrentThreadAllocatedBytes();
            step.run();
            return thread.getCurrentThreadAllocatedBytes() - before;
        });
        assertTrue(bytes < 21 * 4 * 64 * 77 / 2, "a step allocated " + bytes + " bytes, as if nothing were used again");
    }

    /** 20 layers of 256 x 256 make 20 x 256 kB of activations and as much of gradients. */
    @Test
    void aStepNeedsAlmostNoNewMemory() {
        List<Variable> weights = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            weights.add(Variable.of("w" + i, Rng.of(i).normal(256, 256).mul(0.06), true));
        }
        Tensor x = Rng.of(99).normal(256, 256);
        Runnable step = () -> {
            Tensor h = x;
            for (Variable w : weights) {
                h = h.matmul(w.value()).gelu();
            }
            Gradients g = Gradients.of(h.square().mean(), Gradients.reuseMemory());
            for (Variable w : weights) {
                assertTrue(g.contains(w));
            }
            g.release();
        };
        ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        // On plain kernels: vectors that C2 has not compiled yet live on the heap.
        long bytes = Backends.with(CpuBackend.plain(), () -> {
            for (int i = 0; i < 3; i++) {
                step.run();
            }
            long before = thread.getCurrentThreadAllocatedBytes();
            step.run();
            return thread.getCurrentThreadAllocatedBytes() - before;
        });
        assertTrue(bytes < 1 << 20, "a step allocated " + bytes + " bytes");
    }
}
