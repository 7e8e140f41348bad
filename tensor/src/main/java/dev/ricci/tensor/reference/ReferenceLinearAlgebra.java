package dev.ricci.tensor.reference;

import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.op.LinearAlgebra;
import dev.ricci.tensor.spi.Operand;

/** The decompositions, over the matrices in the last two axes, one after another. */
final class ReferenceLinearAlgebra {
    private ReferenceLinearAlgebra() {
    }

    static void run(LinearAlgebra op, Operand[] in, Operand[] out) {
        int rows = in[0].shape().dim(-2);
        int columns = in[0].shape().dim(-1);
        double[] a = Dense.doubles(in[0]);
        double[][] results = new double[out.length][];
        for (int i = 0; i < out.length; i++) {
            results[i] = new double[out[i].size()];
        }
        double[] b = in.length == 2 ? Dense.doubles(in[1]) : null;
        int right = in.length == 2 ? in[1].shape().dim(-1) : 0;
        int count = rows * columns == 0 ? 0 : a.length / (rows * columns);
        for (int matrix = 0; matrix < count; matrix++) {
            double[][] m = matrix(a, matrix, rows, columns);
            String where = op.name() + ": matrix " + matrix + " of " + in[0].dtype() + in[0].shape();
            switch (op) {
                case LinearAlgebra.Cholesky o -> put(cholesky(where, m), results[0], matrix);
                case LinearAlgebra.TriangularSolve o ->
                        put(solve(where, o, m, matrix(b, matrix, rows, right)), results[0], matrix);
                case LinearAlgebra.SymmetricEigen o -> {
                    Jacobi.Eigen e = Jacobi.eigen(finite(where, lower(m)));
                    System.arraycopy(e.values(), 0, results[0], matrix * rows, rows);
                    put(e.vectors(), results[1], matrix);
                }
                case LinearAlgebra.Svd o -> {
                    Jacobi.Svd s = Jacobi.svd(finite(where, m));
                    put(s.u(), results[0], matrix);
                    System.arraycopy(s.values(), 0, results[1], matrix * s.values().length, s.values().length);
                    put(s.vt(), results[2], matrix);
                }
            }
        }
        for (int i = 0; i < out.length; i++) {
            Dense.write(out[i], results[i]);
        }
    }

    private static double[][] matrix(double[] all, int index, int rows, int columns) {
        double[][] m = new double[rows][columns];
        for (int i = 0; i < rows; i++) {
            System.arraycopy(all, (index * rows + i) * columns, m[i], 0, columns);
        }
        return m;
    }

    private static void put(double[][] m, double[] all, int index) {
        for (int i = 0; i < m.length; i++) {
            System.arraycopy(m[i], 0, all, (index * m.length + i) * m[i].length, m[i].length);
        }
    }

    /** The symmetric matrix with this lower triangle. */
    private static double[][] lower(double[][] m) {
        for (int i = 0; i < m.length; i++) {
            for (int j = 0; j < i; j++) {
                m[j][i] = m[i][j];
            }
        }
        return m;
    }

    private static double[][] finite(String where, double[][] m) {
        for (int i = 0; i < m.length; i++) {
            for (int j = 0; j < m[i].length; j++) {
                if (!Double.isFinite(m[i][j])) {
                    throw new TensorException(where + " holds " + m[i][j] + " at [" + i + ", " + j
                            + "]; it has no decomposition");
                }
            }
        }
        return m;
    }

    /** Row by row (Golub and Van Loan, 4.2). */
    private static double[][] cholesky(String where, double[][] a) {
        int n = a.length;
        double[][] l = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                double rest = a[i][j];
                for (int k = 0; k < j; k++) {
                    rest -= l[i][k] * l[j][k];
                }
                if (i > j) {
                    l[i][j] = rest / l[j][j];
                } else if (rest > 0 && rest < Double.POSITIVE_INFINITY) {
                    l[i][i] = StrictMath.sqrt(rest);
                } else {
                    throw new TensorException(where + " is not positive definite: pivot " + i + " is " + rest
                            + "; add a small multiple of the identity if it should be");
                }
            }
        }
        return l;
    }

    /** Substitution, from the top or from the bottom as the triangle asks. */
    private static double[][] solve(String where, LinearAlgebra.TriangularSolve op, double[][] a, double[][] b) {
        int n = a.length;
        for (int i = 0; i < n; i++) {
            if (a[i][i] == 0) {
                throw new TensorException(where + " is singular: its diagonal element " + i + " is 0");
            }
        }
        boolean fromTop = op.upper() == op.transpose();
        for (int step = 0; step < n; step++) {
            int i = fromTop ? step : n - 1 - step;
            for (int done = 0; done < step; done++) {
                int k = fromTop ? done : n - 1 - done;
                double factor = op.transpose() ? a[k][i] : a[i][k];
                for (int c = 0; c < b[i].length; c++) {
                    b[i][c] -= factor * b[k][c];
                }
            }
            for (int c = 0; c < b[i].length; c++) {
                b[i][c] /= a[i][i];
            }
        }
        return b;
    }
}
