package dev.ricci.models.diffusion;

import dev.ricci.models.generation.FailedGenerationException;
import dev.ricci.tensor.TensorException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeoutException;

/**
 * What becomes of a text that a {@link DiffusionEngine} denoises: its ids as they become known, in any order. They wait here
 * until they are taken, so that a slow reader delays nobody. One thread reads; any thread may cancel. A reader that loses
 * interest closes it, which gives its place in the engine back.
 */
public final class DiffusionRun implements AutoCloseable {
    private final ArrayDeque<Reveal> reveals = new ArrayDeque<>();
    private DiffusionResult result;
    private Throwable failure;
    private boolean cancelled;

    DiffusionRun() {
    }

    /**
     * Waits for the next id.
     *
     * @return it, or nothing if there are no more
     * @throws TensorException if the text failed; others go on
     */
    public Optional<Reveal> next() throws InterruptedException {
        synchronized (reveals) {
            while (reveals.isEmpty() && !isEnded()) {
                reveals.wait();
            }
            return take();
        }
    }

    /**
     * Waits for the next id, but not for ever.
     *
     * @return as {@link #next()}
     * @throws TimeoutException if none came in time; the text goes on
     * @throws TensorException if the text failed
     */
    public Optional<Reveal> next(Duration wait) throws InterruptedException, TimeoutException {
        long end = System.nanoTime() + wait.toNanos();
        synchronized (reveals) {
            while (reveals.isEmpty() && !isEnded()) {
                long millis = (end - System.nanoTime() + 999_999) / 1_000_000;
                if (millis <= 0) {
                    throw new TimeoutException("nothing became known within " + wait.toMillis() + " ms");
                }
                reveals.wait(millis);
            }
            return take();
        }
    }

    private Optional<Reveal> take() {
        if (reveals.isEmpty() && failure != null) {
            throw failed();
        }
        return Optional.ofNullable(reveals.poll());
    }

    /**
     * Waits for the end.
     *
     * @return the text, or nothing if it was cancelled
     * @throws TensorException if the text failed
     */
    public Optional<DiffusionResult> result() throws InterruptedException {
        synchronized (reveals) {
            while (!isEnded()) {
                reveals.wait();
            }
            if (failure != null) {
                throw failed();
            }
            return Optional.ofNullable(result);
        }
    }

    private FailedGenerationException failed() {
        return new FailedGenerationException("diffusion: failed: " + failure.getMessage(), failure);
    }

    /** Whether nothing more will come. */
    public boolean isEnded() {
        synchronized (reveals) {
            return result != null || failure != null || cancelled;
        }
    }

    /** Ends it, at the latest after the engine's present step; ids not yet read are dropped. Nothing if it ended. */
    public void cancel() {
        synchronized (reveals) {
            if (!isEnded()) {
                cancelled = true;
                reveals.clear();
                reveals.notifyAll();
            }
        }
    }

    /** {@link #cancel}. */
    @Override
    public void close() {
        cancel();
    }

    void add(List<Reveal> more) {
        synchronized (reveals) {
            if (!isEnded()) {
                reveals.addAll(more);
                reveals.notifyAll();
            }
        }
    }

    void end(DiffusionResult whole) {
        synchronized (reveals) {
            if (!isEnded()) {
                result = whole;
                reveals.notifyAll();
            }
        }
    }

    void fail(Throwable cause) {
        synchronized (reveals) {
            if (!isEnded()) {
                failure = cause;
                reveals.notifyAll();
            }
        }
    }
}
