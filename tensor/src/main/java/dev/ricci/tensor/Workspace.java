package dev.ricci.tensor;

import dev.ricci.tensor.spi.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Counts what the ops of a piece of engine code make, so that the memory of what nobody holds is used again: for code
 * whose results no user sees but through the engine's hands, such as a backward pass. A {@link OpListener} sees them
 * too; where there is one, nothing is counted.
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
     * Runs one step of a computation in here and gives back the memory of all that was made in here before and during it, but
     * for what its result lies in, which lives until the step after. Who hands the last result to a user pins its storage.
     */
    public Tensor step(Supplier<Tensor> body) {
        Tensor result = call(body);
        boolean kept = fresh.remove(result.storage());
        reclaim();
        if (kept) {
            fresh.add(result.storage());
        }
        return result;
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
