package dev.ricci.tensor.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.AttentionOp;
import dev.ricci.tensor.op.Contraction;
import dev.ricci.tensor.op.Contraction.Window;
import dev.ricci.tensor.op.Ints;
import dev.ricci.tensor.op.Loss;
import dev.ricci.tensor.op.Movement;
import dev.ricci.tensor.op.Normalization;
import dev.ricci.tensor.op.Op;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

/** Each fused backward op against central differences of its forward op, without the autograd that uses them. */
class BackwardOpsTest {
    private static Tensor normal(long seed, int... shape) {
        return Rng.of(seed).normal(DType.F64, Shape.of(shape));
    }

    /**
     * @param backward (grad of the first output, all outputs) to the gradients of the first inputs
     */
    private static void check(Op forward, List<Tensor> inputs,
            BiFunction<Tensor, List<Tensor>, List<Tensor>> backward) {
        List<Tensor> out = Tensor.applyAll(forward, inputs.toArray(Tensor[]::new));
        Tensor grad = Rng.of(99).normal(DType.F64, out.getFirst().shape());
        List<Tensor> gradients = backward.apply(grad, out);
        double h = 1e-5;
        for (int i = 0; i < gradients.size(); i++) {
            double[] x = inputs.get(i).toDoubleArray();
            int[] shape = inputs.get(i).shape().toArray();
            double[] actual = gradients.get(i).toDoubleArray();
            assertEquals(inputs.get(i).spec(), gradients.get(i).spec());
            for (int n = 0; n < x.length; n++) {
                double[] loss = new double[2];
                for (int side = 0; side < 2; side++) {
                    double[] moved = x.clone();
                    moved[n] += side == 0 ? -h : h;
                    List<Tensor> in = new ArrayList<>(inputs);
                    in.set(i, Tensor.ofDoubles(moved, shape));
                    loss[side] = Tensor.applyAll(forward, in.toArray(Tensor[]::new)).getFirst().mul(grad).sum().item();
                }
                assertEquals((loss[1] - loss[0]) / (2 * h), actual[n], 1e-7, forward + " input " + i + " element " + n);
            }
        }
    }

    @Test
    void softmaxes() {
        check(new Normalization.Softmax(1), List.of(normal(1, 2, 3, 2)), (g, out) ->
                Tensor.applyAll(new Normalization.SoftmaxBackward(1), g, out.getFirst()));
        check(new Normalization.LogSoftmax(0), List.of(normal(1, 3, 2)), (g, out) ->
                Tensor.applyAll(new Normalization.LogSoftmaxBackward(0), g, out.getFirst()));
    }

    @Test
    void norms() {
        Tensor x = normal(1, 3, 4);
        Tensor w = normal(2, 4);
        Tensor b = normal(3, 4);
        check(new Normalization.LayerNorm(1e-3), List.of(x, w, b), (g, out) ->
                Tensor.applyAll(new Normalization.LayerNormBackward(true), g, x, w, out.get(1), out.get(2)));
        check(new Normalization.LayerNorm(1e-3), List.of(x, w), (g, out) ->
                Tensor.applyAll(new Normalization.LayerNormBackward(false), g, x, w, out.get(1), out.get(2)));
        check(new Normalization.RmsNorm(1e-3), List.of(x, w), (g, out) ->
                Tensor.applyAll(new Normalization.RmsNormBackward(), g, x, w, out.get(1)));
    }

    @Test
    void crossEntropy() {
        Tensor logits = normal(1, 4, 3);
        Tensor targets = Tensor.ofInts(new int[] {2, 0, -100, 1});
        for (double smoothing : new double[] {0, 0.2, 1}) {
            check(new Loss.CrossEntropy(-100, smoothing), List.of(logits, targets), (g, out) -> Tensor.applyAll(
                    new Loss.CrossEntropyBackward(-100, smoothing), g, logits, targets, out.get(1)));
        }
    }

    @Test
    void attention() {
        Tensor q = normal(1, 2, 4, 3, 2);
        Tensor k = normal(2, 2, 2, 4, 2);
        Tensor v = normal(3, 2, 2, 4, 3);
        Tensor seen = normal(4, 2, 4, 3, 4).gt(-0.5);
        for (boolean causal : new boolean[] {false, true}) {
            for (int window : new int[] {0, 2}) {
                for (Tensor mask : new Tensor[] {null, seen, normal(5, 2, 4, 3, 4)}) {
                    Tensor[] m = mask == null ? new Tensor[0] : new Tensor[] {mask};
                    List<Tensor> in = new ArrayList<>(List.of(q, k, v));
                    in.addAll(List.of(m));
                    check(new AttentionOp.Attention(0.7, causal, window), in, (g, out) -> {
                        List<Tensor> back = new ArrayList<>(List.of(g, out.get(0), out.get(1)));
                        back.addAll(in);
                        return Tensor.applyAll(new AttentionOp.AttentionBackward(0.7, causal, window),
                                back.toArray(Tensor[]::new));
                    });
                }
            }
        }
    }

    @Test
    void rotary() {
        Tensor positions = Tensor.ofInts(new int[] {0, 2, 1, 1}, 2, 2);
        Tensor angles = normal(2, 3, 2);
        for (boolean interleaved : new boolean[] {false, true}) {
            check(new AttentionOp.Rotary(interleaved, false),
                    List.of(normal(1, 2, 2, 2, 5), positions, angles.cos(), angles.sin()),
                    (g, out) -> Tensor.applyAll(new AttentionOp.Rotary(interleaved, true), g, positions, angles.cos(),
                            angles.sin()));
        }
    }

    @Test
    void convolution() {
        Tensor x = normal(1, 2, 4, 5, 4);
        Tensor w = normal(2, 6, 2, 2, 3);
        Window window = new Window(2, 1, 1, 2, 2, 1);
        check(new Contraction.Conv2d(window, 2), List.of(x, w), (g, out) -> List.of(
                Tensor.apply(new Contraction.Conv2dBackwardInput(window, 2, x.shape()), g, w),
                Tensor.apply(new Contraction.Conv2dBackwardWeight(window, 2, w.shape()), g, x)));
    }

    @Test
    void pooling() {
        Tensor x = normal(1, 2, 2, 5, 4);
        Window window = new Window(2, 1, 1, 1, 1, 2);
        check(new Contraction.MaxPool2d(2, 2, window), List.of(x), (g, out) ->
                Tensor.applyAll(new Contraction.MaxPool2dBackward(x.shape()), g, out.get(1)));
        check(new Contraction.AvgPool2d(2, 2, window), List.of(x), (g, out) ->
                Tensor.applyAll(new Contraction.AvgPool2dBackward(2, 2, window, x.shape()), g));
    }

    @Test
    void slices() {
        Tensor x = normal(1, 5, 4);
        Ints starts = Ints.of(1, 0);
        Ints steps = Ints.of(2, 3);
        check(new Movement.Slice(starts, Ints.of(2, 2), steps), List.of(x), (g, out) ->
                Tensor.applyAll(new Movement.SliceBackward(x.shape(), starts, steps), g));
    }
}
