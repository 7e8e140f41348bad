package dev.ricci.autograd;

import static dev.ricci.autograd.Cases.values;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Reduction;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The rules of reductions. */
final class ReductionRulesTest {
    @TestFactory
    Stream<DynamicTest> reductions() {
        Tensor x = values(1, 2, 3, 4);
        Tensor zero = Tensor.ofDoubles(new double[] {0, 2, -1.5, 0, 0, 3, 1.5, 2, -1}, 3, 3);
        return new Cases()
                .both("sum", in -> in.get(0).square().sum(), x)
                .both("sum of axes", in -> in.get(0).sum(0, 2).square(), x)
                .both("sum keeping dims", in -> in.get(0).sumKeepDims(1).square(), x)
                .both("mean", in -> in.get(0).mean(1).square(), x)
                .both("mean of all", in -> in.get(0).square().mean(), x)
                .both("mean of two axes keeping dims", in -> in.get(0).meanKeepDims(0, 2).square(), x)
                .both("prod", in -> in.get(0).prod(-1), x)
                .both("prod of axes", in -> in.get(0).prod(0, 2), x)
                .both("prod of all", in -> in.get(0).prod(), values(2, 5))
                .both("prod with zeros", in -> in.get(0).prod(1), zero)
                .both("prod with zeros, keeping dims", in -> in.get(0).prodKeepDims(0), zero)
                .both("prod of one", in -> in.get(0).prod(0).square(), values(2, 1))
                .both("max", in -> in.get(0).max(1).square(), x)
                .both("max of all", in -> in.get(0).max(), x)
                .both("min keeping dims", in -> in.get(0).minKeepDims(0, 1).square(), x)
                .both("log-sum-exp", in -> in.get(0).logSumExp(1), x)
                .both("log-sum-exp of axes", in -> in.get(0).logSumExpKeepDims(0, 2), x)
                .both("cumsum", in -> in.get(0).cumsum(1).square(), x)
                .both("cumsum from the end",
                        in -> Tensor.apply(new Reduction.CumSum(2, true), in.get(0)).square(), x)
                .both("variance", in -> in.get(0).variance(1, 2), x)
                .both("argmax beside", in -> in.get(0).mul(in.get(0).argmax(1).unsqueeze(1).to(in.get(0).dtype())), x)
                .first("sum of nothing", in -> in.get(0).sum(1), values(1, 2, 0))
                .first("mean of nothing in one axis", in -> in.get(0).mean(0), values(1, 2, 0))
                .first("prod of nothing", in -> in.get(0).prod(1), values(1, 2, 0))
                .first("log-sum-exp of nothing", in -> in.get(0).logSumExp(0), values(1, 2, 0))
                .stream();
    }

    @Test
    void equalExtremesShareTheGradient() {
        Tensor x = Tensor.of(new float[] {1, 3, 3, 0, 0, 0}, 2, 3).tracked();
        assertArrayEquals(new float[] {0, 0.5f, 0.5f, 1 / 3f, 1 / 3f, 1 / 3f},
                Gradients.of(x.max(1).sum()).get(x).toFloatArray());
        assertArrayEquals(new float[] {1, 0, 0, 1 / 3f, 1 / 3f, 1 / 3f},
                Gradients.of(x.min(1).sum()).get(x).toFloatArray());
    }

    @Test
    void logSumExpOfNothingButMinusInfinity() {
        Tensor x = Tensor.full(Shape.of(2), DType.F32, Double.NEGATIVE_INFINITY).tracked();
        assertArrayEquals(new float[] {0, 0}, Gradients.of(x.logSumExp()).get(x).toFloatArray());
    }
}
