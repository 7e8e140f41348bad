package dev.ricci.tensor;

import dev.ricci.tensor.op.StateUpdate;
import java.util.List;

/**
 * A named, mutable cell that holds a tensor: parameters, optimizer state, key-value caches. It is the only thing in
 * Ricci that changes in place, and only through {@link StateUpdate} ops, which count as a change of its storage.
 */
public final class Variable {
    private volatile String name;
    private final Provenance leaf;
    private Tensor value;
    private boolean tracked;

    private Variable(String name, Tensor init, boolean tracked) {
        this.name = name;
        this.leaf = Provenance.leaf(name, init.spec());
        this.tracked = tracked;
        this.value = init.withProvenance(tracked ? leaf : null, 0);
    }

    /**
     * A variable that owns a copy of {@code init}.
     *
     * @param name for errors and reports
     * @param tracked whether gradients with respect to it can be asked for
     */
    public static Variable of(String name, Tensor init, boolean tracked) {
        return new Variable(name, Dispatch.run(Tensor.COPY, init.withProvenance(null, 0)), tracked);
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
        return value.spec();
    }

    /** A live view of the value: what it shows changes with the variable. */
    public Tensor value() {
        return value;
    }

    /** A copy of the value that does not change and is not tracked. */
    public Tensor snapshot() {
        return Dispatch.run(Tensor.COPY, value.withProvenance(null, 0));
    }

    /** Whether gradients with respect to it can be asked for. */
    public boolean isTracked() {
        return tracked;
    }

    /** Switches tracking; values handed out before keep the old state. */
    public void track(boolean on) {
        tracked = on;
        value = value.withProvenance(on ? leaf : null, 0);
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
            in[i] = states.get(i).value.withProvenance(null, 0);
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
