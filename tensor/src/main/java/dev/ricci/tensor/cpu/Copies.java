package dev.ricci.tensor.cpu;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.op.Creation;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import java.lang.reflect.Array;
import java.util.Arrays;

/** Copies and fills of any element type between any layouts. */
final class Copies {
    /** Elements along the inner axis that are copied at a time when the source runs across it. */
    private static final int TILE = 64;
    /** Elements along the source's own axis then: some cache lines. */
    private static final int DEPTH = 32;

    private Copies() {
    }

    /** Copies the elements of {@code from} to the places of {@code to}: equal shapes and types, separate memory. */
    static void copy(Operand from, Operand to) {
        copy(from.heap(), from.layout(), to.heap(), to.layout());
    }

    /** Copies between two layouts of one shape over storages of one type, which are separate memory. */
    static void copy(HeapStorage from, Layout source, HeapStorage to, Layout target) {
        int size = source.shape().size();
        Object a = array(from);
        Object b = array(to);
        int so = source.offset();
        int to0 = target.offset();
        if (source.isDense() && target.isDense()) {
            Elements.ranges(size, 1, (i, end) -> System.arraycopy(a, so + i, b, to0 + i, end - i));
            return;
        }
        if (size == 0) {
            return;
        }
        int axes = source.shape().rank();
        int[] dims = new int[axes];
        int[] s = new int[axes];
        int[] t = new int[axes];
        int r = 0;
        for (int x = 0; x < axes; x++) {
            int d = source.shape().dim(x);
            if (d == 1) {
                continue;
            }
            if (r > 0 && s[r - 1] == source.stride(x) * d && t[r - 1] == target.stride(x) * d) {
                dims[r - 1] *= d;
            } else {
                dims[r++] = d;
            }
            s[r - 1] = source.stride(x);
            t[r - 1] = target.stride(x);
        }
        if (r == 0) {
            System.arraycopy(a, so, b, to0, 1);
            return;
        }
        Box box = new Box(a, b, Arrays.copyOf(dims, r), Arrays.copyOf(s, r), Arrays.copyOf(t, r));
        box.copy(so, to0);
    }

    /** A dense copy of an operand, or the operand itself if it is dense. */
    static Operand dense(Operand x) {
        if (x.layout().isDense()) {
            return x;
        }
        Operand copy = new Operand(HeapStorage.allocate(x.dtype(), x.size()), Layout.dense(x.shape()));
        copy(x, copy);
        return copy;
    }

    /** The array of a storage. */
    static Object array(HeapStorage s) {
        return switch (s.dtype()) {
            case F32 -> s.floats();
            case F64 -> s.doubles();
            case F16, BF16 -> s.shorts();
            case I32 -> s.ints();
            case I64 -> s.longs();
            case U8, BOOL -> s.bytes();
        };
    }

    /** Fills a dense operand, the value converted as a cast converts it. */
    static void fill(Operand out, double value) {
        HeapStorage to = out.heap();
        int o = out.layout().offset();
        Elements.ranges(out.size(), 1, (i, end) -> fill(to, o + i, o + end, value));
    }

    private static void fill(HeapStorage to, int from, int end, double v) {
        switch (to.dtype()) {
            case F32 -> Arrays.fill(to.floats(), from, end, (float) v);
            case F64 -> Arrays.fill(to.doubles(), from, end, v);
            case F16, BF16 -> Arrays.fill(to.shorts(), from, end, bits16(to.dtype(), v));
            case I32 -> Arrays.fill(to.ints(), from, end, (int) v);
            case I64 -> Arrays.fill(to.longs(), from, end, (long) v);
            case U8 -> Arrays.fill(to.bytes(), from, end, (byte) Math.clamp((int) v, 0, 255));
            case BOOL -> Arrays.fill(to.bytes(), from, end, (byte) (v != 0 ? 1 : 0));
        }
    }

    /** The bits of a 16-bit float, by the reference backend's rounding from double. */
    private static short bits16(DType dtype, double v) {
        HeapStorage one = HeapStorage.allocate(dtype, 1);
        Operand out = new Operand(one, Layout.dense(Shape.scalar()));
        CpuBackend.reference(new Creation.Full(Shape.scalar(), dtype, v),
                new Operand[0], new Operand[] {out});
        return one.shorts()[0];
    }

    /**
     * A copy between two strided boxes of rank 1 or more.
     *
     * @param a the source array
     * @param b the target array
     * @param dims sizes, none of them 1
     * @param s the source's strides
     * @param t the target's strides
     */
    private record Box(Object a, Object b, int[] dims, int[] s, int[] t) {
        void copy(int so, int to) {
            long work = 1;
            for (int x = 1; x < dims.length; x++) {
                work *= dims[x];
            }
            // Whole tiles to a part.
            int step = runsAcross(0) ? DEPTH : 1;
            int steps = (dims[0] + step - 1) / step;
            Parallel.ranges(steps, work * step,
                    (i, end) -> axis(0, i * step, Math.min(dims[0], end * step), so, to));
        }

        /** Whether axis {@code x} is the last but one, and the source runs along it rather than along the last. */
        private boolean runsAcross(int x) {
            int last = dims.length - 1;
            return x == last - 1 && Math.abs(s[x]) < Math.abs(s[last]);
        }

        /** Items {@code i} to {@code end} of axis {@code x}, whose first items lie at {@code so} and {@code to}. */
        private void axis(int x, int i, int end, int so, int to) {
            if (x == dims.length - 1) {
                line(a, so + i * s[x], s[x], b, to + i * t[x], t[x], end - i);
            } else if (runsAcross(x)) {
                tiles(i, end, so, to);
            } else {
                for (int k = i; k < end; k++) {
                    axis(x + 1, 0, dims[x + 1], so + k * s[x], to + k * t[x]);
                }
            }
        }

        /** By way of a tile in the first-level cache, so that every line of source and target is touched once. */
        private void tiles(int from, int end, int so, int to) {
            int last = dims.length - 1;
            int x = last - 1;
            Object tile = Array.newInstance(a.getClass().getComponentType(), TILE * DEPTH);
            for (int k = from; k < end; k += DEPTH) {
                int m = Math.min(DEPTH, end - k);
                for (int j = 0; j < dims[last]; j += TILE) {
                    int n = Math.min(TILE, dims[last] - j);
                    for (int c = 0; c < n; c++) {
                        line(a, so + k * s[x] + (j + c) * s[last], s[x], tile, c * DEPTH, 1, m);
                    }
                    for (int r = 0; r < m; r++) {
                        line(tile, r, DEPTH, b, to + (k + r) * t[x] + j * t[last], t[last], n);
                    }
                }
            }
        }
    }

    private static void line(Object a, int so, int ss, Object b, int to, int ts, int n) {
        if (ss == 1 && ts == 1 && n > 8) {
            System.arraycopy(a, so, b, to, n);
            return;
        }
        switch (a) {
            case float[] x -> floats(x, so, ss, (float[]) b, to, ts, n);
            case int[] x -> ints(x, so, ss, (int[]) b, to, ts, n);
            case byte[] x -> bytes(x, so, ss, (byte[]) b, to, ts, n);
            case short[] x -> shorts(x, so, ss, (short[]) b, to, ts, n);
            case long[] x -> longs(x, so, ss, (long[]) b, to, ts, n);
            case double[] x -> doubles(x, so, ss, (double[]) b, to, ts, n);
            default -> throw new IllegalStateException(a.getClass().getName());
        }
    }

    private static void floats(float[] x, int so, int ss, float[] y, int to, int ts, int n) {
        for (int i = 0; i < n; i++) {
            y[to + i * ts] = x[so + i * ss];
        }
    }

    private static void ints(int[] x, int so, int ss, int[] y, int to, int ts, int n) {
        for (int i = 0; i < n; i++) {
            y[to + i * ts] = x[so + i * ss];
        }
    }

    private static void bytes(byte[] x, int so, int ss, byte[] y, int to, int ts, int n) {
        for (int i = 0; i < n; i++) {
            y[to + i * ts] = x[so + i * ss];
        }
    }

    private static void shorts(short[] x, int so, int ss, short[] y, int to, int ts, int n) {
        for (int i = 0; i < n; i++) {
            y[to + i * ts] = x[so + i * ss];
        }
    }

    private static void longs(long[] x, int so, int ss, long[] y, int to, int ts, int n) {
        for (int i = 0; i < n; i++) {
            y[to + i * ts] = x[so + i * ss];
        }
    }

    private static void doubles(double[] x, int so, int ss, double[] y, int to, int ts, int n) {
        for (int i = 0; i < n; i++) {
            y[to + i * ts] = x[so + i * ss];
        }
    }
}
