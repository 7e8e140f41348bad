package dev.ricci.nn.data;

import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;

/** Examples along axis 0 of tensors. */
public final class InMemory implements Dataset {
    private final Tensor inputs;
    private final Tensor targets;

    private InMemory(Tensor inputs, Tensor targets) {
        this.inputs = inputs;
        this.targets = targets;
    }

    /**
     * Of these tensors.
     *
     * @param inputs [N, ...]
     * @param targets [N, ...], or null
     * @throws ShapeException if they hold no example, or unequal numbers
     */
    public static InMemory of(Tensor inputs, Tensor targets) {
        if (inputs.rank() == 0 || inputs.dim(0) == 0) {
            throw new ShapeException("data in memory: inputs must be [N, ...] with N > 0, got " + inputs.spec());
        }
        if (targets != null && (targets.rank() == 0 || targets.dim(0) != inputs.dim(0))) {
            throw new ShapeException("data in memory: inputs " + inputs.spec() + " and targets " + targets.spec()
                    + " must have equally many examples along axis 0");
        }
        return new InMemory(inputs.detach(), targets == null ? null : targets.detach());
    }

    /** The examples {@code from} (inclusive) to {@code to} (exclusive): parts for training and for validation. */
    public InMemory part(int from, int to) {
        if (from < 0 || from >= to || to > size()) {
            throw new TensorException("data in memory: there is no part " + from + " .. " + to + " of " + size()
                    + " examples");
        }
        return new InMemory(inputs.slice(0, from, to), targets == null ? null : targets.slice(0, from, to));
    }

    @Override
    public int size() {
        return inputs.dim(0);
    }

    @Override
    public Batch batch(int... indices) {
        Indices.check("data in memory", indices, size());
        Tensor ids = Tensor.ofInts(indices);
        return new Batch(inputs.indexSelect(0, ids), targets == null ? null : targets.indexSelect(0, ids));
    }
}
