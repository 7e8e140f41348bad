package dev.ricci.tensor.cpu;

import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Runs the parts of a kernel on several threads. The caller decides the parts from shapes alone, never from the number
 * of threads, so that sums over parts, added in order, have the same bits for any number. The caller takes part, and
 * would finish alone if every worker were busy, so concurrent callers cannot block each other.
 */
final class Parallel {
    /** Elementary operations (about a nanosecond or less each) below which a part is not worth a thread. */
    static final int GRAIN = 1 << 15;

    private static final int SPINS = 2000;
    private static final ThreadLocal<boolean[]> INSIDE = ThreadLocal.withInitial(() -> new boolean[1]);

    private Parallel() {
    }

    /** Part number {@code part} of a loop. */
    @FunctionalInterface
    interface Part {
        void run(int part);
    }

    /** The items {@code from} (inclusive) to {@code to} (exclusive) of a loop. */
    @FunctionalInterface
    interface Range {
        void run(int from, int to);
    }

    private static final class Pool {
        static final ForkJoinPool INSTANCE = new ForkJoinPool(Math.max(1, Threads.available() - 1), pool -> {
            ForkJoinWorkerThread thread = ForkJoinPool.defaultForkJoinWorkerThreadFactory.newThread(pool);
            thread.setName("ricci-cpu-" + thread.getPoolIndex());
            thread.setDaemon(true);
            return thread;
        }, null, true);
    }

    /** How many items make a part when each costs {@code work} elementary operations: a function of shape only. */
    static int grain(long work) {
        return (int) Math.max(1, GRAIN / Math.max(1, work));
    }

    /** Runs items 0 .. n-1, each of which costs {@code work} elementary operations, in ranges of a fixed size. */
    static void ranges(int n, long work, Range body) {
        int grain = grain(work);
        if (n <= grain) {
            if (n > 0) {
                body.run(0, n);
            }
            return;
        }
        int parts = (int) (((long) n + grain - 1) / grain);
        parts(parts, p -> body.run(p * grain, (int) Math.min(n, (p + 1L) * grain)));
    }

    /**
     * Runs parts 0 .. n-1, in any order, on as many threads as {@link Threads} allows. Serial within another part. If
     * parts throw, the exception of the first of them (by number) reaches the caller once all running parts are done.
     */
    static void parts(int n, Part body) {
        int threads = n < 2 ? 1 : Math.min(n, Threads.current());
        boolean[] inside = INSIDE.get();
        if (threads == 1 || inside[0]) {
            for (int p = 0; p < n; p++) {
                body.run(p);
            }
            return;
        }
        Job job = new Job(n, body);
        for (int i = 1; i < threads; i++) {
            Pool.INSTANCE.execute(job);
        }
        job.run();
        job.await();
    }

    private static final class Job implements Runnable {
        private final int n;
        private final Part body;
        private final Thread caller = Thread.currentThread();
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicInteger done = new AtomicInteger();
        private Throwable failure;
        private volatile int failed = Integer.MAX_VALUE;

        Job(int n, Part body) {
            this.n = n;
            this.body = body;
        }

        @Override
        public void run() {
            boolean[] inside = INSIDE.get();
            inside[0] = true;
            try {
                int finished = 0;
                for (int p = next.getAndIncrement(); p < n; p = next.getAndIncrement()) {
                    runPart(p);
                    finished++;
                }
                if (finished > 0 && done.addAndGet(finished) == n && Thread.currentThread() != caller) {
                    LockSupport.unpark(caller);
                }
            } finally {
                inside[0] = false;
            }
        }

        private void runPart(int p) {
            // Parts are taken in order: after a failure those that are left are only counted, and every part before
            // the failed one has been taken, so which exception wins does not depend on the threads.
            if (failed < p) {
                return;
            }
            try {
                body.run(p);
            } catch (Throwable t) {
                fail(p, t);
            }
        }

        private synchronized void fail(int p, Throwable t) {
            if (p < failed) {
                failed = p;
                failure = t;
            }
        }

        void await() {
            int spins = 0;
            boolean interrupted = false;
            while (done.get() < n) {
                if (spins < SPINS) {
                    spins++;
                    Thread.onSpinWait();
                } else {
                    LockSupport.park(this);
                    interrupted |= Thread.interrupted();
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            synchronized (this) {
                if (failure != null) {
                    Parallel.<RuntimeException>rethrow(failure);
                }
            }
        }
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> void rethrow(Throwable t) throws E {
        throw (E) t;
    }
}
