package dev.ricci.tensor.cpu;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.cpu.rows.Rows;
import dev.ricci.tensor.op.Indexing;
import dev.ricci.tensor.spi.IdCheck;
import dev.ricci.tensor.spi.Operand;
import dev.ricci.tensor.weights.WeightStorage;

/** Ops that choose by ids or by order. Selecting takes every element type, the rest F32. */
final class IndexingKernels {
    /** Columns that one part of an addition by ids covers. */
    private static final int COLUMNS = 128;

    private final Rows rows;

    IndexingKernels(Rows rows) {
        this.rows = rows;
    }

    void run(Indexing op, Operand[] in, Operand[] out) {
        if (op instanceof Indexing.IndexSelect o) {
            indexSelect(o, in[0], in[1], out[0]);
            return;
        }
        if (out[0].dtype() != DType.F32) {
            CpuBackend.reference(op, in, out);
            return;
        }
        switch (op) {
            case Indexing.Gather o -> gather(o, in[0], in[1], out[0]);
            case Indexing.ScatterAdd o -> scatterAdd(o, in, out[0]);
            case Indexing.IndexSelect o -> indexSelect(o, in[0], in[1], out[0]);
            case Indexing.IndexAdd o -> indexAdd(o, in[0], in[1], out[0]);
            case Indexing.OneHot o -> oneHot(o, in[0], out[0]);
            case Indexing.TopK o -> SelectionKernels.topK(o, in[0], out);
            case Indexing.Sort o -> SelectionKernels.sort(o, in[0], out);
        }
    }

    private static void indexSelect(Indexing.IndexSelect op, Operand x, Operand chosen, Operand out) {
        Shape s = x.shape();
        int axis = op.axis();
        int[] ids = IdCheck.read(op.name(), "ids", chosen, s.dim(axis));
        int outer = s.sub(0, axis).size();
        int inner = s.sub(axis + 1, s.rank()).size();
        if (out.size() == 0) {
            return;
        }
        if (x.storage() instanceof WeightStorage w) {
            selectStored(op, w, x, ids, chosen, out);
            return;
        }
        if (!x.layout().isDense() && axis > 0) {
            indexSelect(op, Copies.dense(x), chosen, out);
            return;
        }
        int oo = out.layout().offset();
        Layout slice = slice(x.layout(), axis);
        if (slice.isDense()) {
            Object from = Copies.array(x.heap());
            Object to = Copies.array(out.heap());
            int xo = x.layout().offset();
            int block = axis == 0 ? 0 : s.dim(axis) * inner;
            int stride = x.layout().stride(axis);
            Parallel.ranges(outer * ids.length, inner, (start, end) -> {
                for (int i = start; i < end; i++) {
                    int o = i / ids.length;
                    System.arraycopy(from, xo + o * block + ids[i - o * ids.length] * stride, to, oo + i * inner,
                            inner);
                }
            });
            return;
        }
        for (int i = 0; i < ids.length; i++) {
            Layout at = x.layout().slice(starts(s.rank(), ids[i]), s.with(0, 1).toArray(), starts(s.rank(), 1, 1));
            Copies.copy(x.heap(), at, out.heap(), Layout.dense(at.shape(), oo + i * inner));
        }
    }

    /** Rows of weights that are kept as stored; what else is chosen from them is chosen from a decoded copy. */
    private static void selectStored(Indexing.IndexSelect op, WeightStorage w, Operand x, int[] ids, Operand chosen,
            Operand out) {
        Layout l = x.layout();
        if (op.axis() != 0 || l.shape().rank() != 2 || l.shape().dim(1) != w.columns() || !l.isDense()
                || l.offset() % w.columns() != 0) {
            indexSelect(op, new Operand(w.plain(), l), chosen, out);
            return;
        }
        int first = l.offset() / w.columns();
        float[] to = out.heap().floats();
        Parallel.ranges(ids.length, w.columns(), (from, end) -> {
            for (int i = from; i < end; i++) {
                w.row(first + ids[i], to, out.layout().offset() + i * w.columns());
            }
        });
    }

    /** {first, 0, 0, ...}, or {first, rest, rest, ...}. */
    private static int[] starts(int rank, int first, int... rest) {
        int[] a = new int[rank];
        for (int i = 1; rest.length > 0 && i < rank; i++) {
            a[i] = rest[0];
        }
        a[0] = first;
        return a;
    }

    /** The layout of the axes behind {@code axis}. */
    private static Layout slice(Layout x, int axis) {
        int rank = x.shape().rank();
        int[] starts = new int[rank];
        int[] sizes = x.shape().toArray();
        int[] steps = starts(rank, 1, 1);
        for (int a = 0; a <= axis; a++) {
            sizes[a] = Math.min(sizes[a], 1);
        }
        return x.slice(starts, sizes, steps);
    }

    /** Runs along the lines of a dense array of some shape: where the line starts in another layout of more room. */
    private interface Line {
        void run(int at, int n);
    }

    /** Calls for each line of the last axis of {@code shape} with the place of its first element in {@code x}. */
    private static void lines(Shape shape, Layout x, int axis, Line line) {
        int rank = shape.rank();
        int n = shape.dim(-1);
        int[] at = new int[rank];
        for (int place = 0; place < shape.size(); place += n) {
            int start = x.offset();
            for (int a = 0; a < rank - 1; a++) {
                start += a == axis ? 0 : at[a] * x.stride(a);
            }
            line.run(start, place);
            for (int a = rank - 2; a >= 0 && ++at[a] == shape.dim(a); a--) {
                at[a] = 0;
            }
        }
    }

    private static void gather(Indexing.Gather op, Operand x, Operand chosen, Operand out) {
        int axis = op.axis();
        int[] ids = IdCheck.read(op.name(), "ids", chosen, x.shape().dim(axis));
        float[] from = x.heap().floats();
        float[] to = out.heap().floats();
        int oo = out.layout().offset();
        int n = out.shape().dim(-1);
        int along = axis == out.shape().rank() - 1 ? 0 : x.layout().stride(out.shape().rank() - 1);
        int stride = x.layout().stride(axis);
        lines(out.shape(), x.layout(), axis, (start, place) -> {
            for (int i = 0; i < n; i++) {
                to[oo + place + i] = from[start + i * along + ids[place + i] * stride];
            }
        });
    }

    private static void scatterAdd(Indexing.ScatterAdd op, Operand[] in, Operand out) {
        int axis = op.axis();
        int[] ids = IdCheck.read(op.name(), "ids", in[1], in[0].shape().dim(axis));
        Operand source = Copies.dense(in[2]);
        Copies.copy(in[0], out);
        if (ids.length == 0) {
            return;
        }
        float[] from = source.heap().floats();
        float[] to = out.heap().floats();
        int so = source.layout().offset();
        int n = source.shape().dim(-1);
        int along = axis == source.shape().rank() - 1 ? 0 : out.layout().stride(source.shape().rank() - 1);
        int stride = out.layout().stride(axis);
        lines(source.shape(), out.layout(), axis, (start, place) -> {
            for (int i = 0; i < n; i++) {
                to[start + i * along + ids[place + i] * stride] += from[so + place + i];
            }
        });
    }

    private void indexAdd(Indexing.IndexAdd op, Operand chosen, Operand given, Operand out) {
        Shape s = op.to();
        int axis = op.axis();
        int n = s.dim(axis);
        int[] ids = IdCheck.read(op.name(), "ids", chosen, n);
        Copies.fill(out, 0);
        Operand source = Copies.dense(given);
        if (source.size() == 0) {
            return;
        }
        int outer = s.sub(0, axis).size();
        int inner = s.sub(axis + 1, s.rank()).size();
        int blocks = (inner + COLUMNS - 1) / COLUMNS;
        float[] from = source.heap().floats();
        float[] to = out.heap().floats();
        int so = source.layout().offset();
        int oo = out.layout().offset();
        // Parts share no place of the result, and each adds in order of the ids.
        Parallel.ranges(outer * blocks, (long) ids.length * Math.min(inner, COLUMNS), (start, end) -> {
            for (int p = start; p < end; p++) {
                int o = p / blocks;
                int c = p % blocks * COLUMNS;
                int m = Math.min(COLUMNS, inner - c);
                for (int i = 0; i < ids.length; i++) {
                    rows.add(from, so + (o * ids.length + i) * inner + c, to, oo + (o * n + ids[i]) * inner + c, m);
                }
            }
        });
    }

    private static void oneHot(Indexing.OneHot op, Operand chosen, Operand out) {
        int[] ids = IdCheck.read(op.name(), "ids", chosen, op.depth());
        Copies.fill(out, 0);
        float[] to = out.heap().floats();
        int oo = out.layout().offset();
        for (int i = 0; i < ids.length; i++) {
            to[oo + i * op.depth() + ids[i]] = 1;
        }
    }
}
