package dev.ricci.testkit;

import dev.ricci.autograd.Gradients;
import dev.ricci.tensor.Backends;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Autograd's rules against finite differences, and one that finite differences cannot see. */
final class GradientRulesTest extends GradientConformance {
    @Test
    void castPassesTheGradientStraightThrough() {
        Backends.with(Backends.reference(), () -> {
            for (DType to : List.of(DType.F64, DType.F32, DType.F16, DType.BF16)) {
                Tensor x = Tensor.of(1.5f, -2.25f).tracked();
                Tensor y = x.to(to).to(DType.F32).mul(Tensor.of(3, -5)).sum();
                TensorAssert.assertBitEqual(Gradients.of(y).find(x).orElseThrow(), Tensor.of(3, -5));
            }
            return null;
        });
    }
}
