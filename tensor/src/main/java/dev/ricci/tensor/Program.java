package dev.ricci.tensor;

import dev.ricci.tensor.program.Buffer;
import dev.ricci.tensor.program.Graph;
import dev.ricci.tensor.program.Instruction;
import dev.ricci.tensor.program.MemoryPlan;
import dev.ricci.tensor.program.Value;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.CompiledProgram;
import dev.ricci.tensor.spi.Operand;
import dev.ricci.tensor.spi.Storage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
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
 * <p>On the CPU a run gives the bits of the eager function. Its memory is planned once and kept as long as the program;
 * only the results are new.
 *
 * <p>{@link #on(Device)} runs the same ops on another device. Inputs go there and results come back on every run; variables
 * stay there. They come back when somebody reads them, and go there again if somebody has changed them meanwhile.
 */
public final class Program implements AutoCloseable {
    private final Graph graph;
    private final CompiledProgram compiled;

    private Program(Graph graph, CompiledProgram compiled) {
        this.graph = graph;
        this.compiled = compiled;
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
        Graph graph = withConstants(Capture.of(name, step, inputs));
        return new Program(graph, new CpuProgram(graph));
    }

    /**
     * The same program on another device.
     *
     * @return a program of its own with the same variables; close it to give the device's memory back
     * @throws DeviceException if there is no such device, or what the program needs does not fit there
     */
    public Program on(Device device) {
        if (device.equals(Device.cpu())) {
            return new Program(graph, new CpuProgram(graph));
        }
        Backend backend = Backends.of(device);
        CompiledProgram there = backend.compile(graph);
        if (there == null) {
            throw new DeviceException("program '" + graph.name() + "': " + backend.name() + " runs single ops only");
        }
        return new Program(graph, there);
    }

    /**
     * Runs the ops. Runs of one program wait for each other.
     *
     * @param inputs in the order of the capture, of the same types and shapes
     * @return the function's results, untracked
     * @throws TensorException if the inputs do not fit, or as the ops do
     */
    public synchronized List<Tensor> run(Tensor... inputs) {
        check(inputs);
        Storage[] in = new Storage[inputs.length];
        for (int i = 0; i < in.length; i++) {
            Tensor t = inputs[i];
            boolean whole = t.layout().isDense() && t.layout().offset() == 0;
            in[i] = (whole ? t : Tensor.apply(Tensor.COPY, t.withProvenance(null, 0))).storage();
        }
        Storage[] out = new Storage[graph.results().size()];
        List<Tensor> results = new ArrayList<>();
        for (int i = 0; i < out.length; i++) {
            Value r = graph.results().get(i);
            out[i] = Backends.cpu().allocate(r.buffer().dtype(), r.buffer().size());
            results.add(Tensor.wrap(out[i], r.layout().shape()));
        }
        compiled.run(in, out);
        return results;
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

    /** Computes what follows from ops without inputs alone, and so is the same in every run: it is held from now on. */
    private static Graph withConstants(Graph graph) {
        Set<Buffer> changed = new HashSet<>();
        graph.instructions().stream().filter(Instruction::updates)
                .forEach(i -> i.outputs().forEach(v -> changed.add(v.buffer())));
        Map<Buffer, Buffer> held = new HashMap<>();
        Backend backend = Backends.cpu();
        List<Instruction> left = new ArrayList<>();
        for (Instruction i : graph.instructions()) {
            if (i.inputs().stream().allMatch(v -> held.containsKey(v.buffer())) && i.outputs().stream()
                    .allMatch(v -> v.buffer().kind() == Buffer.Kind.SCRATCH && !changed.contains(v.buffer()))) {
                for (Value v : i.outputs()) {
                    Buffer b = v.buffer();
                    held.put(b, new Buffer(b.id(), Buffer.Kind.HELD, b.dtype(), b.size(),
                            backend.allocate(b.dtype(), b.size())));
                }
                backend.execute(i.op(), operands(held, i.inputs()), operands(held, i.outputs()));
            } else {
                left.add(new Instruction(i.op(), replaced(held, i.inputs()), replaced(held, i.outputs())));
            }
        }
        return new Graph(graph.name(), graph.inputs(), left, graph.results());
    }

    private static Operand[] operands(Map<Buffer, Buffer> held, List<Value> values) {
        return values.stream().map(v -> new Operand(held.get(v.buffer()).held(), v.layout())).toArray(Operand[]::new);
    }

    private static List<Value> replaced(Map<Buffer, Buffer> held, List<Value> values) {
        return values.stream().map(v -> new Value(held.getOrDefault(v.buffer(), v.buffer()), v.layout())).toList();
    }

    // ---------------------------------------------------------------- reports

    /** The ops and their memory, as they were captured. */
    public Graph graph() {
        return graph;
    }

    /** Where the memory of its intermediate values lies, on the CPU. */
    public MemoryPlan plan() {
        return MemoryPlan.of(graph);
    }

    /** How it runs and what memory it takes, as a table. */
    public String table() {
        return compiled.table();
    }

    /** The ops that it runs and what they give each other, as a flow chart in Mermaid's language. */
    public String mermaid() {
        return compiled.graph().mermaid();
    }

    /**
     * Gives the memory of another device back; the values of variables come to the host first. On the CPU nothing needs to
     * be done.
     */
    @Override
    public void close() {
        compiled.close();
    }

    @Override
    public String toString() {
        return "Program '" + graph.name() + "', " + graph.instructions().size() + " ops";
    }
}
