package dev.ricci.nn;

import static dev.ricci.nn.Near.assertNear;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ricci.autograd.GradCheck;
import dev.ricci.autograd.Gradients;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.List;
import org.junit.jupiter.api.Test;

class LossesTest {
    private static final Rng RNG = Rng.of(5);
    private static final Tensor A = RNG.split("a").normal(DType.F64, Shape.of(3, 4));
    private static final Tensor B = RNG.split("b").normal(DType.F64, Shape.of(3, 4));

    private static void assertGradient(Loss loss, Tensor prediction, Tensor target) {
        GradCheck.check(in -> loss.apply(in.get(0), target), List.of(prediction)).assertPasses();
    }

    @Test
    void crossEntropy() {
        Tensor logits = Tensor.of(new float[] {1, 2, 3, 0, 0, 0}, 2, 3);
        Tensor targets = Tensor.ofInts(new int[] {2, 1});
        double first = Math.log(Math.exp(-2) + Math.exp(-1) + 1);
        double second = Math.log(3);
        assertEquals((first + second) / 2, Losses.crossEntropy(logits, targets).item(), 1e-6);
        assertEquals(second, Losses.crossEntropy(logits, Tensor.ofInts(new int[] {-100, 1})).item(), 1e-6);
        // Smoothing by s takes (1 - s) of the loss and s of the mean over all classes.
        assertEquals((0.9 * first + 0.1 * (first + 1) + second) / 2,
                Losses.crossEntropy(0.1).apply(logits, targets).item(), 1e-6);
        assertGradient(Losses::crossEntropy, A, Tensor.ofInts(new int[] {0, 3, 1}));
        assertThrows(ShapeException.class, () -> Losses.crossEntropy(logits, Tensor.ofInts(new int[] {1})));
        assertThrows(ShapeException.class, () -> Losses.crossEntropy(Tensor.zeros(0, 3), Tensor.arange(0)));
        assertThrows(IndexOutOfRangeException.class,
                () -> Losses.crossEntropy(logits, Tensor.ofInts(new int[] {3, 1})));
    }

    @Test
    void regression() {
        Tensor p = Tensor.of(1, 2, -3);
        Tensor t = Tensor.of(1.5f, 0, -3);
        assertEquals((0.25 + 4) / 3, Losses.mse(p, t).item(), 1e-6);
        assertEquals(2.5 / 3, Losses.l1(p, t).item(), 1e-6);
        assertEquals((0.125 + 1.5) / 3, Losses.huber(1).apply(p, t).item(), 1e-6);
        assertEquals((0.125 + 0.7 * (2 - 0.35)) / 3, Losses.huber(0.7).apply(p, t).item(), 1e-6);
        assertGradient(Losses::mse, A, B);
        assertGradient(Losses::l1, A, B);
        assertGradient(Losses.huber(0.8), A, B);
        assertThrows(ShapeException.class, () -> Losses.mse(Tensor.ones(3, 1), Tensor.ones(3)));
        assertThrows(ShapeException.class, () -> Losses.l1(Tensor.zeros(0), Tensor.zeros(0)));
        assertThrows(TensorException.class, () -> Losses.huber(0));
        assertThrows(TensorException.class, () -> Losses.huber(Double.NaN));
    }

    @Test
    void binaryCrossEntropyIsStable() {
        Tensor x = Tensor.of(0, 2, -30, 30, -200, 200);
        Tensor t = Tensor.of(1, 0.25f, 0, 1, 1, 0);
        double half = Math.log1p(Math.exp(-2));
        double expected = Math.log(2) + 0.25 * half + 0.75 * (2 + half) + 2 * Math.exp(-30) + 400;
        assertEquals(expected / 6, Losses.binaryCrossEntropyWithLogits(x, t).item(), 1e-5);
        assertEquals(Math.exp(-30), Losses.binaryCrossEntropyWithLogits(Tensor.of(30), Tensor.of(1)).item(), 1e-18);
        Tensor logits = Tensor.of(0, 200, -200).tracked();
        Gradients g = Gradients.of(Losses.binaryCrossEntropyWithLogits(logits, Tensor.of(1, 0, 1)));
        assertNear(1e-6, g.get(logits).mul(3), -0.5, 1, -1);
        assertGradient(Losses::binaryCrossEntropyWithLogits, A, B.sigmoid());
    }

    @Test
    void klDivergence() {
        Tensor p = Tensor.of(new float[] {0.5f, 0.5f, 0.9f, 0.1f}, 2, 2).log();
        Tensor q = Tensor.of(new float[] {0.25f, 0.75f, 0, 1}, 2, 2).log();
        double first = 0.25 * Math.log(0.5) + 0.75 * Math.log(1.5);
        assertEquals((first + Math.log(10)) / 2, Losses.klDivergence(p, q).item(), 1e-6);
        assertEquals(0, Losses.klDivergence(p, p).item(), 1e-7);
        assertGradient((x, t) -> Losses.klDivergence(x.logSoftmax(-1), t), A, B.logSoftmax(-1));
        Tensor tracked = p.tracked();
        assertNear(1e-6, Gradients.of(Losses.klDivergence(tracked, q)).get(tracked), -0.125, -0.375, 0, -0.5);
    }

    @Test
    void cosine() {
        Tensor a = Tensor.of(new float[] {1, 0, 3, 4, 0, 0}, 3, 2);
        Tensor b = Tensor.of(new float[] {1, 1, -3, -4, 1, 1}, 3, 2);
        double half = Math.sqrt(0.5);
        assertNear(1e-6, Losses.cosineSimilarity(a, b), half, -1, 0);
        assertEquals((1 - half + 0 + 0) / 3,
                Losses.cosineEmbedding(a, b, Tensor.of(1, -1, -1), 0).item(), 1e-6);
        assertEquals((half - 0.2 + 2 + 1) / 3,
                Losses.cosineEmbedding(a, b, Tensor.of(-1, 1, 1), 0.2).item(), 1e-6);
        Tensor zero = Tensor.zeros(1, 2).tracked();
        assertEquals(1.0, Gradients.of(Losses.cosineSimilarity(zero, Tensor.ones(1, 2)).sum()).get(zero).isFinite()
                .all().item());
        GradCheck.check(in -> Losses.cosineSimilarity(in.get(0), in.get(1)), List.of(A, B)).assertPasses();
        Tensor labels = Tensor.ofDoubles(new double[] {1, -1, 1});
        GradCheck.check(in -> Losses.cosineEmbedding(in.get(0), in.get(1), labels, -0.9), List.of(A, B))
                .assertPasses();
        assertThrows(TensorException.class, () -> Losses.cosineEmbedding(a, b, Tensor.of(1, 1, 1), 2));
    }
}
