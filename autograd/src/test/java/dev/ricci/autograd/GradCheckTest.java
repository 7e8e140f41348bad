package dev.ricci.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The check itself: what it compares, what it finds, what it refuses. */
final class GradCheckTest {
    @Test
    void inputsAreConvertedAndOthersSkipped() {
        GradCheck.Report r = GradCheck.check(in -> {
            assertEquals(DType.F64, in.get(0).dtype());
            assertEquals(DType.I32, in.get(1).dtype());
            return in.get(0).indexSelect(0, in.get(1)).exp();
        }, List.of(Tensor.of(1, 2, 3), Tensor.ofInts(new int[] {0, 2})));
        r.assertPasses();
        assertEquals(3, r.checked());
    }

    @Test
    void aCutGradientIsFound() {
        GradCheck.Report r = GradCheck.check(in -> in.get(0).mul(in.get(0).detach()).sum(),
                List.of(Tensor.of(new float[] {1, 2}, 1, 2)));
        assertFalse(r.passes());
        assertEquals(List.of(0, 1), r.worst().position());
        assertEquals(2, r.worst().analytic(), 1e-12);
        assertEquals(4, r.worst().numeric(), 1e-6);
        assertEquals(1e-6 + 1e-5 * 4, r.worst().tolerance(), 1e-9);
    }

    @Test
    void anUntrackedResultMustBeConstant() {
        assertTrue(GradCheck.check(in -> in.get(0).detach().mul(0), List.of(Tensor.of(1, 2))).passes());
        assertFalse(GradCheck.check(in -> in.get(0).detach().mul(2), List.of(Tensor.of(1, 2))).passes());
    }

    @Test
    void aWrongSecondOrderIsFound() {
        assertFalse(GradCheck.checkSecondOrder(in -> in.get(0).mul(in.get(0).detach()).mul(in.get(0)),
                List.of(Tensor.of(1, 2))).passes());
    }

    @Test
    void notANumberFails() {
        assertFalse(GradCheck.check(in -> in.get(0).log(), List.of(Tensor.of(-1))).passes());
    }

    @Test
    void nothingToCompare() {
        GradCheck.Report r = GradCheck.check(in -> in.get(0).sum(), List.of(Tensor.of()));
        r.assertPasses();
        assertNull(r.worst());
        assertEquals("gradient check: nothing to compare", r.toString());
    }

    @Test
    void otherTypesAndTolerancesAreRefused() {
        TensorException e = assertThrows(TensorException.class,
                () -> GradCheck.check(in -> in.get(0).to(DType.F32), List.of(Tensor.of(1))));
        assertTrue(e.getMessage().contains("F32[1]"), e.getMessage());
        assertThrows(TensorException.class, () -> new GradCheck.Tolerance(0, 1, 1));
        assertThrows(TensorException.class, () -> new GradCheck.Tolerance(1, -1, 1));
        assertThrows(TensorException.class, () -> new GradCheck.Tolerance(1, 1, Double.NaN));
    }
}
