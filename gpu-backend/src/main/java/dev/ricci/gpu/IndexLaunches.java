package dev.ricci.gpu;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.op.AttentionOp;
import dev.ricci.tensor.op.Indexing;
import dev.ricci.tensor.program.Value;
import java.util.List;

/** Launches of what chooses by ids or by order, and of attention. */
final class IndexLaunches {
    private IndexLaunches() {
    }

    private static int size(Value v) {
        return v.layout().shape().size();
    }

    private static int idType(Value ids) {
        return Memory.type(ids.buffer().dtype());
    }

    /** A layout without the stride of one axis. */
    private static Launch stridesBut(Launch launch, int at, Layout layout, int axis) {
        return launch.strides(at, layout).set(at + axis, 0);
    }

    static void run(Indexing op, List<Value> in, List<Value> out, Launches to) {
        Value x = in.getFirst();
        Value y = out.getFirst();
        Shape s = x.layout().shape();
        switch (op) {
            case Indexing.Gather o -> {
                Value ids = in.get(1);
                Launch launch = shape(to.launch(Kernel.GATHER, size(y)).type(x), ids.layout().shape());
                stridesBut(launch, Params.STRIDES_A, x.layout(), o.axis())
                        .set(Params.FIRST, x.layout().stride(o.axis())).strides(Params.STRIDES_B, ids.layout())
                        .set(Params.FLAG, idType(ids)).at(Params.A, x).at(Params.B, ids).at(Params.OUT, y);
            }
            case Indexing.ScatterAdd o -> {
                Value ids = in.get(1);
                Value source = in.get(2);
                Launch launch = shape(to.launch(Kernel.SCATTER_ADD, size(y)).type(x), s)
                        .strides(Params.STRIDES_A, x.layout());
                stridesBut(launch, Params.STRIDES_B, ids.layout(), o.axis());
                stridesBut(launch, Params.STRIDES_C, source.layout(), o.axis())
                        .set(Params.FIRST, ids.layout().shape().dim(o.axis()))
                        .set(Params.SECOND, ids.layout().stride(o.axis()))
                        .set(Params.THIRD, source.layout().stride(o.axis())).set(Params.EXTRA, o.axis())
                        .set(Params.FLAG, idType(ids)).at(Params.A, x).at(Params.B, ids).at(Params.C, source)
                        .at(Params.OUT, y);
                for (int a = 0; a < s.rank(); a++) {
                    launch.set(Params.ID_DIMS + a, ids.layout().shape().dim(a));
                }
            }
            case Indexing.IndexSelect o -> to.launch(Kernel.SELECT, size(y)).type(x)
                    .set(Params.FIRST, s.sub(o.axis() + 1, s.rank()).size()).set(Params.SECOND, s.dim(o.axis()))
                    .set(Params.EXTRA, size(in.get(1))).set(Params.FLAG, idType(in.get(1))).at(Params.A, x)
                    .at(Params.B, in.get(1)).at(Params.OUT, y);
            case Indexing.IndexAdd o -> indexAdd(o, in, y, to);
            case Indexing.OneHot o -> to.launch(Kernel.ONE_HOT, size(y)).set(Params.FIRST, o.depth())
                    .set(Params.FLAG, idType(x)).at(Params.B, x).at(Params.OUT, y);
            case Indexing.TopK o -> sort(o.k(), o.axis(), o.largest(), x, out, to);
            case Indexing.Sort o -> sort(s.dim(o.axis()), o.axis(), o.descending(), x, out, to);
        }
    }

    /** Sizes as they are, for strides that are not to be merged. */
    private static Launch shape(Launch launch, Shape s) {
        if (s.rank() > Params.MAX_RANK) {
            throw new TensorException(launch.kernel() + ": " + s + " has more than "
                    + Params.MAX_RANK + " axes; reshape it first");
        }
        launch.set(Params.RANK, s.rank());
        for (int a = 0; a < s.rank(); a++) {
            launch.set(Params.DIMS + a, s.dim(a));
        }
        return launch;
    }

    private static void indexAdd(Indexing.IndexAdd op, List<Value> in, Value out, Launches to) {
        Value ids = in.get(0);
        int rows = op.to().dim(op.axis());
        int places = size(ids);
        int first = to.memory().scratch(rows + places);
        if (size(out) == 0) {
            return;
        }
        to.launch(Kernel.FILL, rows).set(Params.TYPE, 1).set(Params.OUT, first).set(Params.FIRST, -1)
                .set(Params.SECOND, -1);
        to.launch(Kernel.CHAIN, places).set(Params.FLAG, idType(ids)).at(Params.B, ids).set(Params.FIRST, first)
                .set(Params.SECOND, first + rows);
        to.launch(Kernel.INDEX_ADD, size(out)).type(out).at(Params.A, in.get(1)).at(Params.OUT, out)
                .set(Params.FIRST, first).set(Params.SECOND, first + rows).set(Params.EXTRA, places)
                .set(Params.THIRD, op.to().sub(op.axis() + 1, op.to().rank()).size()).set(Params.ROWS, rows);
    }

    private static void sort(int k, int axis, boolean largest, Value x, List<Value> out, Launches to) {
        int n = x.layout().shape().dim(axis);
        int lanes = k == 0 ? 0 : size(x) / n;
        int padded = n == 1 ? 1 : Integer.highestOneBit(n - 1) * 2;
        RowLaunches.lanes(to.launch(Kernel.SORT, lanes).groups(lanes, 1, 256), x.layout().shape(), axis).type(x)
                .set(Params.EXTRA, k).flag(Params.KIND, largest).at(Params.A, x).at(Params.OUT, out.get(0))
                .at(Params.B, out.get(1)).set(Params.THIRD, to.memory().scratch(Math.multiplyExact(lanes, padded)))
                .set(Params.ROWS, padded);
    }

    static void attention(AttentionOp op, List<Value> in, List<Value> out, Launches to) {
        switch (op) {
            case AttentionOp.Attention o -> {
                int rows = size(out.get(1));
                attention(to.launch(Kernel.ATTENTION, rows).groups(rows, 1, 64), in, o.scale(), o.causal(), o.window())
                        .at(Params.OUT, out.get(0)).at(Params.LSE, out.get(1));
            }
            case AttentionOp.AttentionBackward o -> {
                List<Value> qkv = in.subList(3, in.size());
                int rows = size(in.get(2));
                int keys = qkv.get(1).layout().shape().sub(0, 3).size();
                Launch query = to.launch(Kernel.ATTENTION_QUERY, rows).groups(rows, 1, 64).at(Params.OUT, out.get(0));
                Launch key = to.launch(Kernel.ATTENTION_KEY, keys).groups(keys, 1, 64).at(Params.OUT, out.get(1))
                        .at(Params.SECOND, out.get(2));
                for (Launch launch : List.of(query, key)) {
                    attention(launch, qkv, o.scale(), o.causal(), o.window()).at(Params.GRAD, in.get(0))
                            .strides(Params.GRAD_STRIDES, in.get(0).layout()).at(Params.Y, in.get(1))
                            .at(Params.LSE, in.get(2));
                }
            }
            case AttentionOp.Rotary o -> rotary(o, in, out.getFirst(), to);
        }
    }

    private static Launch attention(Launch launch, List<Value> in, double scale, boolean causal, int window) {
        Shape q = in.get(0).layout().shape();
        Shape v = in.get(2).layout().shape();
        launch.at(Params.A, in.get(0)).at(Params.B, in.get(1)).at(Params.C, in.get(2))
                .strides(Params.Q_STRIDES, in.get(0).layout()).strides(Params.K_STRIDES, in.get(1).layout())
                .strides(Params.V_STRIDES, in.get(2).layout()).set(Params.HEADS, q.dim(1)).set(Params.GROUPS, v.dim(1))
                .set(Params.QUERIES, q.dim(2)).set(Params.KEYS, v.dim(2)).set(Params.DEPTH, q.dim(3))
                .set(Params.VALUE_DEPTH, v.dim(3)).flag(Params.CAUSAL, causal).set(Params.WINDOW, window)
                .scalar(0, scale);
        if (in.size() == 4) {
            launch.set(Params.MASK_KIND, in.get(3).buffer().dtype() == DType.BOOL ? 1 : 2).at(Params.MASK, in.get(3))
                    .strides(Params.MASK_STRIDES, in.get(3).layout());
        }
        return launch;
    }

    private static void rotary(AttentionOp.Rotary op, List<Value> in, Value out, Launches to) {
        Shape s = in.getFirst().layout().shape();
        Shape positions = in.get(1).layout().shape();
        int size = s.size();
        int vectors = size == 0 ? 1 : size / s.dim(-1);
        boolean batched = positions.rank() == 2;
        to.launch(Kernel.ROTARY, size).at(Params.A, in.get(0)).at(Params.B, in.get(1)).at(Params.C, in.get(2))
                .at(Params.EXTRA, in.get(3)).at(Params.OUT, out).set(Params.FIRST, s.dim(-2))
                .set(Params.SECOND, s.dim(-1)).set(Params.FLAG, idType(in.get(1)))
                .set(Params.THIRD, batched ? s.dim(-2) : 0).set(Params.ROWS, batched && size > 0
                        ? vectors / s.dim(0) : vectors)
                .set(Params.M, in.get(2).layout().shape().dim(1))
                .set(Params.KIND, (op.interleaved() ? 1 : 0) + (op.inverse() ? 2 : 0));
    }
}
