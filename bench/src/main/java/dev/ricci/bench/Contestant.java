package dev.ricci.bench;

import java.util.function.Supplier;

/**
 * One way of doing a {@link Workload}, ready to be called again and again from one thread.
 *
 * @param operations how many times one call does the work: times are divided by it
 * @param call does it
 * @param result what the last call computed, flat; compared before anything is measured, so that a time is never
 *     that of other work
 * @param release frees what it holds
 */
public record Contestant(int operations, Runnable call, Supplier<float[]> result, Runnable release)
        implements AutoCloseable {
    @Override
    public void close() {
        release.run();
    }
}
