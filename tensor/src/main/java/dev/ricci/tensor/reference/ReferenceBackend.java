package dev.ricci.tensor.reference;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import dev.ricci.tensor.spi.Storage;

/** The oracle: every op in double precision, one obvious loop each. */
public final class ReferenceBackend implements Backend {
    /** The only instance; it holds no state. */
    public static final ReferenceBackend INSTANCE = new ReferenceBackend();

    private ReferenceBackend() {
    }

    @Override
    public String name() {
        return "reference";
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
        throw new UnsupportedOperationException(op.name());
    }
}
