package dev.ricci.tensor;

import dev.ricci.tensor.op.StateUpdate;
import dev.ricci.tensor.program.Buffer;
import dev.ricci.tensor.program.Graph;
import dev.ricci.tensor.program.Instruction;
import dev.ricci.tensor.program.MemoryPlan;
import dev.ricci.tensor.program.Value;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import dev.ricci.tensor.spi.Storage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * A function of tensors, captured once as the ops that it executes and run again without the Java code around them: a
 * forward pass, or a whole training step with its backward pass and its optimizer.
 *
 * {@snippet :
 * Program step = Program.capture("step", in -> {
 *     Tensor loss = Losses.crossEntropy(model.forward(in.get(0)), in.get(1));
 *     optimizer.step(Gradients.of(loss), in.get(2), in.get(3));
 *     return List.of(loss);
 * }, List.of(ids, targets, learningRate, number));
 * double loss = step.run(ids, targets, learningRate, number).getFirst().item();
 * }
 *
 * <p>What changes from run to run is an input, or a {@link Variable}: those are read and written where they are, so a
 * program and eager code may take turns. Every other number is the one of the capture. Control flow is the path that was
 * taken then; reading a value on the host is refused by name, as are random draws whose key is no input. The shapes are
 * those of the capture: another shape is another program.
 *
 * <p>A run gives the bits of the eager function. Its memory is planned once and kept as long as the program; only the
 * results are new.
 */
public final class Program {
    /** An instruction with its operands: those of inputs and results are put in at each run. */
    private record Step(Instruction instruction, Operand[] in, Operand[] out) {
    }

    /** A place that an input or a result is put in. */
    private record Slot(Operand[] operands, int at, Layout layout) {
    }

    private final Graph graph;
    private final MemoryPlan plan;
    private final List<Step> steps = new ArrayList<>();
    private final Map<Buffer, Storage> memory = new HashMap<>();
    private final Map<Buffer, List<Slot>> slots = new HashMap<>();

    private Program(Graph captured) {
        Map<Buffer, Storage> constants = constants(captured);
        graph = new Graph(captured.name(), captured.inputs(),
                captured.instructions().stream()
                        .filter(i -> !constants.containsKey(i.outputs().getFirst().buffer())).toList(),
                captured.results());
        plan = MemoryPlan.of(graph, b -> !constants.containsKey(b));
        graph.buffers(Buffer.Kind.SCRATCH).stream().filter(constants::containsKey)
                .forEach(b -> memory.put(b, constants.get(b)));
        graph.buffers(Buffer.Kind.HELD).forEach(b -> memory.put(b, b.held()));
        takeMemory();
        for (Instruction i : graph.instructions()) {
            steps.add(new Step(i, operands(i.inputs()), operands(i.outputs())));
        }
    }

    /**
     * Runs a function once, on the CPU, and captures what it executes. The states that it changes have their old values
     * again afterwards.
     *
     * @param name for errors and reports
     * @param step gives results of inputs; it may read and update variables
     * @param inputs tensors of the types and shapes of every later run, with values that the function can compute with
     * @throws TensorException if the function reads a value on the host, takes numbers from it that change from run to
     *     run, or draws random numbers with a key that is not an input; naming the operation and the remedy
     */
    public static Program capture(String name, Function<List<Tensor>, List<Tensor>> step, List<Tensor> inputs) {
        return new Program(Capture.of(name, step, inputs));
    }

    // ---------------------------------------------------------------- running

    /**
     * Runs the ops. Runs of one program wait for each other.
     *
     * @param inputs in the order of the capture, of the same types and shapes
     * @return the function's results, untracked
     * @throws TensorException if the inputs do not fit, or as the ops do
     */
    public synchronized List<Tensor> run(Tensor... inputs) {
        check(inputs);
        for (int i = 0; i < inputs.length; i++) {
            Tensor t = inputs[i];
            boolean whole = t.layout().isDense() && t.layout().offset() == 0;
            put(graph.inputs().get(i).buffer(),
                    (whole ? t : Tensor.apply(Tensor.COPY, t.withProvenance(null, 0))).storage());
        }
        Backend backend = Backends.cpu();
        List<Tensor> results = new ArrayList<>();
        for (Value r : graph.results()) {
            Storage made = backend.allocate(r.buffer().dtype(), r.buffer().size());
            put(r.buffer(), made);
            results.add(Tensor.wrap(made, r.layout().shape()));
        }
        OpListener listener = Dispatch.listener();
        for (Step s : steps) {
            if (listener == null) {
                execute(backend, s);
            } else {
                observed(listener, backend, s);
            }
        }
        return results;
    }

    private static void execute(Backend backend, Step s) {
        backend.execute(s.instruction.op(), s.in, s.out);
        for (Operand o : s.out) {
            o.storage().changed();
        }
    }

    private static void observed(OpListener listener, Backend backend, Step s) {
        List<Tensor> in = Arrays.stream(s.in).map(Program::tensor).toList();
        List<Tensor> out = Arrays.stream(s.out).map(Program::tensor).toList();
        if (s.instruction.op() instanceof StateUpdate update) {
            listener.updating(update, in.subList(0, update.states()));
        }
        long start = System.nanoTime();
        execute(backend, s);
        listener.executed(s.instruction.op(), in, out, System.nanoTime() - start);
    }

    private static Tensor tensor(Operand o) {
        return new Tensor(new TensorSpec(o.dtype(), o.shape()), Device.cpu(), o.storage(), o.layout(), null, 0);
    }

    private void check(Tensor[] inputs) {
        if (inputs.length != graph.inputs().size()) {
            throw new TensorException("program '" + graph.name() + "': takes " + graph.inputs().size() + " inputs, got "
                    + inputs.length);
        }
        for (int i = 0; i < inputs.length; i++) {
            TensorSpec expected = graph.inputs().get(i).spec();
            if (!inputs[i].spec().equals(expected)) {
                throw new ShapeException("program '" + graph.name() + "': input " + i + " was captured as " + expected
                        + ", got " + inputs[i].spec() + "; capture another program for it");
            }
        }
    }

    private void put(Buffer buffer, Storage storage) {
        for (Slot s : slots.getOrDefault(buffer, List.of())) {
            s.operands[s.at] = new Operand(storage, s.layout);
        }
    }

    // ---------------------------------------------------------------- memory

    /** Computes what follows from ops without inputs alone, and so is the same in every run. */
    private static Map<Buffer, Storage> constants(Graph graph) {
        Set<Buffer> changed = new HashSet<>();
        graph.instructions().stream().filter(Instruction::updates)
                .forEach(i -> i.outputs().forEach(v -> changed.add(v.buffer())));
        Map<Buffer, Storage> made = new HashMap<>();
        Backend backend = Backends.cpu();
        for (Instruction i : graph.instructions()) {
            if (i.inputs().stream().allMatch(v -> made.containsKey(v.buffer())) && i.outputs().stream()
                    .allMatch(v -> v.buffer().kind() == Buffer.Kind.SCRATCH && !changed.contains(v.buffer()))) {
                i.outputs().forEach(v -> made.put(v.buffer(), backend.allocate(v.buffer().dtype(), v.buffer().size())));
                backend.execute(i.op(), constants(made, i.inputs()), constants(made, i.outputs()));
            }
        }
        return made;
    }

    private static Operand[] constants(Map<Buffer, Storage> made, List<Value> values) {
        return values.stream().map(v -> new Operand(made.get(v.buffer()), v.layout())).toArray(Operand[]::new);
    }

    private void takeMemory() {
        Map<DType, List<HeapStorage>> arenas = new HashMap<>();
        plan.arenas().forEach((type, sizes) -> arenas.put(type,
                sizes.stream().map(n -> HeapStorage.allocate(type, n)).toList()));
        plan.places().forEach((buffer, place) -> memory.put(buffer,
                arenas.get(buffer.dtype()).get(place.arena()).part(buffer.size())));
    }

    private Operand[] operands(List<Value> values) {
        Operand[] operands = new Operand[values.size()];
        for (int i = 0; i < operands.length; i++) {
            Value v = values.get(i);
            Storage s = memory.get(v.buffer());
            if (s == null) {
                slots.computeIfAbsent(v.buffer(), b -> new ArrayList<>()).add(new Slot(operands, i, v.layout()));
            } else {
                MemoryPlan.Place place = plan.places().get(v.buffer());
                operands[i] = new Operand(s, place == null ? v.layout() : v.layout().shifted(place.offset()));
            }
        }
        return operands;
    }

    // ---------------------------------------------------------------- reports

    /** The ops and their memory, as a backend sees them. */
    public Graph graph() {
        return graph;
    }

    /** Where the memory of its intermediate values lies. */
    public MemoryPlan plan() {
        return plan;
    }

    /** A line for each kind of op, and the memory. */
    public String table() {
        Map<String, Integer> counts = new LinkedHashMap<>();
        graph.instructions().forEach(i -> counts.merge(i.op().name(), 1, Integer::sum));
        StringBuilder out = new StringBuilder("program '" + graph.name() + "': " + graph.instructions().size() + " ops\n");
        counts.entrySet().stream().sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
                .forEach(e -> out.append(String.format(Locale.ROOT, "%-28s%6d%n", e.getKey(), e.getValue())));
        out.append(String.format(Locale.ROOT, "intermediate values: %.1f MB in %.1f MB of memory%n",
                plan.unsharedBytes() / 1e6, plan.bytes() / 1e6));
        return out.toString();
    }

    @Override
    public String toString() {
        return "Program '" + graph.name() + "', " + graph.instructions().size() + " ops";
    }
}
