package dev.ricci.nn;

import static dev.ricci.nn.Near.assertGradients;
import static dev.ricci.nn.Near.assertNear;
import static dev.ricci.nn.Near.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.autograd.Gradients;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.op.Contraction.Window;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LayersTest {
    private static final Rng RNG = Rng.of(2);

    private static Tensor input(int... shape) {
        return RNG.split("input").normal(shape);
    }

    /** Every parameter moved off its initial ones and zeros, so that a wrong or unused one shows. */
    private static <L extends Layer> L shaken(L layer) {
        layer.parameters().forEach((path, p) -> p.assign(
                p.snapshot().add(RNG.split(path).normal(p.spec().shape().toArray()).mul(0.3))));
        return layer;
    }

    @Test
    void linear() {
        Linear layer = new Linear(2, 3, RNG);
        layer.load(Map.of("weight", Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 3, 2), "bias", Tensor.of(10, 20, 30)));
        assertNear(0, layer.forward(Tensor.of(new float[] {1, -1, 2, 0}, 2, 1, 2)), 9, 19, 29, 12, 26, 40);
        assertEquals(Shape.of(2, 1, 3), layer.forward(Tensor.ones(2, 1, 2)).shape());
        assertNear(0, layer.forward(Tensor.of(1, 1)), 13, 27, 41);
        assertNull(new Linear(2, 3, false, RNG).bias());
        assertGradients(layer, layer::forward, input(4, 2));
        assertThrows(ShapeException.class, () -> layer.forward(Tensor.scalar(1)));
        assertThrows(ShapeException.class, () -> new Linear(0, 3, RNG));
    }

    @Test
    void linearStartsAsPyTorchDoes() {
        Linear layer = new Linear(16, 200, RNG);
        for (Parameter p : layer.parameters().values()) {
            assertTrue(p.value().abs().max().item() <= 0.25);
            assertTrue(p.value().abs().max().item() > 0.24);
            // The variance of a uniform in +-1/4 is 1/48.
            assertEquals(1.0 / 48, p.value().square().mean().item(), 0.004);
        }
        assertSameBits(layer.weight().value(), new Linear(16, 200, RNG).weight().value());
    }

    @Test
    void embedding() {
        Embedding layer = new Embedding(4, 2, RNG);
        layer.load(Map.of("weight", Tensor.of(new float[] {0, 1, 10, 11, 20, 21, 30, 31}, 4, 2)));
        Tensor y = layer.forward(Tensor.ofInts(new int[] {3, 0, 3, 1}, 2, 2));
        assertEquals(Shape.of(2, 2, 2), y.shape());
        assertNear(0, y, 30, 31, 0, 1, 30, 31, 10, 11);
        assertNear(0, Gradients.of(y.sum()).get(layer.weight().variable()), 1, 1, 1, 1, 0, 0, 2, 2);
        assertThrows(IndexOutOfRangeException.class, () -> layer.forward(Tensor.ofInts(new int[] {4})));
        assertThrows(IndexOutOfRangeException.class, () -> layer.forward(Tensor.ofInts(new int[] {-1})));
    }

    @Test
    void layerNorm() {
        LayerNorm layer = new LayerNorm(2, 1e-6, true);
        layer.load(Map.of("weight", Tensor.of(2, 3), "bias", Tensor.of(0.5f, -0.5f)));
        assertNear(1e-4, layer.forward(Tensor.of(new float[] {1, 3, 8, 4}, 2, 2)), -1.5, 2.5, 2.5, -3.5);
        assertEquals(1, new LayerNorm(2, 1e-6, false).parameters().size());
        LayerNorm five = shaken(new LayerNorm(5));
        assertGradients(five, five::forward, input(3, 5));
        assertThrows(TensorException.class, () -> new LayerNorm(5, 0, true));
        assertThrows(ShapeException.class, () -> layer.forward(Tensor.ones(2, 3)));
    }

    @Test
    void rmsNorm() {
        RmsNorm layer = new RmsNorm(2);
        layer.load(Map.of("weight", Tensor.of(1, 2)));
        double rms = Math.sqrt(12.5);
        assertNear(1e-5, layer.forward(Tensor.of(3, 4)), 3 / rms, 8 / rms);
        RmsNorm five = shaken(new RmsNorm(5));
        assertGradients(five, five::forward, input(3, 5));
    }

    @Test
    void batchNormTrainsOnTheBatchAndEvaluatesOnRunningStatistics() {
        BatchNorm layer = new BatchNorm(2, 1e-6, 0.25);
        Tensor x = Tensor.of(new float[] {1, 10, 3, 30, 5, 20}, 3, 2);
        Tensor y = Training.scope(RNG, () -> layer.forward(x));
        double a = Math.sqrt(1.5);
        assertNear(1e-4, y, -a, -a, 0, a, a, 0);
        Map<String, Tensor> state = layer.stateDict();
        assertNear(1e-5, state.get("running_mean"), 0.25 * 3, 0.25 * 20);
        assertNear(1e-4, state.get("running_var"), 0.75 + 0.25 * 4, 0.75 + 0.25 * 100);
        assertEquals(1, state.get("num_batches_tracked").item());

        Tensor evaluated = layer.forward(x);
        double sd0 = Math.sqrt(1.75);
        double sd1 = Math.sqrt(25.75);
        assertNear(1e-4, evaluated, 0.25 / sd0, 5 / sd1, 2.25 / sd0, 25 / sd1, 4.25 / sd0, 15 / sd1);
        assertEquals(1, layer.stateDict().get("num_batches_tracked").item());
        assertThrows(ShapeException.class, () -> Training.scope(RNG, () -> layer.forward(Tensor.ones(1, 2))));
        assertThrows(ShapeException.class, () -> layer.forward(Tensor.ones(1, 3)));
    }

    @Test
    void batchNormOverImages() {
        BatchNorm layer = shaken(new BatchNorm(3));
        Tensor x = input(2, 3, 2, 2);
        Tensor y = Training.scope(RNG, () -> layer.forward(x));
        Tensor rows = x.permute(0, 2, 3, 1).reshape(8, 3);
        Tensor expected = Training.scope(RNG, () -> layer.forward(rows)).reshape(2, 2, 2, 3).permute(0, 3, 1, 2);
        assertNear(1e-5, y, expected);
        assertGradients(layer, in -> Training.scope(RNG, () -> layer.forward(in)), x);
        assertGradients(layer, layer::forward, x);
    }

    @Test
    void groupNorm() {
        GroupNorm layer = new GroupNorm(2, 4, 1e-6);
        layer.load(Map.of("weight", Tensor.of(1, 2, 3, 4), "bias", Tensor.of(0, 0, 0, 1)));
        assertNear(1e-4, layer.forward(Tensor.of(new float[] {1, 3, 8, 4}, 1, 4)), -1, 2, 3, -3);
        GroupNorm one = new GroupNorm(1, 4, 1e-5);
        Tensor x = input(2, 4, 3);
        assertNear(1e-5, one.forward(x).reshape(2, 12), new LayerNorm(12).forward(x.reshape(2, 12)));
        GroupNorm random = shaken(new GroupNorm(2, 4));
        assertGradients(random, random::forward, x);
        assertThrows(ShapeException.class, () -> new GroupNorm(3, 4));
    }

    @Test
    void dropoutOnlyInTraining() {
        Dropout layer = new Dropout(0.25);
        Tensor x = Tensor.ones(4000);
        assertSame(x, layer.forward(x));
        Tensor y = Training.scope(RNG, () -> layer.forward(x));
        float[] values = y.toFloatArray();
        int zeros = 0;
        for (float v : values) {
            assertTrue(v == 0 || v == (float) (1 / 0.75), "value " + v);
            zeros += v == 0 ? 1 : 0;
        }
        assertEquals(1000, zeros, 120);
        assertThrows(TensorException.class, () -> new Dropout(1));
        assertThrows(TensorException.class, () -> new Dropout(Double.NaN));
    }

    @Test
    void conv2d() {
        Conv2d layer = new Conv2d(Conv2d.Config.of(1, 1, 2).with(1, 1), RNG);
        layer.load(Map.of("weight", Tensor.of(new float[] {1, 2, 3, 4}, 1, 1, 2, 2), "bias", Tensor.of(100)));
        Tensor y = layer.forward(Tensor.of(new float[] {1, 2, 3, 4}, 1, 1, 2, 2));
        assertNear(0, y, 104, 111, 106, 114, 130, 114 + 0 + 0, 106, 111, 104);
    }

    @Test
    void convolutionsHaveGradients() {
        Conv2d two = new Conv2d(new Conv2d.Config(4, 6, 2, 3, new Window(1, 2, 1, 0, 1, 1), 2, true), RNG);
        assertEquals(Shape.of(6, 2, 2, 3), two.parameters().get("weight").spec().shape());
        assertEquals(Shape.of(2, 6, 5, 2), two.forward(input(2, 4, 4, 5)).shape());
        assertGradients(two, two::forward, input(2, 4, 4, 5));
        Conv1d one = new Conv1d(Conv1d.Config.of(3, 2, 3).with(2, 1), RNG);
        assertEquals(Shape.of(2, 2, 4), one.forward(input(2, 3, 7)).shape());
        assertGradients(one, one::forward, input(2, 3, 7));
        assertThrows(ShapeException.class, () -> one.forward(Tensor.ones(2, 4, 7)));
        assertThrows(ShapeException.class, () -> Conv1d.Config.of(3, 2, 3).with(0, 1));
        assertThrows(ShapeException.class, () -> new Conv2d.Config(3, 6, 2, 2, Window.of(1, 0), 2, true));
    }

    @Test
    void conv1d() {
        Conv1d layer = new Conv1d(2, 1, 2, RNG);
        layer.load(Map.of("weight", Tensor.of(new float[] {1, 2, 3, 4}, 1, 2, 2), "bias", Tensor.of(-1)));
        assertNear(0, layer.forward(Tensor.of(new float[] {1, 2, 3, 10, 20, 30}, 1, 2, 3)),
                1 + 4 + 30 + 80 - 1, 2 + 6 + 60 + 120 - 1);
    }

    @Test
    void poolingAndFlatten() {
        Tensor x = Tensor.arange(16).to(DType.F32).reshape(1, 1, 4, 4);
        assertNear(0, new MaxPool2d(2).forward(x), 5, 7, 13, 15);
        assertNear(0, new AvgPool2d(2).forward(x), 2.5, 4.5, 10.5, 12.5);
        assertEquals(Shape.of(1, 16), new Flatten().forward(x).shape());
        assertEquals(Shape.of(0, 6), new Flatten().forward(Tensor.zeros(0, 2, 3)).shape());
        assertThrows(ShapeException.class, () -> new MaxPool2d(0));
    }

    @Test
    void sequential() {
        Linear first = new Linear(2, 3, RNG.split(0));
        Linear second = new Linear(3, 1, RNG.split(1));
        Sequential model = new Sequential(first, Activation.TANH, new Dropout(0.5), second);
        Tensor x = input(4, 2);
        assertSameBits(second.forward(first.forward(x).tanh()), model.forward(x));
        assertEquals(Set.of("0.weight", "0.bias", "3.weight", "3.bias"), model.parameters().keySet());
        assertSame(x, new Sequential().forward(x));
        assertThrows(TensorException.class, () -> new Sequential(first, null));
    }

    @Test
    void feedForward() {
        Tensor x = input(2, 3, 4);
        FeedForward gated = new FeedForward(FeedForward.Config.swiglu(4, 6), RNG);
        assertEquals(Set.of("gate_proj.weight", "up_proj.weight", "down_proj.weight"),
                gated.parameters().keySet());
        Map<String, Tensor> w = gated.stateDict();
        Tensor gate = x.matmul(w.get("gate_proj.weight").transpose(0, 1));
        Tensor up = x.matmul(w.get("up_proj.weight").transpose(0, 1));
        assertNear(1e-5, gated.forward(x),
                gate.mul(gate.sigmoid()).mul(up).matmul(w.get("down_proj.weight").transpose(0, 1)));
        assertGradients(gated, gated::forward, x);

        FeedForward plain = new FeedForward(FeedForward.Config.geluTanh(4, 6), RNG);
        Map<String, Tensor> p = plain.stateDict();
        assertEquals(Set.of("fc_in.weight", "fc_in.bias", "fc_out.weight", "fc_out.bias"), p.keySet());
        Tensor hidden = x.matmul(p.get("fc_in.weight").transpose(0, 1)).add(p.get("fc_in.bias")).geluTanh();
        assertNear(1e-5, plain.forward(x),
                hidden.matmul(p.get("fc_out.weight").transpose(0, 1)).add(p.get("fc_out.bias")));
        assertGradients(plain, plain::forward, x);
    }

    @Test
    void activations() {
        Tensor x = Tensor.of(-2, 0.5f);
        assertNear(1e-6, Activation.RELU_SQUARED.forward(x), 0, 0.25);
        assertNear(1e-6, Activation.SILU.forward(x), -2 / (1 + Math.exp(2)), 0.5 / (1 + Math.exp(-0.5)));
        assertSame(x, Activation.IDENTITY.forward(x));
        for (Activation a : Activation.values()) {
            if (a != Activation.IDENTITY) {
                assertNotEquals(-2, a.forward(x).get(0), a.name());
            }
        }
    }
}
