package dev.ricci.nn;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.DTypeException;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.Variable;
import dev.ricci.tensor.spi.Storage;
import dev.ricci.tensor.weights.WeightStorage;
import java.util.function.Supplier;

/**
 * A named tensor that a {@link Layer} learns (PyTorch's {@code nn.Parameter}). What is computed from {@link #value()} is
 * tracked unless the parameter is frozen. Made by {@link Layer}'s {@code parameter(name, init)} only.
 */
public final class Parameter {
    private volatile Variable variable;

    Parameter(String name, Tensor init) {
        if (!init.dtype().isComputable()) {
            throw new DTypeException("parameter: '" + name + "' must be F32 or F64, got " + init.spec());
        }
        this.variable = Variable.of(name, init, true);
    }

    /** Whose first value is made when it is first read. */
    Parameter(String name, Shape shape, Supplier<Tensor> init) {
        this.variable = Variable.lazy(name, TensorSpec.f32(shape), init, true);
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
     * @throws dev.ricci.tensor.TensorException if it was loaded as stored, which never changes
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

    /**
     * Replaces the first value by another one, which is made when it is first read: for a model that initialises its
     * layers in a way of its own.
     *
     * @param init gives a tensor of this type and shape, the same whenever it is called
     */
    public void initialize(Supplier<Tensor> init) {
        variable.initialize(init);
    }

    /**
     * From now on holds this very tensor, frozen, in the type in which it is stored.
     *
     * @param stored with {@link WeightStorage}
     */
    void hold(Tensor stored) {
        if (!stored.spec().equals(spec())) {
            throw new ShapeException("load: parameter '" + path() + "' holds " + spec() + ", got " + stored.spec());
        }
        variable = Variable.over(path(), stored);
    }

    /** The type that its elements are kept in: that of the file if it was loaded as stored, else F32 or F64. */
    public String storedAs() {
        return stored() instanceof WeightStorage w ? w.type().name() : spec().dtype().name();
    }

    /** From now on holds a copy of the value in another type. */
    void convert(DType dtype) {
        if (!dtype.isComputable()) {
            throw new DTypeException("convert: parameter '" + path() + "' must be F32 or F64, not " + dtype);
        }
        if (dtype != spec().dtype()) {
            variable = Variable.of(path(), snapshot().to(dtype), isTrainable());
        }
    }

    private Storage stored() {
        return variable.isLazy() ? null : variable.value().storage();
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

    /** Trainable again; what was loaded as stored becomes an F32 copy. */
    public void unfreeze() {
        if (stored() instanceof WeightStorage) {
            variable = Variable.of(path(), variable.value(), false);
        }
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
