package dev.ricci.tensor.cpu;

import dev.ricci.tensor.Layout;
import dev.ricci.tensor.spi.Operand;
import java.util.Arrays;

/**
 * Walks operands of one shape and any layouts in row-major order, block by block. Axes of size 1 go, and neighbouring
 * axes that are one axis for every operand are merged. A block lies dense for the caller: where an operand is dense
 * in it, in the operand's own array, else gathered into a small buffer that stays in the first-level cache. So each
 * kernel is one loop over dense blocks, whatever the layouts.
 */
final class Elements {
    /** Elements of a block if an operand has to be gathered. */
    private static final int BLOCK = 1024;
    /** From this length on, rows are blocks of their own, so that operands that are dense along them stay in place. */
    private static final int LONG_ROW = 48;
    /** From this size on, operands that run across the others are copied. */
    private static final int ACROSS = 1 << 14;

    private final Operand[] in;
    private final int size;
    private final int rank;
    private final int[] dims;
    private final int[][] strides;
    private final int[] offsets;
    private final boolean[] dense;
    private final int inner;
    private final boolean byRow;
    private final boolean inPlace;

    private Elements(Operand[] in) {
        this.in = in;
        size = in[0].size();
        offsets = new int[in.length];
        dense = new boolean[in.length];
        boolean allDense = true;
        for (int k = 0; k < in.length; k++) {
            offsets[k] = in[k].layout().offset();
            dense[k] = in[k].layout().isDense();
            allDense &= dense[k];
        }
        if (allDense) {
            rank = 1;
            dims = new int[] {size};
            strides = new int[in.length][];
            Arrays.fill(strides, new int[] {1});
        } else {
            int axes = in[0].shape().rank();
            dims = new int[axes];
            strides = new int[in.length][axes];
            rank = collapse(in, axes);
        }
        inner = dims[rank - 1];
        byRow = rank > 1 && inner >= LONG_ROW;
        boolean place = true;
        for (int k = 0; k < in.length; k++) {
            place &= isPlaced(k);
        }
        inPlace = place;
    }

    /** The walk over these operands, which have one shape. */
    static Elements of(Operand... in) {
        Operand[] good = in;
        for (int k = 0; k < in.length; k++) {
            if (runsAcross(in[k].layout())) {
                good = good == in ? in.clone() : good;
                good[k] = Copies.dense(in[k]);
            }
        }
        return new Elements(good);
    }

    /** Whether an operand's memory runs along another axis than the last: copying it by tiles first is cheaper. */
    private static boolean runsAcross(Layout x) {
        int rank = x.shape().rank();
        if (x.isDense() || x.shape().size() < ACROSS) {
            return false;
        }
        int last = Math.abs(x.stride(rank - 1));
        for (int a = 0; a < rank - 1; a++) {
            int s = Math.abs(x.stride(a));
            if (x.shape().dim(a) > 1 && s > 0 && s < last && x.shape().dim(rank - 1) > 1) {
                return true;
            }
        }
        return false;
    }

    private int collapse(Operand[] in, int axes) {
        int r = 0;
        for (int a = 0; a < axes; a++) {
            int d = in[0].shape().dim(a);
            if (d == 1) {
                continue;
            }
            boolean merges = r > 0;
            for (int k = 0; merges && k < in.length; k++) {
                merges = strides[k][r - 1] == in[k].layout().stride(a) * d;
            }
            if (merges) {
                dims[r - 1] *= d;
            } else {
                dims[r++] = d;
            }
            for (int k = 0; k < in.length; k++) {
                strides[k][r - 1] = in[k].layout().stride(a);
            }
        }
        return r;
    }

    /**
     * {@link Parallel#ranges} for loops over vectors.
     *
     * @param work what an element costs, in fourths of an elementary operation: 1 where memory sets the pace, 4 for a
     *     function of some ten steps
     */
    static void ranges(int n, int work, Parallel.Range body) {
        Parallel.ranges((n + 3) / 4, work, (from, to) -> body.run(4 * from, Math.min(n, 4 * to)));
    }

    /** Number of elements. */
    int size() {
        return size;
    }

    /** The size of the block that starts at element {@code from} and ends at {@code to} or before. */
    int block(int from, int to) {
        int end = to;
        if (byRow) {
            end = Math.min(end, from - from % inner + inner);
        }
        return inPlace ? end - from : Math.min(end - from, BLOCK);
    }

    /** Operand {@code k}, F32, block by block; for one thread. */
    Floats floats(int k) {
        return new Floats(k, in[k].heap().floats());
    }

    /** Operand {@code k}, BOOL or U8, block by block; for one thread. */
    Bytes bytes(int k) {
        return new Bytes(k, in[k].heap().bytes());
    }

    private boolean isPlaced(int k) {
        return dense[k] || (byRow || rank == 1) && strides[k][rank - 1] == 1;
    }

    /** Whether operand {@code k} is one element, repeated. */
    private boolean isScalar(int k) {
        for (int a = 0; a < rank; a++) {
            if (strides[k][a] != 0) {
                return false;
            }
        }
        return true;
    }

    /** Storage index of an element, by its place in row-major order. */
    private int index(int k, int place) {
        if (dense[k]) {
            return offsets[k] + place;
        }
        int rest = place;
        int at = offsets[k];
        for (int a = rank - 1; a > 0; a--) {
            int q = rest / dims[a];
            at += (rest - q * dims[a]) * strides[k][a];
            rest = q;
        }
        return at + rest * strides[k][0];
    }

    /** What gathers the elements of one stretch of a row. */
    private interface Stretch {
        void copy(int at, int stride, int to, int n);
    }

    /** Gathers elements {@code from} .. {@code from + n - 1} of operand {@code k}. */
    private void gather(int k, int from, int n, Stretch stretch) {
        int stride = strides[k][rank - 1];
        int column = from % inner;
        for (int done = 0; done < n;) {
            int m = Math.min(inner - column, n - done);
            stretch.copy(index(k, from + done), stride, done, m);
            done += m;
            column = 0;
        }
    }

    /** One F32 operand of a walk. */
    final class Floats {
        /** Where the loaded block lies, from {@link #at} on. */
        float[] data;
        /** See {@link #data}. */
        int at;

        private final int k;
        private final float[] array;
        private float[] buffer;
        private int filled;

        private Floats(int k, float[] array) {
            this.k = k;
            this.array = array;
        }

        /** Makes elements {@code from} .. {@code from + n - 1} lie dense. */
        void load(int from, int n) {
            if (isPlaced(k)) {
                data = array;
                at = index(k, from);
                return;
            }
            if (buffer == null || buffer.length < n) {
                buffer = new float[n];
                filled = 0;
            }
            data = buffer;
            if (!isScalar(k)) {
                gather(k, from, n, this::copy);
            } else if (filled < n) {
                Arrays.fill(buffer, 0, n, array[offsets[k]]);
                filled = n;
            }
        }

        private void copy(int from, int stride, int to, int n) {
            if (stride == 0) {
                Arrays.fill(buffer, to, to + n, array[from]);
            } else if (stride == 1 && n > 16) {
                System.arraycopy(array, from, buffer, to, n);
            } else {
                for (int i = 0; i < n; i++) {
                    buffer[to + i] = array[from + i * stride];
                }
            }
        }
    }

    /** One BOOL or U8 operand of a walk. */
    final class Bytes {
        /** Where the loaded block lies, from {@link #at} on. */
        byte[] data;
        /** See {@link #data}. */
        int at;

        private final int k;
        private final byte[] array;
        private byte[] buffer;

        private Bytes(int k, byte[] array) {
            this.k = k;
            this.array = array;
        }

        /** Makes elements {@code from} .. {@code from + n - 1} lie dense. */
        void load(int from, int n) {
            if (isPlaced(k)) {
                data = array;
                at = index(k, from);
                return;
            }
            if (buffer == null || buffer.length < n) {
                buffer = new byte[n];
            }
            data = buffer;
            gather(k, from, n, this::copy);
        }

        private void copy(int from, int stride, int to, int n) {
            for (int i = 0; i < n; i++) {
                buffer[to + i] = array[from + i * stride];
            }
        }
    }
}
