package dev.ricci.tensor.reference;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Eigenvalues and singular values by Jacobi's rotations: simple, accurate, for small matrices of finite numbers. */
final class Jacobi {
    private static final double EPS = 0x1p-53;
    private static final int SWEEPS = 64;

    private Jacobi() {
    }

    /** Values ascending; the vectors are columns. */
    record Eigen(double[] values, double[][] vectors) {
    }

    /** a = u diag(values) vt, values descending. */
    record Svd(double[][] u, double[] values, double[][] vt) {
    }

    /** Cyclic Jacobi rotations of a symmetric matrix, which is overwritten (Golub and Van Loan, 8.5). */
    static Eigen eigen(double[][] a) {
        int n = a.length;
        double scale = scale(a);
        double[][] v = identity(n);
        for (int sweep = 0; sweep < SWEEPS && offDiagonal(a) > EPS * EPS; sweep++) {
            for (int p = 0; p < n; p++) {
                for (int q = p + 1; q < n; q++) {
                    if (a[p][q] != 0) {
                        rotate(a, v, p, q);
                    }
                }
            }
        }
        Integer[] order = order(n, Comparator.comparingDouble(i -> a[i][i]));
        double[] values = new double[n];
        double[][] vectors = new double[n][n];
        for (int j = 0; j < n; j++) {
            values[j] = a[order[j]][order[j]] * scale;
            int largest = 0;
            for (int i = 1; i < n; i++) {
                largest = Math.abs(v[i][order[j]]) > Math.abs(v[largest][order[j]]) ? i : largest;
            }
            double sign = v[largest][order[j]] < 0 ? -1 : 1;
            for (int i = 0; i < n; i++) {
                vectors[i][j] = sign * v[i][order[j]];
            }
        }
        return new Eigen(values, vectors);
    }

    /** Makes a[p][q] zero by a rotation of rows and columns p and q, and rotates v's columns along. */
    private static void rotate(double[][] a, double[][] v, int p, int q) {
        double t = tangent((a[q][q] - a[p][p]) / (2 * a[p][q]));
        double c = 1 / StrictMath.sqrt(1 + t * t);
        double s = t * c;
        for (double[] row : a) {
            rotate(row, p, q, c, s);
        }
        for (int j = 0; j < a.length; j++) {
            double x = a[p][j];
            double y = a[q][j];
            a[p][j] = c * x - s * y;
            a[q][j] = s * x + c * y;
        }
        a[p][q] = 0;
        a[q][p] = 0;
        for (double[] row : v) {
            rotate(row, p, q, c, s);
        }
    }

    private static void rotate(double[] row, int p, int q, double c, double s) {
        double x = row[p];
        double y = row[q];
        row[p] = c * x - s * y;
        row[q] = s * x + c * y;
    }

    /** The smaller root of t^2 + 2 tau t = 1. */
    private static double tangent(double tau) {
        double root = Math.abs(tau) > 1e150 ? Math.abs(tau) : StrictMath.sqrt(1 + tau * tau);
        return (tau < 0 ? -1 : 1) / (Math.abs(tau) + root);
    }

    /** The squares of what is not on the diagonal, relative to all squares. */
    private static double offDiagonal(double[][] a) {
        double off = 0;
        double all = 0;
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a.length; j++) {
                off += i == j ? 0 : a[i][j] * a[i][j];
                all += a[i][j] * a[i][j];
            }
        }
        return off == 0 ? 0 : off / all;
    }

    /** One-sided Jacobi rotations (Golub and Van Loan, 8.6), which make the columns of a tall matrix orthogonal. */
    static Svd svd(double[][] a) {
        if (a.length < a[0].length) {
            Svd s = svd(transpose(a));
            return new Svd(transpose(s.vt), s.values, transpose(s.u));
        }
        double scale = scale(a);
        double[][] w = transpose(a); // w[j] is column j
        double[][] v = identity(w.length); // and so is v[j]
        double tiny = EPS * StrictMath.sqrt(Arrays.stream(w).mapToDouble(c -> dot(c, c)).sum()) / 8;
        boolean rotated = true;
        for (int sweep = 0; rotated && sweep < SWEEPS; sweep++) {
            rotated = false;
            for (int p = 0; p < w.length; p++) {
                for (int q = p + 1; q < w.length; q++) {
                    rotated |= orthogonalize(w, v, p, q, tiny);
                }
            }
        }
        double[] norms = new double[w.length];
        Arrays.setAll(norms, j -> StrictMath.sqrt(dot(w[j], w[j])));
        Integer[] order = order(w.length, Comparator.comparingDouble(j -> -norms[j]));
        double[] values = new double[w.length];
        double[][] u = new double[w.length][];
        double[][] vt = new double[w.length][];
        for (int j = 0; j < w.length; j++) {
            int from = order[j];
            values[j] = norms[from] * scale;
            vt[j] = v[from];
            // Below this the column is rounding noise, and its direction arbitrary.
            boolean noise = norms[from] <= 4 * w.length * EPS * norms[order[0]];
            u[j] = noise ? complete(u, j, a.length) : scaled(w[from], 1 / norms[from]);
        }
        return new Svd(transpose(u), values, vt);
    }

    /** Rotates two columns until they are orthogonal; false if they were, or one is nothing but rounding noise. */
    private static boolean orthogonalize(double[][] w, double[][] v, int p, int q, double tiny) {
        double alpha = dot(w[p], w[p]);
        double beta = dot(w[q], w[q]);
        double gamma = dot(w[p], w[q]);
        if (Math.min(alpha, beta) <= tiny * tiny
                || Math.abs(gamma) <= 4 * EPS * StrictMath.sqrt(alpha) * StrictMath.sqrt(beta)) {
            return false;
        }
        double t = tangent((beta - alpha) / (2 * gamma));
        double c = 1 / StrictMath.sqrt(1 + t * t);
        double s = t * c;
        for (double[][] columns : new double[][][] {w, v}) {
            for (int i = 0; i < columns[p].length; i++) {
                double x = columns[p][i];
                double y = columns[q][i];
                columns[p][i] = c * x - s * y;
                columns[q][i] = s * x + c * y;
            }
        }
        return true;
    }

    /** A unit vector orthogonal to the first {@code n} of {@code u}, by Gram and Schmidt's method, done twice. */
    private static double[] complete(double[][] u, int n, int length) {
        double[] best = new double[length];
        for (int axis = 0; axis < length && dot(best, best) < 0.5 / length; axis++) {
            double[] candidate = new double[length];
            candidate[axis] = 1;
            remove(u, n, candidate);
            if (dot(candidate, candidate) > dot(best, best)) {
                best = candidate;
            }
        }
        best = scaled(best, 1 / StrictMath.sqrt(dot(best, best)));
        remove(u, n, best);
        return scaled(best, 1 / StrictMath.sqrt(dot(best, best)));
    }

    private static void remove(double[][] u, int n, double[] x) {
        for (int j = 0; j < n; j++) {
            double d = dot(u[j], x);
            for (int i = 0; i < x.length; i++) {
                x[i] -= d * u[j][i];
            }
        }
    }

    /** Divides by the largest magnitude, so that no square overflows or vanishes; returns it, or 1 for zeros. */
    private static double scale(double[][] a) {
        double max = 0;
        for (double[] row : a) {
            for (double x : row) {
                max = Math.max(max, Math.abs(x));
            }
        }
        for (double[] row : a) {
            for (int j = 0; max > 0 && j < row.length; j++) {
                row[j] /= max;
            }
        }
        return max > 0 ? max : 1;
    }

    private static Integer[] order(int n, Comparator<Integer> by) {
        return IntStream.range(0, n).boxed().sorted(by).toArray(Integer[]::new);
    }

    private static double[][] identity(int n) {
        double[][] e = new double[n][n];
        for (int i = 0; i < n; i++) {
            e[i][i] = 1;
        }
        return e;
    }

    private static double[][] transpose(double[][] a) {
        double[][] t = new double[a[0].length][a.length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a[i].length; j++) {
                t[j][i] = a[i][j];
            }
        }
        return t;
    }

    private static double dot(double[] x, double[] y) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += x[i] * y[i];
        }
        return sum;
    }

    private static double[] scaled(double[] x, double factor) {
        double[] y = x.clone();
        for (int i = 0; i < y.length; i++) {
            y[i] *= factor;
        }
        return y;
    }
}
