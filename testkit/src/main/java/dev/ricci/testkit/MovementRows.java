package dev.ricci.testkit;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Creation.Arange;
import dev.ricci.tensor.op.Creation.Full;
import dev.ricci.tensor.op.Elementwise.Cast;
import dev.ricci.tensor.op.Ints;
import dev.ricci.tensor.op.Movement.Cat;
import dev.ricci.tensor.op.Movement.Copy;
import dev.ricci.tensor.op.Movement.Expand;
import dev.ricci.tensor.op.Movement.Flip;
import dev.ricci.tensor.op.Movement.Pad;
import dev.ricci.tensor.op.Movement.Permute;
import dev.ricci.tensor.op.Movement.Reshape;
import dev.ricci.tensor.op.Movement.Slice;
import dev.ricci.tensor.op.Movement.SliceBackward;
import dev.ricci.tensor.op.Movement.Triangular;
import dev.ricci.tensor.op.Op;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** Rows of the ops that make tensors from nothing or move elements. */
final class MovementRows {
    private static final DType[] MOVED = {DType.I32, DType.I64, DType.BOOL, DType.U8, DType.F64, DType.F16, DType.BF16};

    private MovementRows() {
    }

    static List<OpRow> rows() {
        return List.of(
                OpRow.of(Full.class, g -> OpCase.of(new Full(g.shape(0, 4), g.draw().pick(DType.values()),
                        g.draw().between(0, 3)))).exact(),
                OpRow.of(Arange.class, g -> OpCase.of(new Arange(g.profile() == Profile.LARGE ? 100_000
                        : g.draw().below(100), g.draw().pick(DType.F32, DType.F64, DType.I32, DType.I64),
                        g.draw().between(-5, 5), g.draw().pick(1.0, 2.0, -1.0, 3.0)))).exact(),
                row(Reshape.class, MovementRows::reshape),
                row(Permute.class, g -> {
                    Tensor x = any(g, g.shape(0, 4));
                    return OpCase.of(new Permute(Ints.of(g.draw().order(x.rank()))), x);
                }),
                row(Expand.class, g -> {
                    Shape to = g.shape(0, 4);
                    return OpCase.of(new Expand(to), any(g, Shapes.narrowed(g.draw(), to)));
                }),
                row(Slice.class, MovementRows::slice),
                row(Flip.class, g -> {
                    Tensor x = any(g, g.shape(0, 4));
                    int[] order = g.draw().order(x.rank());
                    return OpCase.of(new Flip(Ints.of(Arrays.copyOf(order, g.draw().below(x.rank() + 1)))), x);
                }),
                row(Copy.class, g -> OpCase.of(new Copy(), any(g, g.shape(0, 4)))),
                row(SliceBackward.class, MovementRows::sliceBackward),
                row(Pad.class, MovementRows::pad),
                OpRow.of(Cat.class, MovementRows::cat).exact().differentiable(0, 1, 2, 3),
                row(Triangular.class, g -> {
                    Tensor x = any(g, g.shape(2, 4));
                    return OpCase.of(new Triangular(g.draw().flag(), g.draw().between(-3, 3)), x);
                }));
    }

    private static OpRow row(Class<? extends Op> type, Function<CaseDraw, OpCase> cases) {
        return OpRow.of(type, cases).exact().differentiable(0);
    }

    /** A tensor of any element type. */
    private static Tensor any(CaseDraw g, Shape shape) {
        return ofType(g, g.dtype(MOVED), shape);
    }

    private static Tensor ofType(CaseDraw g, DType dtype, Shape shape) {
        return switch (dtype) {
            case BOOL -> g.booleans(shape);
            case U8 -> g.integers(dtype, shape, 0, 255);
            case I32, I64 -> g.integers(dtype, shape, -99, 99);
            case F64, F16, BF16 -> g.layout(g.reference(new Cast(dtype), Views.dense(g.floats(shape))).getFirst());
            case F32 -> g.floats(shape);
        };
    }

    /** The factors of the size, multiplied up in two ways. */
    private static OpCase reshape(CaseDraw g) {
        Shape s = g.shape(0, 4);
        int rank = g.draw().between(s.isEmpty() ? 1 : 0, 4);
        int[] to = new int[s.size() == 1 ? rank : Math.max(1, rank)];
        Arrays.fill(to, 1);
        int rest = s.size();
        for (int a = 0; a < to.length - 1 && rest > 1; a++) {
            int tries = g.draw().between(1, 8);
            to[a] = rest % tries == 0 ? tries : 1;
            rest /= to[a];
        }
        if (to.length > 0) {
            to[to.length - 1] = rest;
        }
        return OpCase.of(new Reshape(Shape.of(to)), any(g, s));
    }

    private static OpCase slice(CaseDraw g) {
        Tensor x = any(g, g.shape(0, 4));
        int[] starts = new int[x.rank()];
        int[] sizes = new int[x.rank()];
        int[] steps = new int[x.rank()];
        for (int a = 0; a < starts.length; a++) {
            starts[a] = g.draw().below(x.dim(a) + 1);
            steps[a] = g.draw().between(1, 3);
            sizes[a] = g.draw().below((x.dim(a) - starts[a] + steps[a] - 1) / steps[a] + 1);
        }
        return OpCase.of(new Slice(Ints.of(starts), Ints.of(sizes), Ints.of(steps)), x);
    }

    private static OpCase sliceBackward(CaseDraw g) {
        Tensor x = any(g, g.shape(0, 4));
        int[] starts = new int[x.rank()];
        int[] steps = new int[x.rank()];
        int[] to = new int[x.rank()];
        for (int a = 0; a < starts.length; a++) {
            starts[a] = g.draw().below(3);
            steps[a] = g.profile() == Profile.LARGE ? 1 : g.draw().between(1, 3);
            to[a] = starts[a] + Math.max(0, (x.dim(a) - 1) * steps[a] + 1) + g.draw().below(3);
        }
        return OpCase.of(new SliceBackward(Shape.of(to), Ints.of(starts), Ints.of(steps)), x);
    }

    private static OpCase pad(CaseDraw g) {
        Tensor x = any(g, g.shape(0, 4));
        int[] before = new int[x.rank()];
        int[] after = new int[x.rank()];
        for (int a = 0; a < before.length; a++) {
            before[a] = g.draw().below(3);
            after[a] = g.draw().below(3);
        }
        return OpCase.of(new Pad(Ints.of(before), Ints.of(after), g.draw().between(0, 2)), x);
    }

    private static OpCase cat(CaseDraw g) {
        Shape s = g.shape(1, 4);
        int axis = g.draw().below(s.rank());
        DType dtype = g.dtype(MOVED);
        Tensor[] parts = new Tensor[g.draw().between(1, 4)];
        parts[0] = ofType(g, dtype, s);
        for (int i = 1; i < parts.length; i++) {
            parts[i] = ofType(g, dtype, s.with(axis, g.draw().below(4)));
        }
        return OpCase.of(new Cat(axis), parts);
    }
}
