package dev.ricci.testkit;

import dev.ricci.autograd.Gradients;
import dev.ricci.tensor.Backends;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Program;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.op.CustomOp;
import dev.ricci.tensor.op.Movement;
import dev.ricci.tensor.op.StateUpdate;
import dev.ricci.tensor.program.Value;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.CompiledProgram;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import dev.ricci.tensor.spi.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Ways to run a case. */
final class CaseRuns {
    /** Elements of foreign memory on either side. */
    private static final int BESIDE = 5;

    private CaseRuns() {
    }

    /** The outputs on a backend. */
    static List<Tensor> forward(Backend backend, OpCase call) {
        return Backends.with(backend, () -> Tensor.applyAll(call.op(), call.array()));
    }

    /** The same call with dense F64 in place of F32. */
    static OpCase widened(OpCase call) {
        return new OpCase(call.op(), call.inputs().stream().map(CaseRuns::widened).toList());
    }

    private static Tensor widened(Tensor t) {
        return t.dtype() == DType.F32 ? Tensor.wrap(HeapStorage.of(t.toDoubleArray()), t.shape()) : t;
    }

    /** The same call on dense copies of its inputs. */
    static OpCase dense(OpCase call) {
        return new OpCase(call.op(), call.inputs().stream().map(Views::dense).toList());
    }

    /** Whether a backend sees the op with dense inputs: views and custom ops it does not. */
    static boolean reachesBackend(OpCase call) {
        return !(call.op() instanceof Movement.View) && !(call.op() instanceof CustomOp);
    }

    /**
     * The outputs of a backend that is handed parts of larger memory full of old values.
     *
     * @throws AssertionError if it writes beside them
     */
    static List<Tensor> intoPoison(Backend backend, OpCase call) {
        List<Tensor> whole = new ArrayList<>();
        List<Tensor> outputs = new ArrayList<>();
        for (TensorSpec s : call.op().infer(call.inputs().stream().map(Tensor::spec).toList())) {
            int size = s.shape().size();
            whole.add(Tensor.wrap(Views.poisoned(s.dtype(), size + 2 * BESIDE), Shape.of(size + 2 * BESIDE)));
            outputs.add(whole.getLast().slice(0, BESIDE, BESIDE + size).reshape(s.shape()));
        }
        backend.execute(call.op(), operands(call.inputs()), operands(outputs));
        for (int i = 0; i < whole.size(); i++) {
            int size = outputs.get(i).size();
            Tensor old = Tensor.wrap(Views.poisoned(whole.get(i).dtype(), BESIDE), Shape.of(BESIDE));
            TensorAssert.assertBitEqual("memory before output " + i, whole.get(i).slice(0, 0, BESIDE), old);
            TensorAssert.assertBitEqual("memory behind output " + i,
                    whole.get(i).slice(0, BESIDE + size, size + 2 * BESIDE), old);
        }
        return outputs;
    }

    /** The outputs of a captured program of the op, run as the backend compiles it, or else op by op. */
    static List<Tensor> captured(Backend backend, OpCase call) {
        return Backends.with(backend, () -> {
            Program program = Program.capture(call.op().name(), in -> Tensor.applyAll(call.op(), in.toArray(Tensor[]::new)),
                    call.inputs());
            boolean doubles = Stream.concat(call.inputs().stream().map(Tensor::spec),
                    program.graph().results().stream().map(Value::spec)).anyMatch(t -> t.dtype() == DType.F64);
            CompiledProgram compiled = doubles ? null : backend.compile(program.graph());
            if (compiled == null) {
                return program.run(call.array());
            }
            try (compiled) {
                return run(compiled, call);
            }
        });
    }

    private static List<Tensor> run(CompiledProgram compiled, OpCase call) {
        List<Tensor> outputs = new ArrayList<>();
        for (Value v : compiled.graph().results()) {
            outputs.add(Tensor.wrap(Views.poisoned(v.buffer().dtype(), v.buffer().size()), v.layout().shape()));
        }
        compiled.run(call.inputs().stream().map(t -> Tensor.apply(new Movement.Copy(), t).storage()).toArray(Storage[]::new),
                outputs.stream().map(Tensor::storage).toArray(Storage[]::new));
        return outputs;
    }

    /** The new states of a state update that writes over its old ones. */
    static List<Tensor> inPlace(Backend backend, OpCase call) {
        List<Tensor> states = call.inputs().subList(0, ((StateUpdate) call.op()).states());
        backend.execute(call.op(), operands(call.inputs()), operands(states));
        return states;
    }

    private static Operand[] operands(List<Tensor> tensors) {
        return tensors.stream().map(t -> new Operand(t.storage(), t.layout())).toArray(Operand[]::new);
    }

    /** The gradients of the row's differentiable inputs that occur in a case; zeros where there is none. */
    static List<Tensor> gradients(Backend backend, OpRow row, OpCase call) {
        return gradients(backend, row, call, differentiable(row, call));
    }

    /** The gradients of some inputs, which alone are tracked. */
    static List<Tensor> gradients(Backend backend, OpRow row, OpCase call, List<Integer> places) {
        return Backends.with(backend, () -> {
            Tensor[] in = call.array();
            List<Tensor> leaves = new ArrayList<>();
            for (int i : places) {
                in[i] = in[i].tracked();
                leaves.add(in[i]);
            }
            List<Tensor> outputs = tracked(row, Tensor.applyAll(call.op(), in));
            if (outputs.isEmpty()) {
                return leaves.stream().map(CaseRuns::zeros).toList();
            }
            List<Tensor> seeds = new ArrayList<>();
            for (int i = 0; i < outputs.size(); i++) {
                seeds.add(seed(outputs.get(i), i));
            }
            Gradients found = Gradients.vectorJacobian(outputs, seeds, List.of());
            return leaves.stream().map(x -> found.find(x).orElseGet(() -> zeros(x))).toList();
        });
    }

    private static List<Tensor> tracked(OpRow row, List<Tensor> outputs) {
        return row.outputs().stream().map(outputs::get).filter(Tensor::isTracked).toList();
    }

    private static Tensor zeros(Tensor like) {
        return Tensor.wrap(HeapStorage.allocate(like.dtype(), like.size()), like.shape());
    }

    /** The places of inputs that exist, hold floats and have a gradient. */
    static List<Integer> differentiable(OpRow row, OpCase call) {
        return row.inputs().stream()
                .filter(i -> i < call.inputs().size() && call.inputs().get(i).dtype().isComputable()).toList();
    }

    /** A gradient for an output: fixed numbers of magnitude 0.5 .. 1.5, in F32's grid, of the output's type. */
    private static Tensor seed(Tensor y, int salt) {
        Draw draw = Draw.seeded(salt + 1);
        Values values = Values.awayFromZero(0.5, 1.5);
        return Fill.floats(draw, y.dtype() == DType.F64 ? DType.F64 : DType.F32, y.shape(), values);
    }
}
