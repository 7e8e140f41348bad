package dev.ricci.tensor;

import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Counts what the ops of a piece of engine code make, so that the memory of what nobody holds is used again: for code
 * whose results no user sees but through the engine's hands, such as a backward pass or a step of a generation. A
 * {@link OpListener} sees them too; where there is one, nothing is counted.
 */
public final class Workspace {
    private static final ScopedValue<Workspace> CURRENT = ScopedValue.newInstance();
    private static final Workspace NONE = new Workspace();

    private final List<Storage> fresh = new ArrayList<>();

    /** One in which nothing was made yet. */
    public Workspace() {
    }

    /** Runs {@code body} in here. Bound to this thread. */
    public <T> T call(Supplier<T> body) {
        return ScopedValue.where(CURRENT, Dispatch.listener() == null ? this : NONE).call(body::get);
    }

    /** Runs {@code body}, code of a user, in no workspace. */
    public static <T> T outside(Supplier<T> body) {
        return current() == null ? body.get() : ScopedValue.where(CURRENT, NONE).call(body::get);
    }

    /**
     * Runs layers one after the other. Without gradients nobody sees what a layer makes on its way: the next but one writes
     * over it while it is warm.
     */
    public static Tensor chain(Tensor x, List<UnaryOperator<Tensor>> layers) {
        Workspace memory = NoGrad.isActive() ? new Workspace() : NONE;
        Tensor y = x;
        for (UnaryOperator<Tensor> layer : layers) {
            y = memory == NONE ? layer.apply(y) : memory.step(layer, y);
        }
        if (memory != NONE) {
            memory.leave(y);
        }
        return y;
    }

    /** Gives back all that was made in here before and by this layer but its result, which lives until the next step. */
    private Tensor step(UnaryOperator<Tensor> layer, Tensor x) {
        Tensor y = call(() -> layer.apply(x));
        boolean kept = fresh.remove(y.storage());
        reclaim();
        if (kept) {
            fresh.add(y.storage());
        }
        return y;
    }

    /** Leaves a result to the workspace around this one, or to the user. */
    private void leave(Tensor result) {
        if (fresh.remove(result.storage())) {
            Workspace around = current();
            if (around == null) {
                result.storage().pin();
                HeapStorage.stepEnded();
            } else {
                around.fresh.add(result.storage());
            }
        }
    }

    /**
     * Runs a computation without gradients, and gives back the memory of all tensors that it made: what is wanted of them is
     * read out, as a number or an array of the host, or is in variables.
     */
    public static <T> T discarding(Supplier<T> body) {
        Workspace memory = new Workspace();
        try {
            return memory.call(() -> NoGrad.call(body));
        } finally {
            memory.reclaim();
            HeapStorage.stepEnded();
        }
    }

    /** Gives back the memory of what was made since the last time and is not held now. */
    public void reclaim() {
        fresh.forEach(Storage::reclaimIfFree);
        fresh.clear();
    }

    /** That of this thread, or null. */
    static Workspace current() {
        Workspace w = CURRENT.isBound() ? CURRENT.get() : null;
        return w == NONE ? null : w;
    }

    void made(Storage s) {
        s.countHolds();
        if (s.isReclaimable()) {
            fresh.add(s);
        }
    }
}
