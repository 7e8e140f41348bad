package dev.ricci.tensor.spi;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.program.Graph;

/** What runs ops on a device. Thread-safe. */
public interface Backend {
    /** Short name for reports, such as {@code cpu-vector-512}. */
    String name();

    /** The device whose tensors it runs on. */
    Device device();

    /** Rows of a weight matrix that its products read side by side: the panels of weights that are kept as stored. */
    default int panelColumns() {
        return 32;
    }

    /** Memory for a result; it may hold old values. */
    Storage allocate(DType dtype, int size);

    /**
     * Runs one op. Shapes and element types were checked by {@link Op#infer}; what {@code infer} cannot see (ids inside
     * tensors) the backend checks before it writes.
     *
     * @param op any op but a {@link dev.ricci.tensor.op.CustomOp}
     * @param inputs any layout; {@code Movement.View} ops reach a backend only when they need a copy
     * @param outputs dense, with the inferred specs, at any offset of memory that may hold other values beside them. They
     *     may hold old values. For a
     *     {@link dev.ricci.tensor.op.StateUpdate} output {@code i} may be the very storage and layout of input
     *     {@code i}; otherwise outputs share no memory with inputs
     */
    void execute(Op op, Operand[] inputs, Operand[] outputs);

    /**
     * Makes a captured program ready to run on this device, its memory kept there between the runs.
     *
     * @return null if this backend runs single ops only
     * @throws dev.ricci.tensor.DeviceException if it does not fit on the device, with what is needed and what there is
     */
    default CompiledProgram compile(Graph graph) {
        return null;
    }
}
