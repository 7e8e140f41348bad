package dev.ricci.gpu;

import dev.ricci.tensor.DeviceException;
import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.program.Buffer;
import dev.ricci.tensor.program.Graph;
import dev.ricci.tensor.program.Instruction;
import dev.ricci.tensor.program.Value;
import dev.ricci.tensor.spi.CompiledProgram;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import dev.ricci.tensor.spi.Storage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;

/**
 * A program whose memory stays on the device: a run copies inputs there, launches the kernels of all its ops, and copies
 * results back. States that it updates are lent to the device ({@link HeapStorage.Loan}); what the host has changed since
 * the last run is copied there before the next one. An op without a kernel runs on the CPU between two segments.
 */
final class ResidentProgram implements CompiledProgram, HeapStorage.Loan {
    /** Elements that are moved at once between the host and what is held. */
    private static final int CHUNK = 1 << 20;
    /** One at a time on the device: programs bring back each other's states. */
    private static final ReentrantLock DEVICE = new ReentrantLock();

    /** An op whose ids, or integer divisors, the host sees before the run. */
    private record Check(Instruction instruction, int operand) {
    }

    private final Graph graph;
    private final List<Instruction> lowered;
    private final List<List<Launch>> launches = new ArrayList<>();
    private final ResidentMemory memory;
    private final List<Check> checks = new ArrayList<>();
    private final Map<Buffer, Integer> versions = new HashMap<>();
    private final Set<Buffer> updated = new HashSet<>();
    private final Map<HeapStorage, Buffer> states = new HashMap<>();
    private final DevicePlan.Description description;
    private final DevicePlan plan;
    private boolean closed;

    /**
     * @param onHost what runs an op that has no kernel
     * @throws DeviceException if it does not fit, or {@code onHost} refuses an op
     */
    ResidentProgram(Graph graph, DeviceHalf half, BiConsumer<Op, Operand[][]> onHost) {
        this.graph = graph;
        lowered = Fusion.of(Lowering.of(graph));
        memory = new ResidentMemory(new Graph(graph.name(), graph.inputs(), lowered, graph.results()));
        for (Instruction i : graph.instructions()) {
            int operand = HostChecks.operand(i.op(), i.inputs().stream().map(v -> v.buffer().dtype()).toList());
            if (operand >= 0 && i.inputs().get(operand).buffer().kind() == Buffer.Kind.INPUT) {
                checks.add(new Check(i, operand));
            }
            if (i.updates()) {
                i.outputs().stream().map(Value::buffer).filter(b -> b.kind() == Buffer.Kind.HELD).forEach(updated::add);
            }
        }
        updated.forEach(b -> states.put((HeapStorage) b.held(), b));
        description = describe(onHost);
        checkRoom(half);
        plan = half.plan(description);
    }

    // ---------------------------------------------------------------- planning

    private DevicePlan.Description describe(BiConsumer<Op, Operand[][]> onHost) {
        List<DevicePlan.Segment> segments = new ArrayList<>();
        List<Launch> open = new ArrayList<>();
        int[] chunk = new int[3];
        graph.buffers(Buffer.Kind.HELD).forEach(b -> widen(chunk, b));
        for (Instruction i : lowered) {
            if (Launches.supports(i.op())) {
                List<Launch> made = Launches.of(i, memory);
                launches.add(made);
                open.addAll(made);
            } else {
                launches.add(List.of());
                i.inputs().forEach(v -> widen(chunk, v.buffer()));
                i.outputs().forEach(v -> widen(chunk, v.buffer()));
                segments.add(new DevicePlan.Segment(open, () -> host(i, onHost)));
                open = new ArrayList<>();
            }
        }
        segments.add(new DevicePlan.Segment(open, null));
        return new DevicePlan.Description(graph.name(), memory.sizes(), memory.inputs(), memory.results(), chunk, segments);
    }

    private static void widen(int[] chunk, Buffer b) {
        int type = Memory.type(b.dtype());
        chunk[type] = Math.max(chunk[type], Math.min(b.size(), CHUNK));
    }

    private void checkRoom(DeviceHalf half) {
        long needed = description.bytes();
        long there = half.memory();
        if (needed > there) {
            throw new DeviceException(String.format(Locale.ROOT, "program '%s': needs %.1f MB on %s (parameters, states and"
                    + " constants %.1f, intermediate values %.1f), which gives it %.1f MB; use smaller batches or shorter"
                    + " sequences, or raise -Dtornado.device.memory if the device has more", graph.name(), needed / 1e6,
                    half.device(), memory.heldBytes() / 1e6, memory.intermediateBytes() / 1e6, there / 1e6));
        }
        for (int t = 0; t < 3; t++) {
            long bytes = (t == 2 ? 8L : 4L) * description.sizes()[t];
            if (bytes > half.largestArray()) {
                throw new DeviceException(String.format(Locale.ROOT, "program '%s': needs one array of %.1f MB on %s, which"
                        + " allows %.1f MB; use smaller batches or shorter sequences", graph.name(), bytes / 1e6,
                        half.device(), half.largestArray() / 1e6));
            }
        }
    }

    // ---------------------------------------------------------------- running

    @Override
    public void run(Storage[] inputs, Storage[] results) {
        DEVICE.lock();
        try {
            if (closed) {
                throw new DeviceException("program '" + graph.name() + "': it was closed");
            }
            checks.forEach(c -> check(c, inputs));
            graph.buffers(Buffer.Kind.HELD).forEach(this::refresh);
            for (int i = 0; i < inputs.length; i++) {
                Buffer b = graph.inputs().get(i).buffer();
                int type = Memory.type(b.dtype());
                Transfer.up((HeapStorage) inputs[i].plain(), 0, plan.inputs(type), memory.offset(b), b.size());
            }
            plan.run();
            for (int i = 0; i < results.length; i++) {
                Buffer b = graph.results().get(i).buffer();
                int type = Memory.type(b.dtype());
                Transfer.down(plan.results(type), memory.offset(b) - memory.inputs()[type], (HeapStorage) results[i], 0,
                        b.size());
            }
            updated.forEach(this::lend);
        } finally {
            DEVICE.unlock();
        }
    }

    private void lend(Buffer b) {
        HeapStorage state = (HeapStorage) b.held();
        state.changed();
        versions.put(b, state.version());
        state.lend(this);
    }

    /** Copies a held value to the device if it is not the one that is there. */
    private void refresh(Buffer b) {
        Storage held = b.held();
        if (!Integer.valueOf(held.version()).equals(versions.get(b))) {
            up((HeapStorage) held.plain(), b);
            versions.put(b, held.version());
        }
    }

    private void up(HeapStorage from, Buffer to) {
        int type = Memory.type(to.dtype());
        int chunk = description.chunk()[type];
        for (int at = 0; at < to.size(); at += chunk) {
            int count = Math.min(chunk, to.size() - at);
            Transfer.up(from, at, plan.chunk(type), 0, count);
            plan.store(type, memory.offset(to) + at, count);
        }
    }

    private void down(Buffer from, HeapStorage to) {
        int type = Memory.type(from.dtype());
        int chunk = description.chunk()[type];
        for (int at = 0; at < from.size(); at += chunk) {
            int count = Math.min(chunk, from.size() - at);
            plan.load(type, memory.offset(from) + at, count);
            Transfer.down(plan.chunk(type), 0, to, at, count);
        }
    }

    @Override
    public void bringBack(HeapStorage storage) {
        DEVICE.lock();
        try {
            if (storage.isLent()) {
                down(states.get(storage), storage.lent());
                storage.returned();
            }
        } finally {
            DEVICE.unlock();
        }
    }

    /** Runs an op on the CPU: its operands come from the device, its results go there. */
    private void host(Instruction i, BiConsumer<Op, Operand[][]> onHost) {
        Map<Buffer, HeapStorage> storages = new HashMap<>();
        for (Value v : i.inputs()) {
            storages.computeIfAbsent(v.buffer(), b -> {
                HeapStorage s = HeapStorage.allocate(b.dtype(), b.size());
                down(b, s);
                return s;
            });
        }
        for (Value v : i.outputs()) {
            storages.computeIfAbsent(v.buffer(), b -> HeapStorage.allocate(b.dtype(), b.size()));
        }
        onHost.accept(i.op(), new Operand[][] {operands(i.inputs(), storages), operands(i.outputs(), storages)});
        i.outputs().forEach(v -> up(storages.get(v.buffer()), v.buffer()));
    }

    private static Operand[] operands(List<Value> values, Map<Buffer, HeapStorage> storages) {
        return values.stream().map(v -> new Operand(storages.get(v.buffer()), v.layout())).toArray(Operand[]::new);
    }

    private void check(Check c, Storage[] inputs) {
        Operand[] in = new Operand[c.instruction.inputs().size()];
        for (int i = 0; i < in.length; i++) {
            Value v = c.instruction.inputs().get(i);
            Storage s = i == c.operand ? input(v.buffer(), inputs) : HeapStorage.allocate(v.buffer().dtype(), 0);
            in[i] = new Operand(s, v.layout());
        }
        HostChecks.run(c.instruction.op(), in);
    }

    private Storage input(Buffer buffer, Storage[] inputs) {
        for (int i = 0; i < inputs.length; i++) {
            if (graph.inputs().get(i).buffer() == buffer) {
                return inputs[i].plain();
            }
        }
        throw new IllegalStateException(buffer + " is no input");
    }

    // ---------------------------------------------------------------- reports

    @Override
    public Graph graph() {
        return new Graph(graph.name(), graph.inputs(), lowered, graph.results());
    }

    @Override
    public String table() {
        StringBuilder out = new StringBuilder(String.format(Locale.ROOT, "%-5s %-28s %-24s %-22s %s%n", "op", "name",
                "result", "kernel", "groups x items"));
        int count = 0;
        for (int n = 0; n < lowered.size(); n++) {
            Instruction i = lowered.get(n);
            String first = String.format(Locale.ROOT, "%-5d %-28s %-24s ", n, i.op().name(), i.outputs().getFirst().spec());
            if (launches.get(n).isEmpty()) {
                out.append(first).append(Launches.supports(i.op()) ? "nothing to do" : "on the CPU").append('\n');
            }
            for (Launch launch : launches.get(n)) {
                out.append(first).append(String.format(Locale.ROOT, "%-22s %d x %d x %d%n", launch.kernel(),
                        launch.groupsX(), launch.groupsY(), launch.local()));
                first = " ".repeat(first.length());
                count++;
            }
        }
        out.append(String.format(Locale.ROOT, "program '%s': %d ops as %d launches in %d segments%n", graph.name(),
                graph.instructions().size(), count, description.segments().size()));
        out.append(String.format(Locale.ROOT, "on the device: %.1f MB; parameters, states and constants %.1f, intermediate"
                + " values %.1f (%.1f if none shared its place)%n", description.bytes() / 1e6, memory.heldBytes() / 1e6,
                memory.intermediateBytes() / 1e6, memory.unsharedBytes() / 1e6));
        return out.toString();
    }

    @Override
    public void close() {
        DEVICE.lock();
        try {
            if (!closed) {
                for (HeapStorage s : states.keySet()) {
                    if (s.isLentTo(this)) {
                        bringBack(s);
                    }
                }
                closed = true;
                plan.close();
            }
        } finally {
            DEVICE.unlock();
        }
    }
}
