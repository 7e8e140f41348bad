package dev.ricci.tensor;

import dev.ricci.tensor.op.StateUpdate;
import dev.ricci.tensor.program.Buffer;
import dev.ricci.tensor.program.Graph;
import dev.ricci.tensor.program.Instruction;
import dev.ricci.tensor.program.MemoryPlan;
import dev.ricci.tensor.program.Value;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.CompiledProgram;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import dev.ricci.tensor.spi.Storage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A program on the CPU: its ops one by one, over memory that was planned once. */
final class CpuProgram implements CompiledProgram {
    /** One instruction with its operands: those of inputs and results are put in at each run. */
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

    CpuProgram(Graph graph) {
        this.graph = graph;
        plan = MemoryPlan.of(graph);
    }

    /** Takes the memory: at the first run, since a program may be captured to run elsewhere. */
    private void prepare() {
        graph.buffers(Buffer.Kind.HELD).forEach(b -> memory.put(b, b.held()));
        takeMemory();
        for (Instruction i : graph.instructions()) {
            steps.add(new Step(i, operands(i.inputs()), operands(i.outputs())));
        }
    }

    @Override
    public void run(Storage[] inputs, Storage[] results) {
        if (steps.isEmpty()) {
            prepare();
        }
        for (int i = 0; i < inputs.length; i++) {
            put(graph.inputs().get(i).buffer(), inputs[i]);
        }
        for (int i = 0; i < results.length; i++) {
            put(graph.results().get(i).buffer(), results[i]);
        }
        Backend backend = Backends.cpu();
        OpListener listener = Dispatch.listener();
        for (Step s : steps) {
            if (listener == null) {
                execute(backend, s);
            } else {
                observed(listener, backend, s);
            }
        }
    }

    private static void execute(Backend backend, Step s) {
        backend.execute(s.instruction.op(), s.in, s.out);
        for (Operand o : s.out) {
            o.storage().changed();
        }
    }

    private static void observed(OpListener listener, Backend backend, Step s) {
        List<Tensor> in = Arrays.stream(s.in).map(CpuProgram::tensor).toList();
        List<Tensor> out = Arrays.stream(s.out).map(CpuProgram::tensor).toList();
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

    private void put(Buffer buffer, Storage storage) {
        for (Slot s : slots.getOrDefault(buffer, List.of())) {
            s.operands[s.at] = new Operand(storage, s.layout);
        }
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

    @Override
    public Graph graph() {
        return graph;
    }

    /** A line for each kind of op, and the memory. */
    @Override
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

    /** Its memory is the garbage collector's. */
    @Override
    public void close() {
    }
}
