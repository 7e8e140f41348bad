package dev.ricci.tensor.cpu;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.reference.ReferenceBackend;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import dev.ricci.tensor.spi.Storage;

/** The CPU backend. */
public final class CpuBackend implements Backend {
    private CpuBackend() {
    }

    /** The backend with the fastest kernels that this JVM can run. */
    public static CpuBackend create() {
        return new CpuBackend();
    }

    @Override
    public String name() {
        return "cpu";
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
    public void execute(Op op, Operand[] inputs, Operand[] outputs) {
        ReferenceBackend.INSTANCE.execute(op, inputs, outputs);
    }
}
