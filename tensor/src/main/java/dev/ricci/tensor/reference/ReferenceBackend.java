package dev.ricci.tensor.reference;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.op.AttentionOp;
import dev.ricci.tensor.op.Contraction;
import dev.ricci.tensor.op.Creation;
import dev.ricci.tensor.op.CustomOp;
import dev.ricci.tensor.op.Elementwise;
import dev.ricci.tensor.op.Indexing;
import dev.ricci.tensor.op.LinearAlgebra;
import dev.ricci.tensor.op.Loss;
import dev.ricci.tensor.op.Movement;
import dev.ricci.tensor.op.Normalization;
import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.op.Random;
import dev.ricci.tensor.op.Reduction;
import dev.ricci.tensor.op.StateUpdate;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import dev.ricci.tensor.spi.Storage;

/**
 * The oracle: every op in double precision (integers in 64 bits), one obvious loop each. Inputs are read whole before
 * anything is written, results are rounded once, to their type. Other backends and all gradients are tested against
 * it; it also runs F64, integer and BOOL tensors. Single-threaded; transcendental functions are
 * {@link StrictMath}'s, so that interpreted and compiled code give the same bits.
 */
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
    public void execute(Op op, Operand[] in, Operand[] outputs) {
        Operand[] inputs = Operand.plain(in);
        switch (op) {
            case Creation o -> ReferenceCreation.run(o, outputs);
            case Elementwise o -> ReferenceElementwise.run(o, inputs, outputs);
            case Reduction o -> ReferenceReduction.run(o, inputs, outputs);
            case Movement o -> ReferenceMovement.run(o, inputs, outputs);
            case Indexing o -> ReferenceIndexing.run(o, inputs, outputs);
            case Contraction o -> ReferenceContraction.run(o, inputs, outputs);
            case Normalization o -> ReferenceNormalization.run(o, inputs, outputs);
            case AttentionOp o -> ReferenceAttention.run(o, inputs, outputs);
            case Loss o -> ReferenceLoss.run(o, inputs, outputs);
            case Random o -> ReferenceRandom.run(o, inputs, outputs);
            case LinearAlgebra o -> ReferenceLinearAlgebra.run(o, inputs, outputs);
            case StateUpdate o -> ReferenceStateUpdate.run(o, inputs, outputs);
            case CustomOp o -> throw new TensorException(o.name() + ": a custom op runs by its forward, never here");
        }
    }
}
