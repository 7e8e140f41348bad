package dev.ricci.nn;

import dev.ricci.tensor.DTypeException;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.Variable;

/**
 * A named tensor that a {@link Layer} learns (PyTorch's {@code nn.Parameter}). What is computed from {@link #value()} is
 * tracked unless the parameter is frozen. Made by {@link Layer}'s {@code parameter(name, init)} only.
 */
public final class Parameter {
    private final Variable variable;

    Parameter(String name, Tensor init) {
        if (!init.dtype().isComputable()) {
            throw new DTypeException("parameter: '" + name + "' must be F32 or F64, got " + init.spec());
        }
        this.variable = Variable.of(name, init, true);
    }

    /** Its name within the outermost layer that it was registered in, such as {@code layers.0.attn.q_proj.weight}. */
    public String path() {
        return variable.name();
    }

    /** Type and shape. */
    public TensorSpec spec() {
        return variable.spec();
    }

    /** Number of elements. */
    public int size() {
        return variable.spec().shape().size();
    }

    /** A live view of the value: what it shows changes with the parameter. */
    public Tensor value() {
        return variable.value();
    }

    /** A copy of the value that does not change and is not tracked. */
    public Tensor snapshot() {
        return variable.snapshot();
    }

    /**
     * Replaces the value, in place.
     *
     * @throws ShapeException if the shapes differ
     * @throws DTypeException if the element types differ
     */
    public void assign(Tensor next) {
        if (next.dtype() != spec().dtype()) {
            throw new DTypeException("assign: parameter '" + path() + "' holds " + spec() + ", got " + next.spec()
                    + "; convert it with to(DType." + spec().dtype() + ")");
        }
        variable.assign(next);
    }

    /** The cell that holds the value, for optimizers and gradient look-ups. */
    public Variable variable() {
        return variable;
    }

    /** Whether gradients with respect to it are computed: true until it is frozen. */
    public boolean isTrainable() {
        return variable.isTracked();
    }

    /** No gradients any more; optimizers leave it as it is (PyTorch's {@code requires_grad = False}). */
    public void freeze() {
        variable.track(false);
    }

    /** Trainable again. */
    public void unfreeze() {
        variable.track(true);
    }

    void moveTo(String path) {
        variable.rename(path);
    }

    @Override
    public String toString() {
        return "Parameter '" + path() + "' " + spec() + (isTrainable() ? "" : " frozen");
    }
}
