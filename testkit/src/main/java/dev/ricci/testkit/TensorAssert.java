package dev.ricci.testkit;

import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.AssertionFailureBuilder;

/** Assertions on tensors, whose failures say where and by how much. All throw {@link AssertionError}. */
public final class TensorAssert {
    private TensorAssert() {
    }

    /**
     * Equal shapes, and elements with |actual - expected| &lt;= atol + rtol * |expected|. NaN equals NaN, and an
     * infinity equals itself. Element types may differ: values are compared as doubles.
     */
    public static void assertClose(Tensor actual, Tensor expected, double rtol, double atol) {
        assertClose("", actual, expected, new Tolerance(rtol, atol));
    }

    /**
     * As {@link #assertClose(Tensor, Tensor, double, double)}.
     *
     * @param what named in the failure; may be empty
     */
    public static void assertClose(String what, Tensor actual, Tensor expected, Tolerance tolerance) {
        assertShape(what, actual, expected.shape());
        double[] a = actual.toDoubleArray();
        double[] e = expected.toDoubleArray();
        int out = 0;
        int worst = -1;
        double most = -1;
        for (int i = 0; i < a.length; i++) {
            if (!tolerance.accepts(a[i], e[i])) {
                out++;
                double excess = tolerance.excess(a[i], e[i]);
                if (excess > most) {
                    most = excess;
                    worst = i;
                }
            }
        }
        if (out > 0) {
            throw failure(what, out + " of " + a.length + " elements differ by more than rtol " + tolerance.rtol()
                    + ", atol " + tolerance.atol() + "; worst at " + index(expected.shape(), worst) + " of "
                    + actual.spec() + ": actual " + a[worst] + ", expected " + e[worst] + ", difference "
                    + Math.abs(a[worst] - e[worst]), expected, actual);
        }
    }

    /**
     * Equal element types, shapes and bits: 0 differs from -0. All NaNs count as one, since their bits are no
     * property of a computation.
     */
    public static void assertBitEqual(Tensor actual, Tensor expected) {
        assertBitEqual("", actual, expected);
    }

    /**
     * As {@link #assertBitEqual(Tensor, Tensor)}.
     *
     * @param what named in the failure; may be empty
     */
    public static void assertBitEqual(String what, Tensor actual, Tensor expected) {
        if (actual.dtype() != expected.dtype()) {
            throw failure(what, "element types differ: actual " + actual.spec() + ", expected " + expected.spec(),
                    expected.dtype(), actual.dtype());
        }
        assertShape(what, actual, expected.shape());
        boolean floating = actual.dtype().isFloating();
        long[] a = floating ? bits(actual) : actual.toLongArray();
        long[] e = floating ? bits(expected) : expected.toLongArray();
        int at = Arrays.mismatch(a, e);
        if (at >= 0) {
            int out = 0;
            for (int i = at; i < a.length; i++) {
                out += a[i] == e[i] ? 0 : 1;
            }
            throw failure(what, out + " of " + a.length + " elements differ in their bits; first at "
                    + index(expected.shape(), at) + " of " + actual.spec() + ": actual "
                    + actual.toDoubleArray()[at] + ", expected " + expected.toDoubleArray()[at], expected, actual);
        }
    }

    /** A tensor of this shape. */
    public static void assertShape(Tensor actual, int... shape) {
        assertShape("", actual, Shape.of(shape));
    }

    private static void assertShape(String what, Tensor actual, Shape shape) {
        if (!actual.shape().equals(shape)) {
            throw failure(what, "shapes differ: actual " + actual.shape() + ", expected " + shape, shape,
                    actual.shape());
        }
    }

    private static long[] bits(Tensor t) {
        return Arrays.stream(t.toDoubleArray()).mapToLong(Double::doubleToLongBits).toArray();
    }

    /** The place of the n-th element in row-major order. */
    private static String index(Shape shape, int n) {
        int[] at = new int[shape.rank()];
        int rest = n;
        for (int a = at.length - 1; a >= 0; a--) {
            at[a] = rest % shape.dim(a);
            rest /= shape.dim(a);
        }
        return Arrays.toString(at);
    }

    private static AssertionError failure(String what, String message, Object expected, Object actual) {
        return AssertionFailureBuilder.assertionFailure().message(what.isEmpty() ? message : what + ": " + message)
                .expected(expected).actual(actual).includeValuesInMessage(false).build();
    }
}
