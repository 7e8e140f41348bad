package dev.ricci.tensor;

import dev.ricci.tensor.op.Movement;
import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.op.Random;
import dev.ricci.tensor.op.StateUpdate;
import dev.ricci.tensor.program.Buffer;
import dev.ricci.tensor.program.Graph;
import dev.ricci.tensor.program.Instruction;
import dev.ricci.tensor.program.Value;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.Operand;
import dev.ricci.tensor.spi.Storage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Runs a function once and writes down what it executes. States that it changes get their old values back. */
final class Capture implements OpListener {
    /** One executed op, with the storages that tell which values share memory. */
    private record Step(Op op, List<Tensor> inputs, List<Tensor> outputs) {
    }

    private static final TensorSpec KEY = new TensorSpec(DType.I64, Shape.scalar());

    private final String name;
    private final List<Step> steps = new ArrayList<>();
    /** The op that made a storage. */
    private final Map<Storage, String> producers = new IdentityHashMap<>();
    /** Old values of what was updated, in the order of the updates. */
    private final Map<Storage, Operand[]> before = new LinkedHashMap<>();

    private Capture(String name) {
        this.name = name;
    }

    /** The program of a function of these inputs. */
    static Graph of(String name, Function<List<Tensor>, List<Tensor>> step, List<Tensor> inputs) {
        Capture capture = new Capture(name);
        List<Tensor> own = inputs.stream().map(t -> Tensor.apply(Tensor.COPY, t.withProvenance(null, 0))).toList();
        List<Tensor> results;
        try {
            results = capture.listen(() -> capture.results(step.apply(own)));
        } finally {
            capture.restore();
        }
        return capture.graph(own, results);
    }

    /** The results in memory of their own, each row-major. */
    private List<Tensor> results(List<Tensor> returned) {
        List<Tensor> own = new ArrayList<>();
        Map<Storage, Tensor> taken = new IdentityHashMap<>();
        for (Tensor t : returned) {
            Storage s = t.storage();
            boolean whole = t.layout().isDense() && t.layout().offset() == 0 && t.size() == s.size();
            boolean owned = whole && producers.containsKey(s) && taken.put(s, t) == null;
            own.add(owned ? t : Tensor.apply(Tensor.COPY, t.withProvenance(null, 0)));
        }
        return own;
    }

    // ---------------------------------------------------------------- while it runs

    @Override
    public void executed(Op op, List<Tensor> inputs, List<Tensor> outputs, long nanos) {
        if (op instanceof Movement.View && outputs.getFirst().storage() == inputs.getFirst().storage()) {
            return;
        }
        if (inputs.isEmpty() || outputs.getFirst().storage() != inputs.getFirst().storage()) {
            outputs.forEach(t -> producers.put(t.storage(), op.name()));
        }
        steps.add(new Step(op, inputs, outputs));
    }

    @Override
    public void updating(StateUpdate op, List<Tensor> states) {
        Backend backend = Backends.cpu();
        for (Tensor t : states) {
            before.computeIfAbsent(t.storage(), s -> {
                Operand state = new Operand(s, t.layout());
                Operand saved = new Operand(backend.allocate(t.dtype(), t.size()), Layout.dense(t.shape()));
                backend.execute(Tensor.COPY, new Operand[] {state}, new Operand[] {saved});
                return new Operand[] {state, saved};
            });
        }
    }

    private void restore() {
        before.forEach((storage, pair) -> {
            Backends.cpu().execute(new StateUpdate.Assign(), pair, new Operand[] {pair[0]});
            storage.changed();
        });
    }

    @Override
    public void hostRead(String reading, Tensor tensor) {
        String from = producers.get(tensor.storage());
        throw new TensorException("program '" + name + "': " + reading + " reads a value on the host, of "
                + tensor.spec() + (from == null ? "" : " made by '" + from + "'")
                + "; what depends on it would be the same in every run. Return the tensor and read it after the run, or"
                + " compute with tensor operations");
    }

    @Override
    public void hostNumber(String taking, String remedy) {
        throw new TensorException("program '" + name + "': " + taking + " takes numbers from the host that change from"
                + " run to run, and would be the same in every run of the program; " + remedy);
    }

    // ---------------------------------------------------------------- afterwards

    private Graph graph(List<Tensor> inputs, List<Tensor> results) {
        Map<Storage, Buffer> buffers = new IdentityHashMap<>();
        inputs.forEach(t -> buffers.put(t.storage(), buffer(buffers, Buffer.Kind.INPUT, t.storage())));
        results.forEach(t -> buffers.put(t.storage(), buffer(buffers, Buffer.Kind.RESULT, t.storage())));
        List<Instruction> instructions = new ArrayList<>();
        for (Step s : steps) {
            instructions.add(new Instruction(s.op, s.inputs.stream().map(t -> value(buffers, t)).toList(),
                    s.outputs.stream().map(t -> value(buffers, t)).toList()));
        }
        Graph graph = new Graph(name, inputs.stream().map(t -> value(buffers, t)).toList(), instructions,
                results.stream().map(t -> value(buffers, t)).toList()).withoutDeadCode();
        checkDraws(graph);
        return graph;
    }

    private Value value(Map<Storage, Buffer> buffers, Tensor t) {
        Storage s = t.storage();
        return new Value(buffers.computeIfAbsent(s, k -> buffer(buffers,
                producers.containsKey(k) ? Buffer.Kind.SCRATCH : Buffer.Kind.HELD, k)), t.layout());
    }

    private static Buffer buffer(Map<Storage, Buffer> buffers, Buffer.Kind kind, Storage s) {
        return new Buffer(buffers.size(), kind, s.dtype(), s.size(), kind == Buffer.Kind.HELD ? s : null);
    }

    /** Refuses draws that would be the same in every run. */
    private void checkDraws(Graph graph) {
        Set<Buffer> changing = new HashSet<>();
        graph.inputs().forEach(v -> changing.add(v.buffer()));
        graph.instructions().stream().filter(Instruction::updates)
                .forEach(i -> i.outputs().forEach(v -> changing.add(v.buffer())));
        for (Instruction i : graph.instructions()) {
            if (i.inputs().stream().anyMatch(v -> changing.contains(v.buffer()))) {
                i.outputs().forEach(v -> changing.add(v.buffer()));
            }
            if (i.op() instanceof Random && !(i.op() instanceof Random.SplitKey)
                    && i.inputs().stream().noneMatch(v -> v.spec().equals(KEY) && changing.contains(v.buffer()))) {
                throw new TensorException("program '" + name + "': '" + i.op().name() + "' draws with a key that does not"
                        + " change, so every run would draw the same numbers; make the key an input and use"
                        + " Rng.ofKey(key), or draw before the program");
            }
        }
    }
}
