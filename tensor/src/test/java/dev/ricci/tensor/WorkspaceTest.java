package dev.ricci.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.spi.HeapStorage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class WorkspaceTest {
    private static final int SIZE = 100;

    private final List<Tensor> seen = new ArrayList<>();

    private Tensor noted(Tensor x) {
        seen.add(x);
        return x;
    }

    /** Five layers, each of which makes something on its way. */
    private List<UnaryOperator<Tensor>> layers() {
        List<UnaryOperator<Tensor>> layers = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            int n = i;
            layers.add(x -> noted(noted(x.mul(0.5)).transpose(0, 1).add(n)));
        }
        return layers;
    }

    private static Tensor matrix() {
        return Rng.of(1).normal(SIZE, SIZE);
    }

    private float[] plainly(Tensor x) {
        Tensor y = x;
        for (UnaryOperator<Tensor> layer : layers()) {
            y = layer.apply(y);
        }
        seen.clear();
        return y.toFloatArray();
    }

    private static void assertGone(Tensor x) {
        TensorException e = assertThrows(TensorException.class, x::toFloatArray);
        assertTrue(e.getMessage().contains("is gone"), e.getMessage());
    }

    @Test
    void aChainGivesWhatItsLayersGiveAndNothingElseIsLeft() {
        Tensor x = matrix();
        float[] expected = plainly(x);
        float[] before = x.toFloatArray();
        Tensor y = NoGrad.call(() -> Workspace.chain(x, layers()));
        List<Tensor> made = List.copyOf(seen);
        NoGrad.call(() -> Workspace.chain(x, layers()));
        assertArrayEquals(expected, y.toFloatArray());
        assertArrayEquals(before, x.toFloatArray());
        made.subList(0, made.size() - 1).forEach(WorkspaceTest::assertGone);
    }

    @Test
    void aChainWithoutLayersGivesWhatItGot() {
        Tensor x = matrix();
        NoGrad.run(() -> assertTrue(Workspace.chain(x, List.of()) == x));
        NoGrad.run(() -> assertArrayEquals(x.toFloatArray(), Workspace.chain(x, List.of(y -> y)).toFloatArray()));
    }

    @Test
    void withGradientsAllIsKept() {
        Tensor y = Workspace.chain(matrix().tracked(), layers());
        seen.forEach(Tensor::toFloatArray);
        assertTrue(y.isTracked());
    }

    @Test
    void aListenerKeepsAll() {
        OpListener listener = (op, in, out, nanos) -> { };
        listener.listen(() -> NoGrad.call(() -> Workspace.chain(matrix(), layers())));
        seen.forEach(Tensor::toFloatArray);
    }

    @Test
    void whatAnInnerChainLeavesGoesWithTheComputationAroundIt() {
        Tensor x = matrix();
        float[] expected = plainly(x);
        float[] read = Workspace.discarding(() -> {
            Tensor first = Workspace.chain(x, layers());
            Workspace.chain(x, layers());
            return first.toFloatArray();
        });
        assertArrayEquals(expected, read);
        seen.forEach(WorkspaceTest::assertGone);
        x.toFloatArray();
    }

    @Test
    void whatAComputationMadeIsGoneAlsoIfItFails() {
        assertThrows(IllegalStateException.class, () -> Workspace.discarding(() -> {
            noted(matrix().add(1));
            throw new IllegalStateException();
        }));
        assertGone(seen.getFirst());
    }

    @Test
    void whatIsDetachedAndWhatAListenerSawLives() {
        Tensor[] kept = new Tensor[2];
        Workspace.discarding(() -> {
            kept[0] = matrix().add(1).detach();
            OpListener listener = (op, in, out, nanos) -> kept[1] = out.getFirst();
            listener.listen(() -> matrix().add(2));
            return null;
        });
        Workspace.discarding(() -> Workspace.chain(matrix(), layers()).toFloatArray());
        assertArrayEquals(matrix().add(1).toFloatArray(), kept[0].toFloatArray());
        assertArrayEquals(matrix().add(2).toFloatArray(), kept[1].toFloatArray());
    }

    @Test
    void copiesToAnArrayThatIsLongEnough() {
        Tensor x = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
        double[] out = {9, 9, 9, 9, 9};
        x.transpose(0, 1).copyTo(out);
        assertArrayEquals(new double[] {1, 3, 2, 4, 9}, out);
        x.slice(0, 1, 2).copyTo(out);
        assertArrayEquals(new double[] {3, 4, 2, 4, 9}, out);
        assertThrows(ShapeException.class, () -> x.copyTo(new double[3]));
    }

    /** Texts of ever new lengths would otherwise leave memory of all lengths behind. */
    @Test
    void memoryOfASizeThatIsNotUsedAnyMoreIsDropped() {
        int size = 77 * 78; // of no other test
        Workspace.discarding(() -> Tensor.full(Shape.of(size), DType.F32, 5).add(1).toFloatArray());
        assertTrue(HeapStorage.forResult(DType.F32, size).floats()[0] != 0, "the memory was not used again");
        Workspace.discarding(() -> Tensor.full(Shape.of(size), DType.F32, 5).add(1).toFloatArray());
        for (int i = 0; i < 40; i++) {
            int other = 5000 + 17 * i;
            Workspace.discarding(() -> Tensor.full(Shape.of(other), DType.F32, 5).add(1).toFloatArray());
        }
        assertTrue(HeapStorage.forResult(DType.F32, size).floats()[0] == 0, "the memory was kept");
    }

    @Test
    void variablesMadeOrChangedInsideLive() {
        Variable old = Variable.of("old", matrix(), false);
        Variable late = Variable.of("late", matrix(), false);
        late.initialize(() -> matrix().mul(2));
        Variable made = Workspace.discarding(() -> {
            old.assign(matrix().add(1));
            return Variable.of("made", late.value().add(1), false);
        });
        Workspace.discarding(() -> Workspace.chain(matrix(), layers()).toFloatArray());
        assertArrayEquals(matrix().add(1).toFloatArray(), old.value().toFloatArray());
        assertArrayEquals(matrix().mul(2).add(1).toFloatArray(), made.value().toFloatArray());
    }
}
