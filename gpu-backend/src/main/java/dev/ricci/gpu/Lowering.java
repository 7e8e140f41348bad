package dev.ricci.gpu;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.op.AttentionOp;
import dev.ricci.tensor.op.BinaryKind;
import dev.ricci.tensor.op.Contraction;
import dev.ricci.tensor.op.Creation;
import dev.ricci.tensor.op.CustomOp;
import dev.ricci.tensor.op.Elementwise;
import dev.ricci.tensor.op.Indexing;
import dev.ricci.tensor.op.Ints;
import dev.ricci.tensor.op.LinearAlgebra;
import dev.ricci.tensor.op.Loss;
import dev.ricci.tensor.op.Movement;
import dev.ricci.tensor.op.Normalization;
import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.op.Random;
import dev.ricci.tensor.op.ReduceKind;
import dev.ricci.tensor.op.Reduction;
import dev.ricci.tensor.op.StateUpdate;
import dev.ricci.tensor.program.Buffer;
import dev.ricci.tensor.program.Graph;
import dev.ricci.tensor.program.Instruction;
import dev.ricci.tensor.program.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Decomposes instructions into instructions that have kernels: ops that no kernel does become several, and operands of
 * kernels that want them dense are copied. New memory is in scratch buffers of their own.
 */
final class Lowering {
    private final List<Instruction> made = new ArrayList<>();
    private int next;

    private Lowering(int firstBuffer) {
        this.next = firstBuffer;
    }

    /**
     * What to run instead of an instruction.
     *
     * @param firstBuffer from here on new buffers are numbered
     */
    static List<Instruction> of(Instruction i, int firstBuffer) {
        Lowering lowering = new Lowering(firstBuffer);
        lowering.lower(i);
        return lowering.made;
    }

    /** What to run instead of a program's instructions; those without kernels stay. */
    static List<Instruction> of(Graph graph) {
        int next = graph.instructions().stream().flatMap(i -> i.outputs().stream()).mapToInt(v -> v.buffer().id()).max()
                .orElse(0) + 1;
        Lowering lowering = new Lowering(next);
        graph.instructions().forEach(lowering::lower);
        return lowering.made;
    }

    private void lower(Instruction i) {
        if (i.op() instanceof Loss.LinearCrossEntropy op) {
            linearCrossEntropy(op, i.inputs(), i.outputs());
            return;
        }
        List<Value> in = i.inputs();
        if (wantsDense(i.op())) {
            in = in.stream().map(this::dense).toList();
        } else if (i.op() instanceof AttentionOp.AttentionBackward) {
            // Of these, out and lse alone; an expanded mask may be huge.
            in = new ArrayList<>(in);
            in.set(1, dense(in.get(1)));
            in.set(2, dense(in.get(2)));
        }
        if (i.updates() && (i.op() instanceof StateUpdate.Assign || i.op() instanceof StateUpdate.WriteSlice)
                && in.get(1).buffer() == in.get(0).buffer()) {
            // The copy is made in no order: what is written from must not be what is written to.
            in = new ArrayList<>(in);
            in.set(1, run(new Movement.Copy(), in.get(1)));
        }
        made.add(new Instruction(i.op(), in, i.outputs()));
    }

    /** Whether the kernels of an op read their operands row-major and gapless. */
    private static boolean wantsDense(Op op) {
        return switch (op) {
            case Creation o -> false;
            case Elementwise o -> false;
            case Movement o -> false;
            case Reduction.Reduce o -> false;
            case Reduction.ArgReduce o -> true;
            case Reduction.CumSum o -> true;
            case Indexing.Gather o -> false;
            case Indexing.ScatterAdd o -> false;
            case Indexing.IndexSelect o -> true;
            case Indexing.IndexAdd o -> true;
            case Indexing.OneHot o -> true;
            case Indexing.TopK o -> true;
            case Indexing.Sort o -> true;
            case Contraction.MatMul o -> false;
            case Contraction o -> true;
            case Normalization o -> true;
            case AttentionOp.Attention o -> false;
            case AttentionOp.AttentionBackward o -> false;
            case AttentionOp.Rotary o -> true;
            case Loss o -> true;
            case Random o -> false;
            case StateUpdate.AdamWStep o -> true;
            case StateUpdate o -> false;
            case LinearAlgebra o -> false;
            case CustomOp o -> false;
        };
    }

    private Value dense(Value v) {
        if (v.layout().isDense()) {
            return v;
        }
        return run(new Movement.Copy(), v);
    }

    private Value scratch(DType dtype, Shape shape) {
        return new Value(new Buffer(next++, Buffer.Kind.SCRATCH, dtype, shape.size(), null), Layout.dense(shape));
    }

    /** Runs an op with one output into new memory. */
    private Value run(Op op, Value... in) {
        return runAll(op, in).getFirst();
    }

    private List<Value> runAll(Op op, Value... in) {
        List<Value> out = op.infer(Arrays.stream(in).map(Value::spec).toList()).stream()
                .map(s -> scratch(s.dtype(), s.shape())).toList();
        lower(new Instruction(op, List.of(in), out));
        return out;
    }

    private void into(Op op, Value out, Value... in) {
        lower(new Instruction(op, List.of(in), List.of(out)));
    }

    private static Value transposed(Value v) {
        return new Value(v.buffer(), v.layout().permute(new int[] {1, 0}));
    }

    /** The logits of all rows at once. */
    private void linearCrossEntropy(Loss.LinearCrossEntropy op, List<Value> in, List<Value> out) {
        Value x = in.get(0);
        Value weight = in.get(1);
        Value targets = in.get(2);
        Value scale = in.get(3);
        Value logits = run(new Contraction.MatMul(), x, transposed(weight));
        List<Value> loss = runAll(new Loss.CrossEntropy(op.ignoreIndex(), op.labelSmoothing()), logits, targets);
        Value weighted = run(new Elementwise.Binary(BinaryKind.MUL), loss.get(0), scale);
        into(new Reduction.Reduce(ReduceKind.SUM, Ints.of(0), false), out.getFirst(), weighted);
        if (op.gradients()) {
            Value slope = run(new Loss.CrossEntropyBackward(op.ignoreIndex(), op.labelSmoothing()), scale, logits,
                    targets, loss.get(1));
            into(new Contraction.MatMul(), out.get(1), slope, weight);
            into(new Contraction.MatMul(), out.get(2), transposed(slope), x);
        }
    }
}
