package dev.ricci.tensor;

import java.util.function.Supplier;

/** Runs code whose results are not tracked: no provenance, no memory held for a backward pass. */
public final class NoGrad {
    private static final ScopedValue<Boolean> DISABLED = ScopedValue.newInstance();

    private NoGrad() {
    }

    /** Runs {@code body} untracked and returns its result. Bound to this thread. */
    public static <T> T call(Supplier<T> body) {
        return isActive() ? body.get() : ScopedValue.where(DISABLED, true).call(body::get);
    }

    /** Runs {@code body} untracked. */
    public static void run(Runnable body) {
        if (isActive()) {
            body.run();
        } else {
            ScopedValue.where(DISABLED, true).run(body);
        }
    }

    /** Runs {@code body} tracked again inside an untracked region (activation checkpointing needs it). */
    public static <T> T enableGrad(Supplier<T> body) {
        return ScopedValue.where(DISABLED, false).call(body::get);
    }

    /** Whether the current thread runs untracked. */
    public static boolean isActive() {
        return DISABLED.isBound() && DISABLED.get();
    }
}
