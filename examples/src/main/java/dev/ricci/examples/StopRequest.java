package dev.ricci.examples;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The wish of the user that a long command stop in good order: Ctrl-C, or the {@code TERM} signal.
 *
 * <p>A command that asks {@link CommonOptions#stopRequest()} for it looks at {@link #requested()} between two steps,
 * writes what it must keep and returns; the process then ends with code 130, after {@code TERM} with 143. Commands that
 * never ask for it end at once, as usual.
 */
public final class StopRequest {
    /** How long the JVM waits for the command; a command that hangs must not make the process immortal. */
    private static final long PATIENCE_SECONDS = 60;

    private final AtomicBoolean requested = new AtomicBoolean();
    private final AtomicBoolean listening;
    private final CountDownLatch finished = new CountDownLatch(1);

    /**
     * A request that nobody has made yet.
     *
     * @param signals whether the signals of this process make it; false for a command that runs inside another program
     */
    StopRequest(boolean signals) {
        listening = new AtomicBoolean(!signals);
    }

    /**
     * Whether the command should stop now.
     *
     * @return true from the moment of the signal on
     */
    public boolean requested() {
        return requested.get();
    }

    /** Asks the command to stop; what the signal does, for programs that run a command themselves. */
    public void request() {
        requested.set(true);
    }

    /**
     * Turns the end of the JVM into this request, from the first call on. A shutdown hook and not a signal handler: it
     * works on every platform, and the JVM itself then exits with 128 + the signal's number.
     */
    void listen() {
        if (!listening.compareAndSet(false, true)) {
            return;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (finished.getCount() == 0) {
                return;
            }
            request();
            try {
                finished.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }, "ricci-stop"));
    }

    /** The command has returned and its results are printed. */
    void finish() {
        finished.countDown();
    }
}
