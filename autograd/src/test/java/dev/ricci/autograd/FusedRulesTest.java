package dev.ricci.autograd;

import static dev.ricci.autograd.Cases.ids;
import static dev.ricci.autograd.Cases.values;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.op.Normalization;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The rules of softmax, norms, attention, rotary embedding, cross-entropy and dropout, and what they refuse. */
final class FusedRulesTest {
    @TestFactory
    Stream<DynamicTest> softmaxAndNorms() {
        Tensor x = values(1, 2, 3, 4);
        Tensor w = values(2, 4);
        Tensor b = values(3, 4);
        return new Cases()
                .both("softmax", in -> in.get(0).softmax(1), x)
                .both("log_softmax", in -> in.get(0).logSoftmax(-1), x)
                .both("softmax_backward", in -> Tensor.apply(new Normalization.SoftmaxBackward(1), in.get(0),
                        in.get(1)), x, values(4, 2, 3, 4))
                .both("log_softmax_backward", in -> Tensor.apply(new Normalization.LogSoftmaxBackward(1), in.get(0),
                        in.get(1)), x, values(4, 2, 3, 4))
                .first("layer_norm", in -> Functional.layerNorm(in.get(0), in.get(1), in.get(2), 1e-5), x, w, b)
                .first("layer_norm without bias", in -> Functional.layerNorm(in.get(0), in.get(1), null, 1e-2), x, w)
                .first("layer_norm with a fixed bias", in -> Functional.layerNorm(in.get(0), in.get(1), b, 1e-2), x, w)
                .first("layer_norm with a fixed weight", in -> Functional.layerNorm(in.get(0), w, in.get(1), 1e-2), x,
                        b)
                .first("rms_norm", in -> Functional.rmsNorm(in.get(0), in.get(1), 1e-5), x, w)
                .stream();
    }

    @TestFactory
    Stream<DynamicTest> attention() {
        Tensor q = values(1, 1, 4, 3, 2);
        Tensor k = values(2, 1, 2, 4, 2);
        Tensor v = values(3, 1, 2, 4, 3);
        Tensor mask = Tensor.ofBooleans(new boolean[] {true, false, true, true, false, true, true, false, true, true,
            true, true}, 3, 4);
        Tensor added = values(4, 4, 3, 4);
        Tensor cos = values(5, 6, 2).cos();
        Tensor sin = values(5, 6, 2).sin();
        Tensor at = ids(Shape.of(3), 5, 0, 2);
        return new Cases()
                .first("attention", in -> Functional.attention(in.get(0), in.get(1), in.get(2), false), q, k, v)
                .first("causal", in -> Functional.attention(in.get(0), in.get(1), in.get(2), true), q, k, v)
                .first("masked", in -> Functional.attention(in.get(0), in.get(1), in.get(2), mask, 0.7, false, 0), q, k,
                        v)
                .first("additive mask", in -> Functional.attention(in.get(0), in.get(1), in.get(2), added, 1, true, 0),
                        q, k, v)
                .first("window", in -> Functional.attention(in.get(0), in.get(1), in.get(2), null, 1, true, 2), q, k, v)
                .both("rotary, halves", in -> Functional.rotary(in.get(0), at, cos, sin, false).square(),
                        values(6, 2, 3, 5))
                .both("rotary, interleaved", in -> Functional.rotary(in.get(0), at, cos, sin, true).square(),
                        values(6, 2, 3, 5))
                .stream();
    }

    @TestFactory
    Stream<DynamicTest> crossEntropyAndDropout() {
        Tensor logits = values(1, 4, 5);
        Tensor targets = ids(Shape.of(4), 2, 0, -100, 4);
        Tensor key = Rng.of(5).key();
        return new Cases()
                .first("cross_entropy", in -> Functional.crossEntropy(in.get(0), in.get(1)), logits, targets)
                .first("smoothed and weighted", in -> Functional.crossEntropy(in.get(0), targets, in.get(1), -100, 0.3),
                        logits, values(2, 4).abs())
                .first("with its head", in -> Functional.linearCrossEntropy(in.get(0), in.get(1), targets).mul(3),
                        values(5, 4, 3), values(6, 5, 3))
                .first("with its head, smoothed and weighted", in -> Functional.linearCrossEntropy(in.get(0),
                        in.get(1), targets, values(2, 4).abs(), -100, 0.3), values(5, 4, 3), values(6, 5, 3))
                .first("per token", in -> Functional.tokenCrossEntropy(in.get(0), targets, -100, 0.1), logits)
                .both("dropout", in -> Functional.dropout(in.get(0), 0.4, Rng.ofKey(key)).square(), values(3, 4, 6))
                .stream();
    }

    @Test
    void aDroppedElementHasNoGradient() {
        Tensor x = Tensor.ones(64).tracked();
        Tensor y = Functional.dropout(x, 0.5, Rng.of(1));
        assertEquals(y.toString(), Gradients.of(y.sum()).get(x).toString());
    }

    private static void refuses(String part, Function<Tensor, Tensor> f, Tensor x) {
        Tensor in = x.tracked();
        TensorException e = assertThrows(TensorException.class, () -> {
            Gradients g = Gradients.of(f.apply(in).square().sum(), Gradients.keepGraph());
            Gradients.of(g.get(in).sum());
        });
        assertTrue(e.getMessage().contains(part), e.getMessage());
    }

    @Test
    void secondOrderThroughFusedOpsIsRefusedByName() {
        Tensor ones = Tensor.ones(4);
        refuses("second-order gradients through 'layer_norm' are not available",
                x -> Functional.layerNorm(x, ones, ones, 1e-5), Tensor.of(new float[] {1, 2, 3, 5}, 1, 4));
        refuses("'rms_norm'", x -> Functional.rmsNorm(x, ones, 1e-5), Tensor.of(new float[] {1, 2, 3, 5}, 1, 4));
        refuses("'attention'", x -> Functional.attention(x, x, x, true), Tensor.ones(1, 1, 2, 2));
        refuses("'cross_entropy'", x -> Functional.crossEntropy(x, Tensor.ofInts(new int[] {1, 0})),
                Tensor.ones(2, 3));
    }

    @Test
    void aTrackedMaskAndTrackedTablesAreRefused() {
        Tensor q = Tensor.ones(1, 1, 2, 2);
        Tensor mask = Tensor.zeros(2, 2).tracked();
        TensorException e = assertThrows(TensorException.class,
                () -> Gradients.of(Functional.attention(q, q, q, mask, 1, false, 0).sum()));
        assertTrue(e.getMessage().contains("additive mask"), e.getMessage());
        Tensor table = Tensor.ones(2, 1).tracked();
        e = assertThrows(TensorException.class,
                () -> Gradients.of(Functional.rotary(q, Tensor.arange(2), table, table.detach(), true).sum()));
        assertTrue(e.getMessage().contains("cos and sin"), e.getMessage());
    }

    @Test
    void byProductsHaveNoGradient() {
        Tensor x = Tensor.of(new float[] {1, 2, 3, 5}, 1, 4).tracked();
        List<Tensor> out = Tensor.applyAll(new Normalization.RmsNorm(1e-5), x, Tensor.ones(4));
        TensorException e = assertThrows(TensorException.class, () -> Gradients.of(out.get(1).sum()));
        assertTrue(e.getMessage().contains("output 1 of 'rms_norm'"), e.getMessage());
    }

    @Test
    void targetsOfBothIntegerTypesGiveTheSame() {
        Tensor logits = values(1, 3, 4).tracked();
        Tensor targets = ids(Shape.of(3), 1, 3, 0);
        assertEquals(Gradients.of(Functional.crossEntropy(logits, targets)).get(logits).toString(),
                Gradients.of(Functional.crossEntropy(logits, targets.to(DType.I64))).get(logits).toString());
    }
}
