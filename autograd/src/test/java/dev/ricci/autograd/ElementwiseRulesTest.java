package dev.ricci.autograd;

import static dev.ricci.autograd.Cases.positive;
import static dev.ricci.autograd.Cases.values;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.UnaryKind;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The rules of element-wise ops. */
final class ElementwiseRulesTest {
    @TestFactory
    Stream<DynamicTest> functionsOfOneInput() {
        Tensor x = values(1, 2, 5);
        Tensor p = positive(2, 7);
        return new Cases()
                .both("neg", in -> in.get(0).neg().square(), x)
                .both("abs", in -> in.get(0).abs().mul(in.get(0)), x)
                .both("square", in -> in.get(0).square(), x)
                .both("exp", in -> in.get(0).exp(), x)
                .both("expm1", in -> in.get(0).expm1(), x)
                .both("log", in -> in.get(0).log(), p)
                .both("log1p", in -> in.get(0).log1p(), p)
                .both("sqrt", in -> in.get(0).sqrt(), p)
                .both("rsqrt", in -> in.get(0).rsqrt(), p.add(0.5))
                .both("reciprocal", in -> in.get(0).reciprocal(), p.add(0.5))
                .both("sin", in -> in.get(0).sin(), x)
                .both("cos", in -> in.get(0).cos(), x)
                .both("tanh", in -> in.get(0).tanh(), x)
                .both("sigmoid", in -> in.get(0).sigmoid(), x)
                .both("relu", in -> in.get(0).relu().square(), x)
                .both("gelu", in -> in.get(0).gelu(), x)
                .both("gelu_tanh", in -> in.get(0).geluTanh(), x)
                .both("silu", in -> in.get(0).silu(), x)
                .both("silu_gate", in -> Functional.gate(UnaryKind.SILU, in.get(0), in.get(1)), x, x.mul(0.7).add(0.2))
                .both("gelu_gate", in -> Functional.gate(UnaryKind.GELU, in.get(0), in.get(1)), x, x.mul(0.7).add(0.2))
                .both("softplus", in -> in.get(0).softplus(), x)
                .both("erf", in -> in.get(0).erf(), x)
                .first("floor, ceil, round, sign", in -> in.get(0).floor().add(in.get(0).ceil())
                        .add(in.get(0).round()).add(in.get(0).sign()).add(in.get(0)), x)
                .both("cast to F64 and back", in -> in.get(0).to(DType.F64).mul(in.get(0)), x)
                .both("scalar", in -> in.get(0).exp().mul(in.get(0)), values(3))
                .first("empty", in -> in.get(0).exp(), values(3, 0, 2))
                .stream();
    }

    @TestFactory
    Stream<DynamicTest> functionsOfTwoInputs() {
        Tensor a = values(4, 3, 4);
        Tensor b = values(5, 4);
        Tensor p = positive(6, 3, 1);
        Tensor holds = Tensor.ofBooleans(new boolean[] {true, false, false, true});
        return new Cases()
                .both("add", in -> in.get(0).add(in.get(1)).square(), a, b)
                .both("sub", in -> in.get(0).sub(in.get(1)).square(), a, b)
                .both("mul", in -> in.get(0).mul(in.get(1)), a, b)
                .both("mul by itself", in -> in.get(0).mul(in.get(0)), a)
                .both("div", in -> in.get(0).div(in.get(1)), a, p)
                .both("pow", in -> in.get(0).pow(in.get(1)), p, b)
                .both("pow of a negative base", in -> in.get(0).pow(3), a)
                .both("maximum", in -> in.get(0).maximum(in.get(1)).square(), a, b)
                .both("minimum", in -> in.get(0).minimum(in.get(1)).square(), a, b)
                .both("mod", in -> in.get(0).mod(in.get(1)).square(), a, p.mul(1.37))
                .both("where", in -> in.get(2).where(in.get(0), in.get(1)).exp(), a, b, holds)
                .both("maskedFill", in -> in.get(0).maskedFill(in.get(1), 3).square(), a, holds)
                .both("clamp", in -> in.get(0).clamp(-1.01, 0.73).exp(), a)
                .both("comparison as a mask", in -> in.get(0).mul(in.get(0).gt(in.get(1)).to(DType.F64)), a, b)
                .stream();
    }

    @Test
    void equalOperandsShareTheGradientOfTheExtreme() {
        Tensor a = Tensor.of(1, 2, 3).tracked();
        Tensor b = Tensor.of(1, 3, 2).tracked();
        Gradients g = Gradients.of(a.maximum(b).sum());
        assertArrayEquals(new float[] {0.5f, 0, 1}, g.get(a).toFloatArray());
        assertArrayEquals(new float[] {0.5f, 1, 0}, g.get(b).toFloatArray());
        g = Gradients.of(a.minimum(b).sum());
        assertArrayEquals(new float[] {0.5f, 1, 0}, g.get(a).toFloatArray());
        assertArrayEquals(new float[] {0.5f, 0, 1}, g.get(b).toFloatArray());
    }

    @Test
    void kinksHaveGradientZero() {
        Tensor x = Tensor.of(-1, 0, 2).tracked();
        assertArrayEquals(new float[] {0, 0, 1}, Gradients.of(x.relu().sum()).get(x).toFloatArray());
        assertArrayEquals(new float[] {-1, 0, 1}, Gradients.of(x.abs().sum()).get(x).toFloatArray());
    }

    @Test
    void powAtZero() {
        Tensor a = Tensor.of(0, 0, 0).tracked();
        Tensor b = Tensor.of(0, 1, 2).tracked();
        Gradients g = Gradients.of(a.pow(b).sum());
        assertArrayEquals(new float[] {0, 1, 0}, g.get(a).toFloatArray());
        assertArrayEquals(new float[] {0, 0, 0}, g.get(b).toFloatArray());
    }

    @Test
    void castConvertsTheGradientBack() {
        Tensor x = Tensor.of(1, 2).tracked();
        Tensor g = Gradients.of(x.to(DType.BF16).to(DType.F64).square().sum()).get(x);
        assertEquals(x.spec(), g.spec());
        assertArrayEquals(new float[] {2, 4}, g.toFloatArray());
    }

    @Test
    void whatHasNoDerivativeGivesNone() {
        Tensor x = Tensor.of(1.5f, 2.5f).tracked();
        assertTrue(Gradients.of(x.floor().sum()).find(x).isEmpty());
    }

    @Test
    void integerResultsAreNotTracked() {
        Tensor x = Tensor.of(1.5f, 2.5f).tracked();
        assertEquals(List.of(false, false), List.of(x.to(DType.I32).isTracked(), x.gt(2).isTracked()));
    }
}
