package dev.ricci.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.opentest4j.AssertionFailedError;

final class TensorAssertTest {
    private static final float NAN = Float.NaN;
    private static final float INF = Float.POSITIVE_INFINITY;

    private static String failure(Executable assertion) {
        return assertThrows(AssertionFailedError.class, assertion).getMessage();
    }

    @Test
    void closePassesWithinTolerance() {
        TensorAssert.assertClose(Tensor.of(1, 100.5f, NAN, INF, -0f), Tensor.of(1, 100, NAN, INF, 0), 0.005, 0);
        TensorAssert.assertClose(Tensor.of(0.5f), Tensor.ofDoubles(new double[] {0.25}), 0, 0.25);
    }

    @Test
    void closeSaysWhereTheWorstIsAndHowManyThereAre() {
        Tensor actual = Tensor.of(new float[] {1, 2.5f, 3, 9, 5, 6}, 2, 3);
        Tensor expected = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        assertEquals("2 of 6 elements differ by more than rtol 0.01, atol 0.1; worst at [1, 0] of F32[2, 3]: actual "
                + "9.0, expected 4.0, difference 5.0", failure(() ->
                TensorAssert.assertClose(actual, expected, 0.01, 0.1)));
    }

    @Test
    void closeTakesNothingForNaNOrInfinity() {
        assertTrue(failure(() -> TensorAssert.assertClose(Tensor.of(1, NAN), Tensor.of(1, 2), 1, 1e9))
                .contains("worst at [1]"));
        assertTrue(failure(() -> TensorAssert.assertClose(Tensor.of(1, 5), Tensor.of(1, NAN), 1, 1e9))
                .contains("expected NaN"));
        assertTrue(failure(() -> TensorAssert.assertClose(Tensor.of(1, 5), Tensor.of(1, INF), 1, 1e9))
                .contains("expected Infinity"));
        assertTrue(failure(() -> TensorAssert.assertClose(Tensor.of(INF), Tensor.of(-INF), 1, 1e9))
                .contains("actual Infinity"));
    }

    @Test
    void shapesMustBeEqual() {
        assertEquals("shapes differ: actual [2], expected [1]", failure(() ->
                TensorAssert.assertClose(Tensor.of(1, 1), Tensor.of(1), 1, 1)));
        assertEquals("shapes differ: actual [2], expected [1, 2]", failure(() ->
                TensorAssert.assertShape(Tensor.of(1, 1), 1, 2)));
        TensorAssert.assertShape(Tensor.of(1, 1), 2);
    }

    @Test
    void bitsDistinguishZerosAndTypes() {
        TensorAssert.assertBitEqual(Tensor.of(1, NAN), Tensor.of(1, NAN));
        assertTrue(failure(() -> TensorAssert.assertBitEqual(Tensor.of(1, -0f, 2), Tensor.of(1, 0f, 3)))
                .contains("2 of 3 elements differ in their bits; first at [1]"));
        assertTrue(failure(() -> TensorAssert.assertBitEqual(Tensor.of(1), Tensor.ofDoubles(new double[] {1})))
                .contains("element types differ"));
        assertTrue(failure(() -> TensorAssert.assertBitEqual(Tensor.ofInts(new int[] {1, 2}),
                Tensor.ofInts(new int[] {1, 3}))).contains("first at [1]"));
    }
}
