package dev.ricci.tensor.cpu;

import dev.ricci.tensor.op.Creation;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;

/** Ops without inputs, for every element type. */
final class CreationKernels {
    private CreationKernels() {
    }

    static void run(Creation op, Operand[] in, Operand[] out) {
        switch (op) {
            case Creation.Full o -> Copies.fill(out[0], o.value());
            case Creation.Arange o -> arange(o, in, out);
        }
    }

    private static void arange(Creation.Arange op, Operand[] in, Operand[] out) {
        HeapStorage to = out[0].heap();
        int at = out[0].layout().offset();
        switch (op.dtype()) {
            case F32 -> {
                for (int i = 0; i < op.count(); i++) {
                    to.floats()[at + i] = (float) (op.start() + i * op.step());
                }
            }
            case I32 -> {
                for (int i = 0; i < op.count(); i++) {
                    to.ints()[at + i] = (int) (op.start() + i * op.step());
                }
            }
            default -> CpuBackend.reference(op, in, out);
        }
    }
}
