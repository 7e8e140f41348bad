package org.example;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Tensor;
import dev.ricci.testkit.TensorArbitraries;
import dev.ricci.testkit.TensorAssert;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What must hold of our op for any tensor, of any shape and in any layout. */
class SoftClipProperties {
    @Provide
    Arbitrary<Tensor> tensors() {
        return TensorArbitraries.views(DType.F32, TensorArbitraries.shapes(), -100, 100);
    }

    @Property(tries = 200)
    void keepsTheShapeAndStaysWithinOne(@ForAll("tensors") Tensor x) {
        Tensor y = SoftClip.of(x);
        TensorAssert.assertShape(y, x.shape().toArray());
        for (float value : y.toFloatArray()) {
            assertTrue(Math.abs(value) <= 1, "got " + value);
        }
    }

    @Property(tries = 200)
    void isOdd(@ForAll("tensors") Tensor x) {
        TensorAssert.assertBitEqual(SoftClip.of(x.neg()), SoftClip.of(x).neg());
    }

    @Property(tries = 200)
    void equalsTheFormula(@ForAll("tensors") Tensor x) {
        TensorAssert.assertClose(SoftClip.of(x), x.div(x.square().add(1).sqrt()), 1e-5, 1e-6);
    }
}
