package dev.ricci.gpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.autograd.Gradients;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Program;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.Variable;
import dev.ricci.tensor.cpu.CpuBackend;
import dev.ricci.tensor.op.Movement;
import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.op.StateUpdate;
import dev.ricci.tensor.op.UnaryKind;
import dev.ricci.tensor.program.Buffer;
import dev.ricci.tensor.program.Graph;
import dev.ricci.tensor.program.Instruction;
import dev.ricci.tensor.program.Value;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import dev.ricci.tensor.spi.Storage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Which chains are found, and that they compute what their ops do; on the CPU, since no kernel is needed to see that. */
class FusionTest {
    private static final Tensor X = Rng.of(1).normal(3, 4);
    private static final Tensor ROW = Rng.of(2).normal(4);
    private static final Tensor Y = Rng.of(3).normal(3, 4);

    /** What is left of the ops, by name. */
    private static List<String> names(Function<Tensor, Tensor> step) {
        return names(in -> List.of(step.apply(in.getFirst())), X);
    }

    private static List<String> names(Function<List<Tensor>, List<Tensor>> step, Tensor... inputs) {
        Graph graph = Program.capture("test", step, List.of(inputs)).graph();
        List<Instruction> fused = Fusion.of(graph.instructions());
        List<float[]> expected = results(graph, graph.instructions(), inputs);
        List<float[]> actual = results(graph, fused, inputs);
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i), "result " + i);
        }
        return fused.stream().map(i -> i.op().name()).toList();
    }

    /** Runs instructions on the plain kernels, each buffer a storage of its own. */
    private static List<float[]> results(Graph graph, List<Instruction> instructions, Tensor... inputs) {
        Map<Buffer, Storage> storages = new HashMap<>();
        for (int i = 0; i < inputs.length; i++) {
            storages.put(graph.inputs().get(i).buffer(), inputs[i].storage());
        }
        for (Instruction i : instructions) {
            List<Operand> in = operands(i.inputs(), storages);
            List<Operand> out = operands(i.outputs(), storages);
            if (i.op() instanceof FusedOp op) {
                Operand above = null;
                for (FusedOp.Stage s : op.stages()) {
                    List<Operand> from = new ArrayList<>();
                    for (int k = 0; k < s.from().size(); k++) {
                        from.add(s.from().at(k) == FusedOp.ABOVE ? above : in.get(s.from().at(k)));
                    }
                    TensorSpec spec = s.op().infer(from.stream().map(o -> new TensorSpec(o.dtype(), o.shape())).toList())
                            .getFirst();
                    above = s == op.stages().getLast() ? out.getFirst() : new Operand(
                            HeapStorage.allocate(spec.dtype(), spec.shape().size()), Layout.dense(spec.shape()));
                    execute(s.op(), from, List.of(above));
                }
            } else {
                execute(i.op(), in, out);
            }
        }
        return graph.results().stream().map(r -> Tensor.wrap(storages.get(r.buffer()), r.layout().shape())
                .to(DType.F32).toFloatArray()).toList();
    }

    private static void execute(Op op, List<Operand> in, List<Operand> out) {
        CpuBackend.plain().execute(op, in.toArray(Operand[]::new), out.toArray(Operand[]::new));
    }

    private static List<Operand> operands(List<Value> values, Map<Buffer, Storage> storages) {
        return values.stream().map(v -> new Operand(storages.computeIfAbsent(v.buffer(), b -> {
            if (b.held() instanceof HeapStorage held) {
                HeapStorage copy = HeapStorage.allocate(b.dtype(), b.size());
                execute(new Movement.Copy(), List.of(new Operand(held, Layout.dense(Shape.of(b.size())))),
                        List.of(new Operand(copy, Layout.dense(Shape.of(b.size())))));
                return copy;
            }
            return HeapStorage.allocate(b.dtype(), b.size());
        }), v.layout())).toList();
    }

    @Test
    void aChainIsOneInstruction() {
        assertEquals(List.of("mul+add+exp"), names(x -> x.mul(Y).add(ROW).exp()));
        assertEquals(List.of("sub+mul"), names(x -> {
            Tensor d = ROW.expand(3, 4).sub(x);
            return d.mul(d);
        }));
        assertEquals(List.of("silu_gate+neg"), names(x -> Functional.gate(UnaryKind.SILU, x, Y).neg()));
    }

    @Test
    void comparisonsAndChoicesStayWithinIt() {
        assertEquals(List.of("gt+cast+mul"), names(x -> x.gt(Y).to(DType.F32).mul(x)));
        assertEquals(List.of("gt+where"), names(x -> x.gt(Y).where(Y, x)));
        assertEquals(List.of("lt", "abs+add+where"), names(x -> x.lt(Y).where(x.abs().add(ROW), Y)));
    }

    @Test
    void whatIsReadTwiceStays() {
        assertEquals(List.of("exp", "add+mul"), names(x -> {
            Tensor e = x.exp();
            return e.add(Y).mul(e);
        }));
        assertEquals(List.of("exp", "sum", "div"), names(x -> {
            Tensor e = x.exp();
            return e.div(e.sum(1).unsqueeze(1));
        }));
    }

    @Test
    void resultsAndOtherShapesEndIt() {
        assertEquals(List.of("exp", "neg"), names(in -> {
            Tensor e = in.getFirst().exp();
            return List.of(e, e.neg());
        }, X));
        assertEquals(List.of("exp", "add"), names(in -> List.of(in.getFirst().exp().add(X)), ROW));
        assertEquals(List.of("exp", "neg"), names(in -> List.of(in.getFirst().exp().transpose(0, 1).neg()), X));
        // A row over 3 x 4 is no row over 2 x 6, but a number is one.
        assertEquals(List.of("mul", "neg"), names(x -> x.mul(ROW).reshape(2, 6).neg()));
        assertEquals(List.of("mul+add+neg"), names(x -> x.mul(2).add(1).reshape(12).neg()));
    }

    @Test
    void longChainsAreCut() {
        assertEquals(List.of("neg+exp+neg+exp+neg+exp+neg+exp", "neg+exp"), names(x -> {
            Tensor y = x;
            for (int i = 0; i < 5; i++) {
                y = y.neg().exp();
            }
            return y;
        }));
    }

    @Test
    void whatWritesOverAnOperandIsNotPassed() {
        Variable state = Variable.of("state", X, false);
        List<String> names = names(in -> {
            Tensor before = state.value().mul(in.getFirst());
            Variable.update(new StateUpdate.Assign(), List.of(state), List.of(in.getFirst().relu()));
            return List.of(before.neg());
        }, Y);
        assertEquals(List.of("mul", "relu", "assign", "neg"), names);
    }

    @Test
    void aTrainingStepKeepsItsBits() {
        Tensor weight = Rng.of(4).normal(4, 5);
        List<String> names = names(in -> {
            Tensor w = in.get(1).tracked();
            Tensor h = in.get(0).matmul(w).softplus().mul(0.5).add(in.get(2)).tanh();
            Tensor loss = h.sub(1).square().mean();
            return List.of(loss, Gradients.of(loss, List.of(w)).get(w));
        }, X, weight, Rng.of(5).normal(5));
        assertTrue(names.stream().anyMatch(n -> n.contains("+")), names.toString());
        assertTrue(names.size() < 16, names.toString());
    }
}
