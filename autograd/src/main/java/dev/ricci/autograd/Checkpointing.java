package dev.ricci.autograd;

import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.OpListener;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.op.StateUpdate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Activation checkpointing (Chen et al. 2016): what a function computes inside is not kept for the backward pass but
 * computed again there. Values and gradients have the same bits as without it.
 *
 * <p>The function must repeat itself exactly: random draws from an {@code Rng} that it holds do. It must not update
 * variables. Tracked tensors that it reads beside its arguments, such as parameters, get their gradients.
 */
public final class Checkpointing {
    private Checkpointing() {
    }

    /**
     * Runs a function of one tensor.
     *
     * @throws TensorException if it updates a variable
     */
    public static Tensor run(UnaryOperator<Tensor> f, Tensor input) {
        Function<List<Tensor>, List<Tensor>> lists = in -> List.of(f.apply(in.getFirst()));
        return run(lists, new Tensor[] {input}).getFirst();
    }

    /**
     * Runs a function of several tensors with several results.
     *
     * @throws TensorException if it updates a variable
     */
    @SuppressWarnings("overloads") // a lambda with one tensor always means the other form
    public static List<Tensor> run(Function<List<Tensor>, List<Tensor>> f, Tensor... inputs) {
        if (NoGrad.isActive()) {
            return f.apply(List.of(inputs));
        }
        Reads reads = new Reads();
        List<Tensor> made = reads.listen(() -> NoGrad.call(() -> List.copyOf(f.apply(List.of(inputs)))));
        made.forEach(reads::read);
        List<Tensor> in = new ArrayList<>(List.of(inputs));
        in.addAll(reads.outside.values());
        return Tensor.applyAll(new Recompute(f, inputs.length, made), in.toArray(Tensor[]::new));
    }

    /** Notes what a function reads but does not make. */
    private static final class Reads implements OpListener {
        private final Set<Long> inside = new HashSet<>();
        private final Map<Long, Tensor> outside = new LinkedHashMap<>();

        @Override
        public void executed(Op op, List<Tensor> inputs, List<Tensor> outputs, long nanos) {
            if (op instanceof StateUpdate) {
                throw new TensorException("checkpoint: the function ran '" + op.name() + "', which would happen a"
                        + " second time when it is recomputed; update state outside of it");
            }
            inputs.forEach(this::read);
            outputs.forEach(t -> inside.add(t.id()));
        }

        void read(Tensor t) {
            if (!inside.contains(t.id())) {
                // detach() keeps the id: of two with one id the tracked one counts.
                outside.merge(t.id(), t, (a, b) -> a.isTracked() ? a : b);
            }
        }
    }
}
