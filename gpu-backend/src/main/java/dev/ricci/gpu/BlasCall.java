package dev.ricci.gpu;

import dev.ricci.tensor.DeviceException;
import java.util.List;

/**
 * A launch of a product as cuBLAS takes it. cuBLAS is column-major, so C = A B of row-major matrices is asked for as C' = B'
 * A': its first operand is B and has n rows.
 *
 * @param m rows of the product
 * @param n columns
 * @param k what is summed over
 * @param a offset of A
 * @param turnedA whether A lies by columns
 * @param leadingA elements from a row to the next, or from a column to the next
 * @param stepA from one A of the batch to the next
 * @param c offset of the product, which is dense
 * @param adds whether the product is added to what stands there: a bias
 */
record BlasCall(int m, int n, int k, int batches, int a, boolean turnedA, int leadingA, int stepA, int b, boolean turnedB,
        int leadingB, int stepB, int c, boolean adds) {
    /** Whether cuBLAS multiplies: false, true, or tf32 for operands rounded to that. */
    static final String MODE = System.getProperty("ricci.gpu.blas", "false");

    static boolean isAskedFor() {
        if (!List.of("false", "true", "tf32").contains(MODE)) {
            throw new DeviceException("ricci.gpu.blas is " + MODE + "; it is false, true or tf32");
        }
        return !MODE.equals("false");
    }

    /** The call for a launch, or null if its operands lie neither by rows nor by columns, or there is none. */
    static BlasCall of(Launch launch) {
        Kernel kernel = launch.kernel();
        boolean product = kernel == Kernel.MATMUL || kernel == Kernel.MATMUL_FEW || kernel == Kernel.MATMUL_LARGE;
        return product ? of(launch.ints()) : null;
    }

    /** The same from the parameters of the kernel. */
    static BlasCall of(int[] p) {
        int m = p[Params.M];
        int n = p[Params.N];
        int k = p[Params.K];
        int rowsA = leading(p[Params.A_COLUMN], k, p[Params.A_ROW], m);
        int columnsA = leading(p[Params.A_ROW], m, p[Params.A_COLUMN], k);
        int rowsB = leading(p[Params.B_COLUMN], n, p[Params.B_ROW], k);
        int columnsB = leading(p[Params.B_ROW], k, p[Params.B_COLUMN], n);
        if (k == 0 || p[Params.RANK] > 1 || Math.max(rowsA, columnsA) == 0 || Math.max(rowsB, columnsB) == 0) {
            return null;
        }
        boolean batched = p[Params.RANK] == 1;
        return new BlasCall(m, n, k, batched ? p[Params.DIMS] : 1, p[Params.A], rowsA == 0, rowsA == 0 ? columnsA : rowsA,
                batched ? p[Params.STRIDES_A] : 0, p[Params.B], rowsB == 0, rowsB == 0 ? columnsB : rowsB,
                batched ? p[Params.STRIDES_B] : 0, p[Params.OUT], p[Params.FLAG] == 1);
    }

    /** The leading dimension of a matrix whose lines are gapless, or 0 if they are not or overlap. */
    private static int leading(int step, int size, int toNext, int lines) {
        if (step != 1 && size != 1) {
            return 0;
        }
        int leading = lines == 1 ? size : toNext;
        return leading >= size ? leading : 0;
    }

    /** What runs before the call of a product with a bias: it is copied into each row. */
    static Launch bias(Launch product) {
        int[] p = product.ints();
        int batches = p[Params.RANK] == 1 ? p[Params.DIMS] : 1;
        int rows = batches * p[Params.M];
        return new Launch(Kernel.COPY, null).items(rows * p[Params.N]).set(Params.A, p[Params.C])
                .set(Params.OUT, p[Params.OUT]).set(Params.RANK, 2).set(Params.DIMS, rows)
                .set(Params.DIMS + 1, p[Params.N]).set(Params.STRIDES_A + 1, p[Params.SECOND])
                .set(Params.STRIDES_OUT, p[Params.N]).set(Params.STRIDES_OUT + 1, 1);
    }
}
