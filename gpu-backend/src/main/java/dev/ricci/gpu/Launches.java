package dev.ricci.gpu;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.op.AttentionOp;
import dev.ricci.tensor.op.Contraction;
import dev.ricci.tensor.op.Creation;
import dev.ricci.tensor.op.CustomOp;
import dev.ricci.tensor.op.Elementwise;
import dev.ricci.tensor.op.Indexing;
import dev.ricci.tensor.op.LinearAlgebra;
import dev.ricci.tensor.op.Loss;
import dev.ricci.tensor.op.Movement;
import dev.ricci.tensor.op.Normalization;
import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.op.Random;
import dev.ricci.tensor.op.Reduction;
import dev.ricci.tensor.op.StateUpdate;
import dev.ricci.tensor.op.UnaryKind;
import dev.ricci.tensor.program.Instruction;
import dev.ricci.tensor.program.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Turns instructions that {@link Lowering} has gone through into runs of kernels. Plain Java: what it gives is numbers.
 * Results without elements need no run.
 */
final class Launches {
    private static final int[] ONE = {Params.STRIDES_A};
    private static final int[] TWO = {Params.STRIDES_A, Params.STRIDES_B};
    private static final int[] THREE = {Params.STRIDES_A, Params.STRIDES_B, Params.STRIDES_C};

    private final Memory memory;
    private final List<Launch> made = new ArrayList<>();

    private Launches(Memory memory) {
        this.memory = memory;
    }

    /** Whether there are kernels for an op, or for what it is lowered to. */
    static boolean supports(Op op) {
        return switch (op) {
            case Creation o -> true;
            case Elementwise o -> true;
            case Reduction o -> true;
            case Movement o -> true;
            case Indexing o -> true;
            case Contraction o -> true;
            case Normalization o -> true;
            case AttentionOp o -> true;
            case Loss o -> true;
            case Random o -> true;
            case StateUpdate o -> true;
            // In double precision on the CPU, as the ops say.
            case LinearAlgebra o -> false;
            case FusedOp o -> true;
            // Its forward is made of other ops.
            case CustomOp o -> false;
        };
    }

    /** The runs of one lowered instruction, in order. */
    static List<Launch> of(Instruction i, Memory memory) {
        Launches to = new Launches(memory);
        to.add(i.op(), i.inputs(), i.outputs());
        return to.made;
    }

    private void add(Op op, List<Value> in, List<Value> out) {
        switch (op) {
            case Creation o -> creation(o, out.getFirst());
            case Elementwise o -> elementwise(o, in, out);
            case Reduction o -> RowLaunches.reduction(o, in, out, this);
            case Movement o -> movement(o, in, out.getFirst());
            case Indexing o -> IndexLaunches.run(o, in, out, this);
            case Contraction o -> ContractionLaunches.run(o, in, out, this);
            case Normalization o -> RowLaunches.normalization(o, in, out, this);
            case AttentionOp o -> IndexLaunches.attention(o, in, out, this);
            case Loss o -> RowLaunches.loss(o, in, out, this);
            case Random o -> random(o, in, out.getFirst());
            case StateUpdate o -> update(o, in, out);
            case LinearAlgebra o -> throw new IllegalStateException(o.name() + " has no kernel");
            case FusedOp o -> fused(o, in, out.getFirst());
            case CustomOp o -> throw new IllegalStateException(o.name() + " runs by its forward");
        }
    }

    Memory memory() {
        return memory;
    }

    /** A launch that counts its items by {@link Launch#items} or {@link Launch#groups}, unless {@code size} is 0. */
    Launch launch(Kernel kernel, int size) {
        Launch launch = new Launch(kernel, memory);
        if (size > 0) {
            made.add(launch);
        }
        return launch.items(size);
    }

    // ---------------------------------------------------------------- element-wise

    private void elementwise(Elementwise op, List<Value> in, List<Value> out) {
        Value y = out.getFirst();
        Value x = in.getFirst();
        int size = y.layout().shape().size();
        switch (op) {
            case Elementwise.Unary o when Memory.type(x.buffer().dtype()) != 0 ->
                    over(launch(Kernel.UNARY_WHOLE, size).type(y), o.kind().ordinal(), in, y);
            case Elementwise.Unary o when group(o.kind()) == Params.TEST ->
                    over(launch(Kernel.TEST, size), o.kind().ordinal(), in, y);
            case Elementwise.Unary o -> over(launch(Kernel.UNARY, size).set(Params.EXTRA, group(o.kind())),
                    o.kind().ordinal(), in, y);
            case Elementwise.UnaryBackward o -> over(launch(Kernel.GATE, size).set(Params.EXTRA, Params.GRADIENT),
                    o.kind().ordinal(), in, y);
            case Elementwise.Gate o -> over(launch(Kernel.GATE, size).set(Params.EXTRA, Params.GATE),
                    o.kind().ordinal(), in, y);
            case Elementwise.GateBackward o -> over(launch(Kernel.GATE, size).set(Params.FLAG, 1)
                    .at(Params.SECOND, out.get(1)), o.kind().ordinal(), in, y);
            case Elementwise.Binary o -> over(launch(Memory.type(x.buffer().dtype()) == 0 ? Kernel.BINARY
                    : Kernel.BINARY_WHOLE, size).type(x), o.kind().ordinal(), in, y);
            case Elementwise.Compare o -> over(launch(Memory.type(x.buffer().dtype()) == 0 ? Kernel.COMPARE
                    : Kernel.COMPARE_WHOLE, size).type(x), o.kind().ordinal(), in, y);
            case Elementwise.Where o -> over(launch(Kernel.WHERE, size).type(y), 0, in, y);
            case Elementwise.Cast o -> cast(x, y, size);
        }
    }

    private static void over(Launch launch, int kind, List<Value> in, Value out) {
        Layout[] layouts = in.stream().map(Value::layout).toArray(Layout[]::new);
        launch.set(Params.KIND, kind).at(Params.OUT, out).over(out.layout().shape(),
                layouts.length == 1 ? ONE : layouts.length == 2 ? TWO : THREE, layouts);
        for (int i = 0; i < in.size(); i++) {
            launch.at(Params.A + i, in.get(i));
        }
    }

    private void cast(Value x, Value y, int size) {
        DType from = x.buffer().dtype();
        DType to = y.buffer().dtype();
        int sixteen = sixteen(to);
        int low = to == DType.I32 ? Integer.MIN_VALUE : 0;
        int high = to == DType.I32 ? Integer.MAX_VALUE : 255;
        if (Memory.type(from) == 0 && Memory.type(to) == 0) {
            over(launch(Kernel.ROUND, size), from == to ? 0 : sixteen, List.of(x), y);
        } else if (Memory.type(from) == 0) {
            over(launch(Kernel.CAST_TO_WHOLE, size).type(y).set(Params.FIRST, low).set(Params.SECOND, high),
                    to == DType.BOOL ? 1 : 0, List.of(x), y);
        } else if (Memory.type(to) == 0) {
            over(launch(Kernel.CAST_FROM_WHOLE, size).type(x), sixteen, List.of(x), y);
        } else {
            over(launch(Kernel.CAST_WHOLE, size).type(x).set(Params.EXTRA, Memory.type(to)).set(Params.FIRST, low)
                    .set(Params.SECOND, high), to == DType.BOOL ? 1 : 0, List.of(x), y);
        }
    }

    /** Which rounding a type of floats needs. */
    private static int sixteen(DType to) {
        return to == DType.F16 ? 1 : to == DType.BF16 ? 2 : 0;
    }

    /** Which part of the kernels has a function. */
    private static int group(UnaryKind kind) {
        return switch (kind) {
            case IS_NAN, IS_FINITE -> Params.TEST;
            case SIGMOID, GELU, GELU_TANH, SILU, SOFTPLUS, ERF -> Params.CURVE;
            default -> Params.UNARY;
        };
    }

    private void fused(FusedOp op, List<Value> in, Value y) {
        Launch launch = launch(Kernel.FUSED, size(y)).type(y).at(Params.OUT, y).set(Params.STAGE_COUNT, op.stages().size());
        int[] strides = new int[in.size()];
        for (int o = 0; o < strides.length; o++) {
            int at = Params.OPERANDS + o * Params.OPERAND_INTS;
            launch.set(at, Memory.type(in.get(o).buffer().dtype())).at(at + 1, in.get(o));
            strides[o] = at + 2;
        }
        launch.over(y.layout().shape(), strides, in.stream().map(Value::layout).toArray(Layout[]::new));
        for (int s = 0; s < op.stages().size(); s++) {
            FusedOp.Stage stage = op.stages().get(s);
            int at = Params.STAGES + s * Params.STAGE_INTS;
            stage(launch, at, stage.op());
            for (int k = 0; k < stage.from().size(); k++) {
                int from = stage.from().at(k);
                launch.set(at + 2 + k, from == FusedOp.ABOVE ? 0 : Params.OPERANDS + from * Params.OPERAND_INTS);
            }
        }
    }

    private static void stage(Launch launch, int at, Elementwise op) {
        switch (op) {
            case Elementwise.Unary o -> launch.set(at, group(o.kind())).set(at + 1, o.kind().ordinal());
            case Elementwise.UnaryBackward o -> launch.set(at, Params.GRADIENT).set(at + 1, o.kind().ordinal());
            case Elementwise.Gate o -> launch.set(at, Params.GATE).set(at + 1, o.kind().ordinal());
            case Elementwise.GateBackward o -> throw new IllegalStateException(o.name() + " has two results");
            case Elementwise.Binary o -> launch.set(at, Params.BINARY).set(at + 1, o.kind().ordinal());
            case Elementwise.Compare o -> launch.set(at, Params.COMPARE).set(at + 1, o.kind().ordinal());
            case Elementwise.Where o -> launch.set(at, Params.WHERE);
            case Elementwise.Cast o -> launch.set(at, o.to() == DType.BOOL ? Params.NOT_ZERO : Params.ROUND)
                    .set(at + 1, sixteen(o.to()));
        }
    }

    // ---------------------------------------------------------------- creation and movement

    private void creation(Creation op, Value out) {
        switch (op) {
            case Creation.Full o -> fill(out, o.value());
            case Creation.Arange o -> {
                // Doubles in two floats each.
                float start = (float) o.start();
                float step = (float) o.step();
                launch(Kernel.ARANGE, o.count()).type(out).at(Params.OUT, out).scalar(0, start).scalar(1, step)
                        .scalar(2, o.start() - start).scalar(3, o.step() - step);
            }
        }
    }

    /** Every element of a dense value, converted as a cast does. */
    void fill(Value out, double value) {
        DType dtype = out.buffer().dtype();
        long bits = switch (dtype) {
            case I32 -> (int) value;
            case I64 -> (long) value;
            case U8 -> Math.clamp((int) value, 0, 255);
            case BOOL -> value != 0 ? 1 : 0;
            case F32, F64, F16, BF16 -> 0;
        };
        launch(Kernel.FILL, out.layout().shape().size()).type(out).at(Params.OUT, out)
                .scalar(0, dtype == DType.F16 ? Float.float16ToFloat(Float.floatToFloat16((float) value)) : value)
                .set(Params.FIRST, (int) bits).set(Params.SECOND, (int) (bits >> 32));
        if (dtype == DType.BF16 && size(out) > 0) {
            launch(Kernel.ROUND, size(out)).set(Params.KIND, 2).at(Params.A, out).at(Params.OUT, out)
                    .over(Shape.of(size(out)), ONE, Layout.dense(Shape.of(size(out))));
        }
    }

    private static int size(Value v) {
        return v.layout().shape().size();
    }

    /** Elements from any layout to any layout of the same shape. */
    Launch copy(Value from, Value to) {
        return launch(Kernel.COPY, size(from)).type(from).at(Params.A, from).at(Params.OUT, to)
                .over(from.layout().shape(), new int[] {Params.STRIDES_A, Params.STRIDES_OUT}, from.layout(),
                        to.layout());
    }

    private void movement(Movement op, List<Value> in, Value out) {
        Value x = in.getFirst();
        switch (op) {
            case Movement.View o -> {
                Layout view = o.view(x.layout());
                // A reshape that has no view keeps the order of the elements: the result gets the shape of x.
                copy(view == null ? x : new Value(x.buffer(), view), view == null
                        ? new Value(out.buffer(), out.layout().reshape(x.layout().shape())) : out);
            }
            case Movement.Copy o -> copy(x, out);
            case Movement.SliceBackward o -> {
                fill(out, 0);
                copy(x, sliced(out, o.starts().toArray(), x.layout().shape(), o.steps().toArray()));
            }
            case Movement.Pad o -> {
                fill(out, o.value());
                int[] steps = new int[o.before().size()];
                Arrays.fill(steps, 1);
                copy(x, sliced(out, o.before().toArray(), x.layout().shape(), steps));
            }
            case Movement.Cat o -> {
                int[] starts = new int[x.layout().shape().rank()];
                int[] steps = new int[starts.length];
                Arrays.fill(steps, 1);
                for (Value part : in) {
                    copy(part, sliced(out, starts, part.layout().shape(), steps));
                    starts[o.axis()] += part.layout().shape().dim(o.axis());
                }
            }
            case Movement.Triangular o -> {
                Shape s = x.layout().shape();
                launch(Kernel.TRIANGULAR, s.size()).type(x).flag(Params.KIND, o.upper()).at(Params.A, x)
                        .at(Params.OUT, out).set(Params.FIRST, s.dim(-2)).set(Params.SECOND, s.dim(-1))
                        .set(Params.EXTRA, o.diagonal()).over(s, ONE, x.layout());
            }
        }
    }

    private static Value sliced(Value whole, int[] starts, Shape sizes, int[] steps) {
        return new Value(whole.buffer(), whole.layout().slice(starts, sizes.toArray(), steps));
    }

    // ---------------------------------------------------------------- random draws and state

    private void random(Random op, List<Value> in, Value out) {
        int size = size(out);
        switch (op) {
            case Random.SplitKey o -> {
                Launch launch = launch(Kernel.SPLIT, 1).at(Params.B, in.getFirst()).at(Params.OUT, out)
                        .set(Params.FIRST, (int) o.stream()).set(Params.SECOND, (int) (o.stream() >> 32));
                if (in.size() == 2) {
                    launch.set(Params.FLAG, 1).at(Params.C, in.get(1));
                }
            }
            case Random.Uniform o -> launch(Kernel.UNIFORM, size).at(Params.B, in.getFirst()).at(Params.OUT, out);
            case Random.Normal o -> launch(Kernel.NORMAL, size).at(Params.B, in.getFirst()).at(Params.OUT, out);
            case Random.RandomInt o -> launch(Kernel.RANDOM_INT, size).at(Params.B, in.getFirst())
                    .at(Params.OUT, out).set(Params.FIRST, o.bound());
            case Random.Dropout o -> launch(Kernel.DROPOUT, size).at(Params.A, in.getFirst()).at(Params.B, in.get(1))
                    .at(Params.OUT, out).set(Params.FIRST, (int) Math.ceil(o.p() * (1 << 24))).scalar(0, 1 - o.p())
                    .over(out.layout().shape(), ONE, in.getFirst().layout());
        }
    }

    private void update(StateUpdate op, List<Value> in, List<Value> out) {
        switch (op) {
            case StateUpdate.Assign o -> copy(in.get(1), out.getFirst());
            case StateUpdate.WriteSlice o -> {
                Value state = out.getFirst();
                Value update = in.get(1);
                if (state.buffer() != in.getFirst().buffer()) {
                    copy(in.getFirst(), state);
                }
                int[] starts = new int[state.layout().shape().rank()];
                int[] steps = new int[starts.length];
                Arrays.fill(steps, 1);
                copy(update, sliced(state, starts, update.layout().shape(), steps))
                        .set(Params.FLAG, Memory.type(in.get(2).buffer().dtype())).at(Params.FIRST, in.get(2))
                        .set(Params.SECOND, state.layout().stride(o.axis()));
            }
            case StateUpdate.AdamWStep o -> {
                int scalars = 4 * o.parameters();
                for (int k = 0; k < o.parameters(); k++) {
                    launch(Kernel.ADAMW, size(in.get(3 * k))).at(Params.A, in.get(3 * k))
                            .at(Params.B, in.get(3 * k + 1)).at(Params.C, in.get(3 * k + 2))
                            .at(Params.FIRST, in.get(o.states() + k)).at(Params.OUT, out.get(3 * k))
                            .at(Params.SECOND, out.get(3 * k + 1)).at(Params.THIRD, out.get(3 * k + 2))
                            .at(Params.EXTRA, in.get(scalars)).at(Params.FLAG, in.get(scalars + 1))
                            .at(Params.ROWS, in.get(scalars + 2)).scalar(0, o.beta1()).scalar(1, o.beta2())
                            .scalar(2, 1 - o.beta1()).scalar(3, 1 - o.beta2()).scalar(4, o.eps())
                            .scalar(5, o.weightDecay()).scalar(7, StrictMath.log(o.beta1()))
                            .scalar(8, StrictMath.log(o.beta2()));
                }
            }
        }
    }
}
