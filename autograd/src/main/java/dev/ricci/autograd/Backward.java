package dev.ricci.autograd;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Provenance;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.Workspace;
import dev.ricci.tensor.op.CustomOp;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * One walk backwards. Provenance numbers grow with creation, so a node of the highest number among those reached has
 * all its gradients: the walk needs no recursion, and a chain of any depth fits.
 */
final class Backward {
    /** One output of one executed op, or a leaf. */
    record Key(Provenance provenance, int output) {
        static Key of(Tensor t) {
            return new Key(t.provenance(), t.outputIndex());
        }
    }

    private final boolean keepGraph;
    private final boolean reuseMemory;
    private final Set<Key> wanted;
    private final Workspace workspace = new Workspace();
    private final Map<Provenance, Tensor[]> pending = new HashMap<>();
    private final PriorityQueue<Provenance> queue =
            new PriorityQueue<>(Comparator.comparingLong(Provenance::number).reversed());
    // In the order in which leaves are first reached, which is the same in each run of a program: sums over the
    // gradients, such as the global norm, then have the same bits.
    private final Map<Key, Tensor> kept = new LinkedHashMap<>();

    /**
     * @param wanted what to keep beside the leaves
     * @param keepGraph whether to keep saved values and to track the rules' own operations
     * @param reuseMemory whether the memory of saved values is used again, not only that of gradients on the way
     */
    Backward(Set<Key> wanted, boolean keepGraph, boolean reuseMemory) {
        this.wanted = wanted;
        this.keepGraph = keepGraph;
        this.reuseMemory = reuseMemory;
    }

    /** Walks from these outputs with these gradients of theirs; what they hold at the end. */
    Map<Key, Tensor> from(List<Tensor> outputs, List<Tensor> seeds) {
        Runnable walk = () -> {
            for (int i = 0; i < outputs.size(); i++) {
                // The caller's own: they may be read afterwards.
                outputs.get(i).storage().pin();
                seeds.get(i).storage().pin();
                accumulate(outputs.get(i).provenance(), outputs.get(i).outputIndex(), seeds.get(i));
            }
            Provenance p;
            while ((p = queue.poll()) != null) {
                consume(p, pending.remove(p));
            }
        };
        if (keepGraph) {
            walk.run();
        } else {
            workspace.call(() -> {
                NoGrad.run(walk);
                return null;
            });
        }
        return kept;
    }

    private void consume(Provenance p, Tensor[] gradients) {
        for (int i = 0; i < gradients.length; i++) {
            Key key = new Key(p, i);
            if (gradients[i] != null && wanted.contains(key)) {
                kept.put(key, held(gradients[i]));
            }
        }
        Node node = new Node(p, gradients);
        boolean custom = false;
        if (p.op() instanceof Recompute r) {
            // The recomputed nodes are the newest, so they come next, and what they give arrives here in the order in
            // which it would have without checkpointing: the sums have the same bits.
            List<Tensor> again = Workspace.outside(() -> NoGrad.enableGrad(() -> r.again(node)));
            for (int i = 0; i < gradients.length; i++) {
                if (gradients[i] != null && again.get(i).isTracked()) {
                    accumulate(again.get(i).provenance(), again.get(i).outputIndex(), gradients[i]);
                }
            }
        } else {
            custom = p.op() instanceof CustomOp;
            Tensor[] found = custom ? Workspace.outside(() -> Rules.of(node)) : Rules.of(node);
            for (int i = 0; i < found.length; i++) {
                if (found[i] != null && node.needs(i)) {
                    check(p, i, found[i]);
                    if (custom) {
                        found[i].storage().pin();
                    }
                    accumulate(p.source(i), p.sourceOutput(i), found[i]);
                }
            }
        }
        if (!keepGraph) {
            // What a user's rule has seen or given, it may hold.
            p.release(reuseMemory && !custom);
        }
        for (Tensor g : gradients) {
            if (g != null) {
                if (custom) {
                    g.storage().pin();
                }
                g.storage().letGo();
            }
        }
        workspace.reclaim();
    }

    private void accumulate(Provenance p, int output, Tensor gradient) {
        if (p.isLeaf()) {
            kept.compute(new Key(p, 0), (key, before) -> sum(before, gradient));
            return;
        }
        Tensor[] slots = pending.get(p);
        if (slots == null) {
            slots = new Tensor[p.outputSpecs().size()];
            pending.put(p, slots);
            queue.add(p);
        }
        slots[output] = sum(slots[output], gradient);
    }

    /** The sum, held in the place of what was there before. */
    private static Tensor sum(Tensor before, Tensor more) {
        if (before == null) {
            return held(more);
        }
        Tensor sum = held(before.add(more));
        before.storage().letGo();
        return sum;
    }

    private static Tensor held(Tensor t) {
        t.storage().hold();
        return t;
    }

    private static void check(Provenance p, int input, Tensor gradient) {
        TensorSpec expected = gradientSpec(p.inputSpecs().get(input));
        if (!gradient.spec().equals(expected)) {
            throw new TensorException("gradients: the rule of '" + p.label() + "' gave " + gradient.spec()
                    + " for input " + input + ", which needs " + expected);
        }
    }

    /** The spec of the gradient of a tensor: its own, but F32 for the types that only store. */
    static TensorSpec gradientSpec(TensorSpec s) {
        return s.dtype().isComputable() ? s : TensorSpec.f32(s.shape());
    }

    /** A gradient of nothing but zeros. */
    static Tensor zeros(TensorSpec s) {
        DType dtype = s.dtype().isFloating() ? gradientSpec(s).dtype() : s.dtype();
        return Tensor.full(s.shape(), dtype, 0);
    }
}
