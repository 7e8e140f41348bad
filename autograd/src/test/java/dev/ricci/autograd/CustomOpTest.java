package dev.ricci.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.op.CustomOp;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Ops of a user's own. */
final class CustomOpTest {
    /** (x y, x + y), with a gradient that can be wrong by a factor, of another shape, or too short. */
    private record ProductAndSum(double factor, boolean misshapen, boolean tooFew) implements CustomOp {
        @Override
        public String name() {
            return "product_and_sum";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            return List.of(in.get(0), in.get(0));
        }

        @Override
        public List<Tensor> forward(List<Tensor> in) {
            return List.of(in.get(0).mul(in.get(1)), in.get(0).add(in.get(1)));
        }

        @Override
        public List<Tensor> gradient(List<Tensor> in, List<Tensor> out, List<Tensor> g) {
            Tensor dx = g.get(0).mul(in.get(1)).mul(factor).add(g.get(1));
            Tensor dy = g.get(0).mul(in.get(0)).add(g.get(1));
            return tooFew ? List.of(dx) : List.of(misshapen ? dx.sum() : dx, dy);
        }
    }

    private static final ProductAndSum RIGHT = new ProductAndSum(1, false, false);

    private static Tensor both(CustomOp op, List<Tensor> in) {
        List<Tensor> out = Tensor.applyAll(op, in.toArray(Tensor[]::new));
        return out.get(0).mul(out.get(1).exp());
    }

    @Test
    void itsOwnGradientIsUsedToBothOrders() {
        List<Tensor> in = List.of(Cases.values(1, 3), Cases.values(2, 3));
        GradCheck.check(x -> both(RIGHT, x), in).assertPasses();
        GradCheck.checkSecondOrder(x -> both(RIGHT, x), in).assertPasses();
    }

    @Test
    void outputsThatTookNoPartHaveZeroGradients() {
        Tensor x = Tensor.of(2, 3).tracked();
        Tensor sum = Tensor.applyAll(RIGHT, x, Tensor.of(5, 7)).get(1);
        assertArrayEquals(new float[] {1, 1}, Gradients.of(sum.sum()).get(x).toFloatArray());
    }

    @Test
    void aWrongGradientIsFound() {
        List<Tensor> in = List.of(Cases.values(1, 2, 3), Cases.values(2, 2, 3));
        GradCheck.Report report = GradCheck.check(x -> both(new ProductAndSum(1.001, false, false), x), in);
        assertEquals(0, report.worst().input());
        AssertionError e = assertThrows(AssertionError.class, report::assertPasses);
        assertTrue(e.getMessage().contains("FAILS on 12 elements; worst is input 0 at " + report.worst().position()),
                e.getMessage());
    }

    @Test
    void aGradientThatDoesNotFitIsRefused() {
        Tensor x = Tensor.of(2, 3).tracked();
        TensorException e = assertThrows(TensorException.class,
                () -> Gradients.of(both(new ProductAndSum(1, true, false), List.of(x, x)).sum()));
        assertTrue(e.getMessage().contains("'product_and_sum' gave F32[] for input 0, which needs F32[2]"),
                e.getMessage());
        e = assertThrows(TensorException.class,
                () -> Gradients.of(both(new ProductAndSum(1, false, true), List.of(x, x)).sum()));
        assertTrue(e.getMessage().contains("gave 1 gradients for 2 inputs"), e.getMessage());
    }

    /** Reads nothing in its gradient, and has none for its second input. */
    private record Triple() implements CustomOp {
        @Override
        public String name() {
            return "triple";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            return List.of(in.get(0));
        }

        @Override
        public List<Tensor> forward(List<Tensor> in) {
            return List.of(in.get(0).mul(3));
        }

        @Override
        public List<Tensor> gradient(List<Tensor> in, List<Tensor> out, List<Tensor> g) {
            assertEquals(Arrays.asList(null, null), in);
            assertEquals(Arrays.asList((Tensor) null), out);
            return Arrays.asList(g.get(0).mul(3), null);
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return false;
        }

        @Override
        public boolean gradientReadsOutput(int i) {
            return false;
        }
    }

    @Test
    void whatIsNotDeclaredIsNotGiven() {
        Tensor x = Tensor.of(2, 3).tracked();
        Gradients g = Gradients.of(Tensor.apply(new Triple(), x, x.mul(2)).sum());
        assertArrayEquals(new float[] {3, 3}, g.get(x).toFloatArray());
    }
}
