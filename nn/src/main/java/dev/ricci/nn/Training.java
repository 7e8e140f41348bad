package dev.ricci.nn;

import dev.ricci.autograd.Checkpointing;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Whether layers behave as in training or as in evaluation. In PyTorch this is a flag on every module, switched by
 * {@code model.train()} and {@code model.eval()}. Here it belongs to the call: code inside {@link #scope} trains,
 * everything else evaluates, so one thread can evaluate a model while another trains it, and nothing can be left in
 * the wrong mode. The scope also brings the randomness that dropout draws from:
 *
 * {@snippet :
 * Tensor loss = Training.scope(rng.split(step), () -> Functional.crossEntropy(model.forward(x), y));
 * }
 *
 * <p>Bound to the calling thread. Draw number i in a scope depends on the scope's {@link Rng} and i alone. Gradients are
 * another matter: they are tracked outside of a scope too, unless {@link dev.ricci.tensor.NoGrad} says otherwise.
 */
public final class Training {
    private record Scope(Rng rng, AtomicLong calls) {
    }

    private static final ScopedValue<Scope> SCOPE = ScopedValue.newInstance();

    private static final Scope EVALUATION = new Scope(null, null);

    private Training() {
    }

    /**
     * Runs {@code body} in training mode and returns its result. Inside another scope this one counts.
     *
     * @param rng what random layers draw from; take another one, such as {@code rng.split(step)}, for every step
     */
    public static <T> T scope(Rng rng, Supplier<T> body) {
        if (rng == null) {
            throw new TensorException("Training.scope: needs an Rng, got null; use Rng.of(seed)");
        }
        return ScopedValue.where(SCOPE, new Scope(rng, new AtomicLong())).call(body::get);
    }

    /** Runs {@code body} in evaluation mode inside a scope: a teacher or a target network. */
    public static <T> T evaluate(Supplier<T> body) {
        return ScopedValue.where(SCOPE, EVALUATION).call(body::get);
    }

    /** Whether the calling thread runs inside a {@link #scope}. */
    public static boolean isActive() {
        return SCOPE.isBound() && SCOPE.get() != EVALUATION;
    }

    /**
     * The next source of randomness of the scope: the child 0, 1, ... of its {@link Rng}.
     *
     * @throws TensorException outside of a scope
     */
    public static Rng nextRng() {
        if (!isActive()) {
            throw new TensorException("Training.nextRng: not in training; run the code inside Training.scope(rng, body)");
        }
        Scope scope = SCOPE.get();
        return scope.rng.split(scope.calls.getAndIncrement());
    }

    /**
     * {@link Checkpointing#run} for layers: what {@code f} computes is not kept for the backward pass but computed
     * again there, with the same draws and in the same mode as the first time.
     *
     * @param f must not update variables; a {@link BatchNorm} in training does, and is refused
     * @param x its argument
     */
    public static Tensor checkpoint(UnaryOperator<Tensor> f, Tensor x) {
        if (!isActive()) {
            return Checkpointing.run(in -> evaluate(() -> f.apply(in)), x);
        }
        Rng rng = nextRng();
        return Checkpointing.run(in -> scope(rng, () -> f.apply(in)), x);
    }
}
