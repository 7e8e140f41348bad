package dev.ricci.tensor;

import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.spi.Storage;
import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntPredicate;

/**
 * Where a tracked tensor came from: the op, the provenance of its inputs, and what the op's gradient rule will read.
 * A leaf (a parameter's value, or {@link Tensor#tracked()}) has no op. Numbers grow with creation, so that descending
 * number is an order in which to walk backwards.
 */
public final class Provenance {
    private static final AtomicLong NUMBERS = new AtomicLong();
    private static final Saved NOT_SAVED = new Saved(null, 0);

    private record Saved(Tensor tensor, int version) {
        static Saved of(Tensor t) {
            t.storage().hold();
            return new Saved(t, t.storage().version());
        }

        void release(boolean reuse) {
            if (tensor != null) {
                if (!reuse) {
                    tensor.storage().pin();
                }
                tensor.storage().letGo();
            }
        }
    }

    private final long number = NUMBERS.incrementAndGet();
    private final Op op;
    private volatile String label;
    private final List<TensorSpec> inputSpecs;
    private final List<TensorSpec> outputSpecs;
    private Provenance[] sources;
    private int[] sourceOutputs;
    private Saved[] inputs;
    private Saved[] outputs;
    /**
     * Memory of outputs that this op does not save; soft, so that what nobody reads again goes before memory runs out. Weak
     * references would lose it in every collection, and with it an array of the pool.
     */
    private List<SoftReference<Storage>> passing = List.of();

    private Provenance(Op op, String label, List<TensorSpec> inputSpecs, List<TensorSpec> outputSpecs) {
        this.op = op;
        this.label = label;
        this.inputSpecs = inputSpecs;
        this.outputSpecs = outputSpecs;
    }

    static Provenance leaf(String label, TensorSpec spec) {
        Provenance leaf = new Provenance(null, label, List.of(), List.of(spec));
        leaf.sources = new Provenance[0];
        leaf.inputs = new Saved[0];
        leaf.outputs = new Saved[] {NOT_SAVED};
        return leaf;
    }

    static Provenance of(Op op, Tensor[] in, List<TensorSpec> inputSpecs, List<TensorSpec> outputSpecs) {
        Provenance p = new Provenance(op, op.name(), inputSpecs, outputSpecs);
        p.sources = new Provenance[in.length];
        p.sourceOutputs = new int[in.length];
        p.inputs = new Saved[in.length];
        IntPredicate needed = i -> in[i].isTracked();
        for (int i = 0; i < in.length; i++) {
            p.sources[i] = in[i].provenance();
            p.sourceOutputs[i] = in[i].outputIndex();
            p.inputs[i] = op.gradientReadsInput(i, needed) ? Saved.of(in[i]) : NOT_SAVED;
        }
        return p;
    }

    void relabel(String to) {
        label = to;
    }

    void saveOutputs(Tensor[] out) {
        outputs = new Saved[out.length];
        for (int i = 0; i < out.length; i++) {
            outputs[i] = op.gradientReadsOutput(i) ? Saved.of(out[i]) : NOT_SAVED;
            if (outputs[i] == NOT_SAVED && out[i].storage().isReclaimable()) {
                passing = passing.isEmpty() ? new ArrayList<>(1) : passing;
                passing.add(new SoftReference<>(out[i].storage()));
            }
        }
    }

    /** Grows with creation; unique. */
    public long number() {
        return number;
    }

    /** Whether it is a leaf: made by no op. */
    public boolean isLeaf() {
        return op == null;
    }

    /** The op, or null for a leaf. */
    public Op op() {
        return op;
    }

    /** The op's name, or the leaf's label. */
    public String label() {
        return label;
    }

    /** Number of inputs of the op. */
    public int inputCount() {
        return inputs == null ? inputSpecs.size() : inputs.length;
    }

    /** The provenance of input {@code i}, or null if that was not tracked. */
    public Provenance source(int i) {
        checkLive();
        return sources[i];
    }

    /** Which output of {@link #source} input {@code i} is. */
    public int sourceOutput(int i) {
        checkLive();
        return sourceOutputs[i];
    }

    /** Specs of the op's inputs. */
    public List<TensorSpec> inputSpecs() {
        return inputSpecs;
    }

    /** Specs of the op's outputs. */
    public List<TensorSpec> outputSpecs() {
        return outputSpecs;
    }

    /**
     * A saved input.
     *
     * @throws TensorException if it was changed in place since, or the graph was freed
     */
    public Tensor input(int i) {
        checkLive();
        return check(inputs[i], "input " + i, sources[i]);
    }

    /**
     * A saved output.
     *
     * @throws TensorException if it was changed in place since, or the graph was freed
     */
    public Tensor output(int i) {
        checkLive();
        return check(outputs[i], "output " + i, this);
    }

    /**
     * Drops everything saved; a later walk through here throws. Leaves have nothing to drop.
     *
     * @param reuse whether the memory of what nothing else has saved is to be used again
     */
    public void release(boolean reuse) {
        if (!isLeaf() && inputs != null) {
            for (Saved s : inputs) {
                s.release(reuse);
            }
            for (Saved s : outputs) {
                s.release(reuse);
            }
            for (SoftReference<Storage> passed : passing) {
                Storage s = reuse ? passed.get() : null;
                if (s != null) {
                    s.reclaimIfFree();
                }
            }
            passing = List.of();
            sources = null;
            inputs = null;
            outputs = null;
        }
    }

    private void checkLive() {
        if (inputs == null) {
            throw new TensorException("gradients: the graph through '" + label + "' was freed by an earlier"
                    + " Gradients.of; use Gradients.of(loss, keepGraph()) the first time, or compute the loss again");
        }
    }

    private Tensor check(Saved saved, String role, Provenance owner) {
        if (saved.tensor == null) {
            throw new IllegalStateException(label + ": its gradient rule reads " + role
                    + ", which the op does not declare in gradientReadsInput or gradientReadsOutput");
        }
        if (saved.tensor.storage().version() != saved.version) {
            throw new TensorException("gradients: " + role + " of '" + label + "', "
                    + saved.tensor.spec() + (owner == null ? "" : " from '" + owner.label + "'")
                    + ", was changed in place after it was saved for the backward pass; compute the loss again, or take"
                    + " a snapshot() before the update");
        }
        return saved.tensor;
    }

    /** Number and op or leaf, for reports. */
    @Override
    public String toString() {
        return (isLeaf() ? "leaf " : "") + label + "#" + number;
    }
}
