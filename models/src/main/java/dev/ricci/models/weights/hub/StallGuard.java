package dev.ricci.models.weights.hub;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;

/**
 * Closes a stream from which nothing has come for too long: the client's own timeout ends with the headers of an answer,
 * and a body that stalls would be waited for without end.
 */
final class StallGuard implements AutoCloseable {
    private final Thread watcher;
    private volatile long progress = System.nanoTime();
    private volatile boolean stalled;

    StallGuard(Closeable stream, Duration patience) {
        watcher = Thread.ofVirtual().start(() -> {
            try {
                while (!stalled) {
                    long left = patience.toNanos() - (System.nanoTime() - progress);
                    if (left > 0) {
                        Thread.sleep(Duration.ofNanos(left));
                    } else {
                        stalled = true;
                        stream.close();
                    }
                }
            } catch (InterruptedException e) {
                // The stream has ended, and the watch with it.
                return;
            } catch (IOException e) {
                // It is closed, or as good as: the reader sees it.
                return;
            }
        });
    }

    /** Something has come. */
    void progress() {
        progress = System.nanoTime();
    }

    /** Whether the stream was closed by this guard. */
    boolean stalled() {
        return stalled;
    }

    @Override
    public void close() {
        watcher.interrupt();
    }
}
