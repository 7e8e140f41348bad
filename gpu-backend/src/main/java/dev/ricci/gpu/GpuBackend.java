package dev.ricci.gpu;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.DeviceException;
import dev.ricci.tensor.cpu.CpuBackend;
import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.program.Buffer;
import dev.ricci.tensor.program.Graph;
import dev.ricci.tensor.program.Instruction;
import dev.ricci.tensor.program.Value;
import dev.ricci.tensor.reference.ReferenceBackend;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.CompiledProgram;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import dev.ricci.tensor.spi.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs captured programs on a device ({@link ResidentProgram}), and single ops: their operands are copied there, results
 * back. That shows that every kernel is right; it is no way to be fast. Ops with F64 operands run on the reference backend, as they do on the CPU. Ops without kernels run on
 * the CPU after one warning that names them, or are refused with {@code -Dricci.gpu.strict=true}.
 */
final class GpuBackend implements Backend {
    private final DeviceHalf half;
    private final boolean strict;
    private final Set<String> warned = ConcurrentHashMap.newKeySet();

    GpuBackend(DeviceHalf half, boolean strict) {
        this.half = half;
        this.strict = strict;
    }

    @Override
    public String name() {
        return "tornadovm (" + half.device() + ")";
    }

    @Override
    public Device device() {
        return new Device("gpu", 0);
    }

    @Override
    public Storage allocate(DType dtype, int size) {
        return HeapStorage.forResult(dtype, size);
    }

    @Override
    public void execute(Op op, Operand[] operands, Operand[] out) {
        Operand[] in = Operand.plain(operands);
        if (hasF64(in) || hasF64(out)) {
            ReferenceBackend.INSTANCE.execute(op, in, out);
        } else if (Launches.supports(op)) {
            HostChecks.run(op, in);
            run(op, in, out);
        } else {
            allowFallback(op);
            CpuBackend.create().execute(op, in, out);
        }
    }

    /** Warns once of each op, or refuses it. */
    private void allowFallback(Op op) {
        if (strict) {
            throw new DeviceException(op.name() + ": has no kernel for the GPU; run it on the CPU, or leave out"
                    + " -Dricci.gpu.strict=true");
        }
        if (warned.add(op.name())) {
            System.getLogger(GpuBackend.class.getPackageName()).log(System.Logger.Level.WARNING, op.name()
                    + " has no kernel for the GPU and runs on the CPU; -Dricci.gpu.strict=true refuses it");
        }
    }

    @Override
    public CompiledProgram compile(Graph graph) {
        for (Instruction i : graph.instructions()) {
            if (!Launches.supports(i.op())) {
                allowFallback(i.op());
            }
            for (Value v : i.inputs()) {
                checkType(graph, i, v);
            }
            for (Value v : i.outputs()) {
                checkType(graph, i, v);
            }
        }
        return new ResidentProgram(graph, half, (op, operands) ->
                CpuBackend.create().execute(op, operands[0], operands[1]));
    }

    private static void checkType(Graph graph, Instruction i, Value v) {
        if (v.buffer().dtype() == DType.F64) {
            throw new DeviceException("program '" + graph.name() + "': '" + i.op().name() + "' has an F64 operand, and the"
                    + " device keeps no doubles; capture it with F32, or run it on the CPU");
        }
    }

    private static boolean hasF64(Operand[] operands) {
        for (Operand o : operands) {
            if (o.dtype() == DType.F64) {
                return true;
            }
        }
        return false;
    }

    private void run(Op op, Operand[] in, Operand[] out) {
        List<Value> inputs = new ArrayList<>();
        List<Value> outputs = new ArrayList<>();
        for (Operand o : in) {
            inputs.add(Arena.touched(inputs.size(), o));
        }
        for (Operand o : out) {
            outputs.add(Arena.dense(in.length + outputs.size(), o.dtype(), o.shape()));
        }
        List<Instruction> lowered = Lowering.of(new Instruction(op, inputs, outputs), in.length + out.length);
        Arena arena = new Arena();
        inputs.forEach(v -> arena.add(v.buffer()));
        outputs.forEach(v -> arena.add(v.buffer()));
        for (Instruction i : lowered) {
            i.outputs().stream().map(Value::buffer).filter(b -> b.kind() == Buffer.Kind.SCRATCH).forEach(arena::add);
        }
        List<Launch> launches = new ArrayList<>();
        lowered.forEach(i -> launches.addAll(Launches.of(i, arena)));
        if (launches.isEmpty()) {
            return;
        }
        arena.allocate();
        for (int i = 0; i < in.length; i++) {
            arena.upload(in[i], inputs.get(i));
        }
        half.run(launches, arena);
        for (int i = 0; i < out.length; i++) {
            arena.download(outputs.get(i), out[i]);
        }
    }
}
