package dev.ricci.testkit;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Tensor;
import java.util.List;

/** What outputs must satisfy where comparing elements would be wrong. */
final class Comparisons {
    private Comparisons() {
    }

    /** The nearest F32 values of an F64 tensor: what lies beyond F32's range becomes infinite. */
    static Tensor rounded(Tensor t) {
        return t.dtype() == DType.F64 ? Tensor.wrap(t.toFloatArray(), t.shape()) : t;
    }

    /** Floats within some units in the last place. */
    static OpRow.Comparison ulps(int most) {
        return (row, call, actual, expected) -> {
            float[] a = actual.getFirst().toFloatArray();
            float[] e = expected.getFirst().toFloatArray();
            for (int i = 0; i < a.length; i++) {
                if (!(Math.abs((double) a[i] - e[i]) <= most * Math.ulp(e[i]))) {
                    throw new AssertionError("element " + i + " differs by more than " + most + " ulp: actual " + a[i]
                            + ", expected " + e[i]);
                }
            }
        };
    }

    /** Eigenvalues as expected; vectors orthonormal, with a v = v diag(values): the sign of a vector is free. */
    static void eigen(OpRow row, OpCase call, List<Tensor> actual, List<Tensor> expected) {
        TensorAssert.assertClose("eigenvalues", actual.get(0), expected.get(0), row.forward());
        Matrices a = new Matrices(call.inputs().getFirst());
        Matrices values = new Matrices(actual.get(0).unsqueeze(-2));
        Matrices v = new Matrices(actual.get(1));
        for (int m = 0; m < a.count; m++) {
            for (int i = 0; i < a.rows; i++) {
                for (int j = 0; j < a.rows; j++) {
                    double av = 0;
                    double dot = 0;
                    for (int k = 0; k < a.rows; k++) {
                        // The lower triangle is what the op reads.
                        av += a.at(m, Math.max(i, k), Math.min(i, k)) * v.at(m, k, j);
                        dot += v.at(m, k, i) * v.at(m, k, j);
                    }
                    near(row, "a v against v diag(values)", av, v.at(m, i, j) * values.at(m, 0, j));
                    near(row, "vectors' dot products", dot, i == j ? 1 : 0);
                }
            }
        }
    }

    /** Singular values as expected and descending; u and vt orthonormal, and u diag(s) vt = a. */
    static void svd(OpRow row, OpCase call, List<Tensor> actual, List<Tensor> expected) {
        TensorAssert.assertClose("singular values", actual.get(1), expected.get(1), row.forward());
        Matrices a = new Matrices(call.inputs().getFirst());
        Matrices u = new Matrices(actual.get(0));
        Matrices s = new Matrices(actual.get(1).unsqueeze(-2));
        Matrices vt = new Matrices(actual.get(2));
        for (int m = 0; m < a.count; m++) {
            for (int i = 0; i < a.rows; i++) {
                for (int j = 0; j < a.columns; j++) {
                    double sum = 0;
                    for (int k = 0; k < u.columns; k++) {
                        sum += u.at(m, i, k) * s.at(m, 0, k) * vt.at(m, k, j);
                    }
                    near(row, "u diag(s) vt against a", sum, a.at(m, i, j));
                }
            }
            for (int i = 0; i < u.columns; i++) {
                for (int j = 0; j < u.columns; j++) {
                    double uu = 0;
                    double vv = 0;
                    for (int k = 0; k < u.rows; k++) {
                        uu += u.at(m, k, i) * u.at(m, k, j);
                    }
                    for (int k = 0; k < vt.columns; k++) {
                        vv += vt.at(m, i, k) * vt.at(m, j, k);
                    }
                    near(row, "columns of u", uu, i == j ? 1 : 0);
                    near(row, "rows of vt", vv, i == j ? 1 : 0);
                }
            }
        }
    }

    private static void near(OpRow row, String what, double actual, double expected) {
        if (!row.forward().accepts(actual, expected)) {
            throw new AssertionError(what + ": " + actual + ", expected " + expected);
        }
    }

    /** The matrices in the last two axes, on the host. */
    private static final class Matrices {
        final int count;
        final int rows;
        final int columns;
        private final double[] values;

        Matrices(Tensor t) {
            rows = t.dim(-2);
            columns = t.dim(-1);
            values = t.toDoubleArray();
            count = rows * columns == 0 ? 0 : values.length / (rows * columns);
        }

        double at(int matrix, int row, int column) {
            return values[(matrix * rows + row) * columns + column];
        }
    }
}
