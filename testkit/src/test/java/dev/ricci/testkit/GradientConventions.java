package dev.ricci.testkit;

import dev.ricci.autograd.Gradients;
import dev.ricci.tensor.Backends;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Tensor;
import java.util.List;
import java.util.function.Function;

/** What gradients are where finite differences cannot say: at kinks, among equals, through rounding to other types. */
final class GradientConventions {
    private static final float INF = Float.POSITIVE_INFINITY;

    private GradientConventions() {
    }

    static void check() {
        Backends.with(Backends.reference(), () -> {
            Tensor x = Tensor.of(-2, 0, 3);
            expect(x, Tensor::abs, -1, 0, 1);
            expect(x, Tensor::relu, 0, 0, 1);
            expect(x, Tensor::sign, 0, 0, 0);
            expect(x, t -> t.maximum(Tensor.of(-2, -1, 4)), 0.5f, 1, 0);
            expect(x, t -> Tensor.of(-2, -1, 4).maximum(t), 0.5f, 1, 0);
            expect(x, t -> t.minimum(Tensor.of(-2, -1, 4)), 0.5f, 0, 1);
            expect(x, t -> Tensor.of(-2, -1, 4).minimum(t), 0.5f, 0, 1);
            expect(Tensor.of(5, 1, 5, 5, 5), t -> t.max().mul(4), 1, 0, 1, 1, 1);
            expect(Tensor.of(1, 1, 5), t -> t.min().mul(4), 2, 2, 0);
            expect(Tensor.of(0, 0, 0, 2), t -> t.pow(Tensor.of(0, 1, 2, 0)), 0, 1, 0, 0);
            expect(Tensor.of(0, 0, 2), t -> Tensor.of(0, 1, 1).pow(t), 0, 0, 0);
            expect(Tensor.of(-INF, -INF), t -> t.logSumExp(0), 0, 0);
            expect(Tensor.of(-INF, 1), t -> t.logSumExp(0), 0, 1);
            for (DType to : List.of(DType.F64, DType.F32, DType.F16, DType.BF16)) {
                expect(Tensor.of(1.5f, -2.25f), t -> t.to(to).to(DType.F32).mul(Tensor.of(3, -5)), 3, -5);
            }
            return null;
        });
    }

    private static void expect(Tensor at, Function<Tensor, Tensor> f, float... gradient) {
        Tensor x = at.tracked();
        Tensor y = f.apply(x).sum();
        Tensor none = Tensor.zeros(at.size());
        TensorAssert.assertClose(y.isTracked() ? Gradients.of(y).find(x).orElse(none) : none, Tensor.of(gradient), 0, 0);
    }
}
