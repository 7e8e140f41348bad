package dev.ricci.tensor;

import dev.ricci.tensor.op.StateUpdate;
import dev.ricci.tensor.spi.Backend;
import java.util.List;
import java.util.function.Supplier;

/**
 * A named, mutable cell that holds a tensor: parameters, optimizer state, key-value caches. It is the only thing in
 * Ricci that changes in place, and only through {@link StateUpdate} ops, which count as a change of its storage.
 */
public final class Variable {
    private volatile String name;
    private final TensorSpec spec;
    private final Provenance leaf;
    /** Null until the first value is asked for. */
    private volatile Tensor value;
    private Supplier<Tensor> init;
    private boolean tracked;

    private Variable(String name, TensorSpec spec, boolean tracked) {
        this.name = name;
        this.spec = spec;
        this.leaf = Provenance.leaf(name, spec);
        this.tracked = tracked;
    }

    /**
     * A variable that owns a copy of {@code init}.
     *
     * @param name for errors and reports
     * @param tracked whether gradients with respect to it can be asked for
     */
    public static Variable of(String name, Tensor init, boolean tracked) {
        Variable v = new Variable(name, init.spec(), tracked);
        v.set(copy(init));
        return v;
    }

    /**
     * A variable whose first value is made when it is first read, and never if another is assigned before.
     *
     * @param name for errors and reports
     * @param spec type and shape of the value
     * @param init gives the first value, the same whenever it is called; runs on the CPU backend of today
     * @param tracked whether gradients with respect to it can be asked for
     */
    public static Variable lazy(String name, TensorSpec spec, Supplier<Tensor> init, boolean tracked) {
        Variable v = new Variable(name, spec, tracked);
        v.initialize(init);
        return v;
    }

    /**
     * A variable over this very tensor, which is not copied, not tracked, and must not be changed by an update.
     *
     * @param name for errors and reports
     */
    public static Variable over(String name, Tensor value) {
        Variable v = new Variable(name, value.spec(), false);
        v.set(value);
        return v;
    }

    private static Tensor copy(Tensor t) {
        return Dispatch.run(Tensor.COPY, t.withProvenance(null, 0));
    }

    private void set(Tensor t) {
        t.storage().pin(); // made in a workspace, perhaps, and outlives it
        value = t.withProvenance(tracked ? leaf : null, 0);
        init = null;
    }

    /** Replaces the first value by another one: made when it is first read, or now if the old one was read. */
    public void initialize(Supplier<Tensor> to) {
        Backend backend = Backends.cpu();
        synchronized (this) {
            if (value == null) {
                // Outside of whatever the first reader counts, records or overrides.
                init = () -> ScopedValue.where(Dispatch.LISTENER, null).call(() -> Workspace.outside(
                        () -> Backends.with(backend, () -> NoGrad.call(() -> copy(to.get())))));
                return;
            }
        }
        assign(to.get());
    }

    private synchronized Tensor first() {
        if (value == null) {
            Tensor made = init.get();
            if (!made.spec().equals(spec)) {
                throw new ShapeException("variable: '" + name + "' holds " + spec + ", its initialiser gave "
                        + made.spec());
            }
            set(made);
        }
        return value;
    }

    /** The name given to it. */
    public String name() {
        return name;
    }

    /** Gives it another name: a layer's parameter learns its full path when the layer becomes part of a model. */
    public void rename(String to) {
        name = to;
        leaf.relabel(to);
    }

    /** Type and shape. */
    public TensorSpec spec() {
        return spec;
    }

    /** A live view of the value: what it shows changes with the variable. */
    public Tensor value() {
        Tensor v = value;
        return v == null ? first() : v;
    }

    /** A copy of the value that does not change and is not tracked. */
    public Tensor snapshot() {
        return copy(value());
    }

    /** Whether the first value is still to be made. */
    public boolean isLazy() {
        return value == null;
    }

    /** Whether gradients with respect to it can be asked for. */
    public boolean isTracked() {
        return tracked;
    }

    /** Switches tracking; values handed out before keep the old state. */
    public void track(boolean on) {
        synchronized (this) {
            tracked = on;
            if (value != null) {
                set(value);
            }
        }
    }

    /**
     * Replaces the value.
     *
     * @throws TensorException if type or shape differ
     */
    public void assign(Tensor next) {
        if (!next.spec().equals(spec())) {
            throw new ShapeException("assign: '" + name + "' holds " + spec() + ", got " + next.spec());
        }
        if (value == null) {
            synchronized (this) {
                if (value == null) {
                    set(copy(next));
                    return;
                }
            }
        }
        update(new StateUpdate.Assign(), List.of(this), List.of(next));
    }

    /**
     * Runs a state update in place.
     *
     * @param op the op; its first inputs are the states
     * @param states as many as {@link StateUpdate#states()}
     * @param inputs the op's further inputs
     */
    public static void update(StateUpdate op, List<Variable> states, List<Tensor> inputs) {
        if (states.size() != op.states()) {
            throw new TensorException(op.name() + ": updates " + op.states() + " variables, got " + states.size());
        }
        Tensor[] in = new Tensor[states.size() + inputs.size()];
        for (int i = 0; i < states.size(); i++) {
            in[i] = states.get(i).value().withProvenance(null, 0);
        }
        for (int i = 0; i < inputs.size(); i++) {
            in[states.size() + i] = inputs.get(i).withProvenance(null, 0);
        }
        Tensor[] out = Dispatch.update(op, in);
        for (int i = 0; i < states.size(); i++) {
            Variable v = states.get(i);
            v.value = out[i].withProvenance(v.tracked ? v.leaf : null, 0);
        }
    }

    @Override
    public String toString() {
        return "Variable '" + name + "' " + spec();
    }
}
