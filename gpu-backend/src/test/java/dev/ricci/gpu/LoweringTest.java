package dev.ricci.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.ricci.tensor.Device;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.cpu.CpuBackend;
import dev.ricci.tensor.op.CustomOp;
import dev.ricci.tensor.op.LinearAlgebra;
import dev.ricci.tensor.op.Loss;
import dev.ricci.tensor.op.Movement;
import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.program.Buffer;
import dev.ricci.tensor.program.Instruction;
import dev.ricci.tensor.program.Value;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import dev.ricci.tensor.spi.Storage;
import dev.ricci.testkit.BackendConformance;
import dev.ricci.testkit.OpCatalog;
import dev.ricci.testkit.OpRow;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What instructions are lowered to computes the same, on the CPU: no device is needed to see that. */
final class LoweringTest extends BackendConformance {
    /** Runs what an op is lowered to on the plain kernels, each buffer a storage of its own. */
    private static final class Lowered implements Backend {
        @Override
        public String name() {
            return "lowered";
        }

        @Override
        public Device device() {
            return Device.cpu();
        }

        @Override
        public Storage allocate(DType dtype, int size) {
            return HeapStorage.allocate(dtype, size);
        }

        @Override
        public void execute(Op op, Operand[] operands, Operand[] out) {
            Operand[] in = Operand.plain(operands);
            if (op instanceof CustomOp || op instanceof LinearAlgebra) {
                CpuBackend.plain().execute(op, in, out);
                return;
            }
            Map<Buffer, Storage> storages = new HashMap<>();
            List<Value> inputs = values(in, storages);
            List<Value> outputs = values(out, storages);
            for (Instruction i : Lowering.of(new Instruction(op, inputs, outputs), storages.size())) {
                assertFalse(i.op() instanceof Loss.LinearCrossEntropy);
                CpuBackend.plain().execute(i.op(), operands(i.inputs(), storages), operands(i.outputs(), storages));
            }
        }

        private static List<Value> values(Operand[] operands, Map<Buffer, Storage> storages) {
            List<Value> values = new ArrayList<>();
            for (Operand o : operands) {
                Buffer buffer = new Buffer(storages.size(), Buffer.Kind.INPUT, o.dtype(), o.storage().size(), null);
                storages.put(buffer, o.storage());
                values.add(new Value(buffer, o.layout()));
            }
            return values;
        }

        private static Operand[] operands(List<Value> values, Map<Buffer, Storage> storages) {
            return values.stream().map(v -> new Operand(storages.computeIfAbsent(v.buffer(),
                    b -> HeapStorage.allocate(b.dtype(), b.size())), v.layout())).toArray(Operand[]::new);
        }
    }

    @Override
    protected Backend backend() {
        return new Lowered();
    }

    /** Those that lowering changes: a loss that becomes several ops, and ops whose operands are copied. */
    @Override
    protected List<OpRow> rows() {
        return List.of(OpCatalog.row("LinearCrossEntropy"), OpCatalog.row("Softmax"), OpCatalog.row("IndexAdd"),
                OpCatalog.row("AttentionBackward"), OpCatalog.row("AdamWStep"));
    }

    @Test
    void denseOperandsAreLeftAlone() {
        Value x = Arena.dense(0, DType.F32, Shape.of(3, 4));
        Instruction copy = new Instruction(new Movement.Copy(), List.of(x), List.of(x));
        assertEquals(List.of(copy), Lowering.of(copy, 1));
    }
}
