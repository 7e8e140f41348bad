package dev.ricci.gpu;

import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.op.Loss;
import dev.ricci.tensor.op.Normalization;
import dev.ricci.tensor.op.Reduction;
import dev.ricci.tensor.program.Value;
import java.util.Arrays;
import java.util.List;

/** Launches of what goes along an axis: reductions, softmax, norms, cross-entropy. */
final class RowLaunches {
    /** Up to so many elements are reduced by one item. */
    private static final int FEW = 32;

    private RowLaunches() {
    }

    static void reduction(Reduction op, List<Value> in, List<Value> out, Launches to) {
        Value x = in.getFirst();
        Value y = out.getFirst();
        Shape s = x.layout().shape();
        switch (op) {
            case Reduction.Reduce o -> reduce(o, x, y, to);
            case Reduction.ArgReduce o -> lanes(to.launch(Memory.type(x.buffer().dtype()) == 0 ? Kernel.ARG
                    : Kernel.ARG_WHOLE, size(y)), s, o.axis()).type(x).flag(Params.KIND, o.largest())
                    .at(Params.A, x).at(Params.OUT, y);
            case Reduction.CumSum o -> lanes(to.launch(Kernel.CUM_SUM, s.isEmpty() ? 0 : s.size() / s.dim(o.axis())),
                    s, o.axis()).type(x).flag(Params.KIND, o.reverse()).at(Params.A, x).at(Params.OUT, y);
        }
    }

    /** The lanes of a dense shape along an axis. */
    static Launch lanes(Launch launch, Shape s, int axis) {
        return launch.set(Params.FIRST, s.dim(axis)).set(Params.SECOND, s.sub(axis + 1, s.rank()).size());
    }

    private static int size(Value v) {
        return v.layout().shape().size();
    }

    /** Kept axes count the results, the others what goes into each. */
    private static void reduce(Reduction.Reduce op, Value x, Value out, Launches to) {
        Shape s = x.layout().shape();
        int reducedRank = op.axes().size();
        int[] order = new int[s.rank()];
        int kept = 0;
        for (int a = 0; a < order.length; a++) {
            if (!op.axes().contains(a)) {
                order[kept++] = a;
            }
        }
        for (int a = 0; a < reducedRank; a++) {
            order[kept + a] = op.axes().at(a);
        }
        Layout sorted = x.layout().permute(order);
        int[] zeros = new int[order.length];
        int[] ones = new int[order.length];
        Arrays.fill(ones, 1);
        int[] keptSizes = sorted.shape().toArray();
        int[] reducedSizes = keptSizes.clone();
        Arrays.fill(keptSizes, kept, order.length, 1);
        Arrays.fill(reducedSizes, 0, kept, 1);
        int count = Shape.of(reducedSizes).size();
        int results = size(out);
        boolean floats = Memory.type(x.buffer().dtype()) == 0;
        boolean group = floats && count > FEW;
        Launch launch = to.launch(floats ? group ? Kernel.REDUCE : Kernel.REDUCE_FEW : Kernel.REDUCE_WHOLE, results);
        if (group) {
            launch.groups(results, 1, 256);
        }
        launch.type(x).set(Params.KIND, op.kind().ordinal()).set(Params.FIRST, count).at(Params.A, x)
                .at(Params.OUT, out);
        if (results > 0 && count > 0) {
            Layout keptLayout = sorted.slice(zeros, keptSizes, ones);
            launch.over(keptLayout.shape(), new int[] {Params.STRIDES_A}, keptLayout);
            Layout reduced = sorted.slice(zeros, reducedSizes, ones);
            launch.set(Params.REDUCED_RANK, launch.merged(Params.REDUCED_DIMS, reduced.shape(),
                    new int[] {Params.REDUCED_STRIDES}, reduced));
        }
    }

    static void normalization(Normalization op, List<Value> in, List<Value> out, Launches to) {
        Value x = in.getFirst();
        Shape s = x.layout().shape();
        switch (op) {
            case Normalization.Softmax o -> softmax(Kernel.SOFTMAX, 0, o.axis(), in, out, to);
            case Normalization.LogSoftmax o -> softmax(Kernel.SOFTMAX, 1, o.axis(), in, out, to);
            case Normalization.SoftmaxBackward o -> softmax(Kernel.SOFTMAX_BACKWARD, 0, o.axis(), in, out, to);
            case Normalization.LogSoftmaxBackward o -> softmax(Kernel.SOFTMAX_BACKWARD, 1, o.axis(), in, out, to);
            case Normalization.LayerNorm o -> {
                Launch launch = norm(Kernel.NORM, s, to).set(Params.KIND, 1).at(Params.A, x).at(Params.B, in.get(1))
                        .at(Params.OUT, out.get(0)).at(Params.MEAN, out.get(1)).at(Params.RSTD, out.get(2))
                        .scalar(0, o.eps());
                if (in.size() == 3) {
                    launch.set(Params.FLAG, 1).at(Params.C, in.get(2));
                }
            }
            case Normalization.RmsNorm o -> norm(Kernel.NORM, s, to).at(Params.A, x).at(Params.B, in.get(1))
                    .at(Params.OUT, out.get(0)).at(Params.RSTD, out.get(1)).scalar(0, o.eps());
            case Normalization.LayerNormBackward o -> normBackward(in, out, in.get(3), in.get(4), to);
            case Normalization.RmsNormBackward o -> normBackward(in, out, null, in.get(3), to);
        }
    }

    private static void softmax(Kernel kernel, int log, int axis, List<Value> in, List<Value> out, Launches to) {
        Shape s = in.getFirst().layout().shape();
        int lanes = s.isEmpty() ? 0 : s.size() / s.dim(axis);
        Launch launch = lanes(to.launch(kernel, lanes).groups(lanes, 1, 256), s, axis).set(Params.KIND, log)
                .at(Params.A, in.getFirst()).at(Params.OUT, out.getFirst());
        if (in.size() == 2) {
            launch.at(Params.B, in.get(1));
        }
    }

    private static Launch norm(Kernel kernel, Shape s, Launches to) {
        int rows = s.size() / s.dim(-1);
        return to.launch(kernel, rows).groups(rows, 1, 256).set(Params.FIRST, s.dim(-1));
    }

    private static void normBackward(List<Value> in, List<Value> out, Value mean, Value rstd, Launches to) {
        Shape s = in.getFirst().layout().shape();
        int d = s.dim(-1);
        Launch dx = norm(Kernel.NORM_BACKWARD, s, to).at(Params.OUT, out.get(0)).at(Params.C, in.get(2));
        Launch weight = to.launch(Kernel.NORM_BACKWARD_WEIGHT, d).set(Params.FIRST, d)
                .set(Params.SECOND, s.size() / d).at(Params.OUT, out.get(1));
        for (Launch launch : List.of(dx, weight)) {
            launch.at(Params.A, in.get(0)).at(Params.B, in.get(1)).at(Params.RSTD, rstd);
            if (mean != null) {
                launch.set(Params.KIND, 1).at(Params.MEAN, mean);
            }
        }
        if (out.size() == 3) {
            weight.set(Params.FLAG, 1).at(Params.C, out.get(2));
        }
    }

    static void loss(Loss op, List<Value> in, List<Value> out, Launches to) {
        switch (op) {
            case Loss.CrossEntropy o -> {
                Shape s = in.getFirst().layout().shape();
                to.launch(Kernel.CROSS_ENTROPY, s.dim(0)).groups(s.dim(0), 1, 256).set(Params.FIRST, s.dim(1))
                        .type(in.get(1)).at(Params.A, in.get(0)).at(Params.B, in.get(1)).at(Params.OUT, out.get(0))
                        .at(Params.C, out.get(1)).set(Params.EXTRA, o.ignoreIndex()).scalar(0, o.labelSmoothing());
            }
            case Loss.CrossEntropyBackward o -> to.launch(Kernel.CROSS_ENTROPY_BACKWARD, size(in.get(1)))
                    .set(Params.FIRST, in.get(1).layout().shape().dim(1)).type(in.get(2)).at(Params.A, in.get(0))
                    .at(Params.B, in.get(1)).at(Params.C, in.get(3)).at(Params.SECOND, in.get(2))
                    .at(Params.OUT, out.getFirst()).set(Params.EXTRA, o.ignoreIndex()).scalar(0, o.labelSmoothing());
            case Loss.LinearCrossEntropy o -> throw new IllegalStateException(o.name() + " is lowered");
        }
    }
}
