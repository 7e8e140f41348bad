package dev.ricci.tensor.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * Runs the parts of a kernel on several threads. The caller decides the parts from shapes alone, never from the number
 * of threads, so that sums over parts, added in order, have the same bits for any number. The caller takes part, and
 * would finish alone if every worker were busy, so concurrent callers cannot block each other.
 */
final class Parallel {
    /** Elementary operations (about a nanosecond or less each) below which a part is not worth a thread. */
    static final int GRAIN = 1 << 15;

    /** Looks for work, or for the end of it, before sleeping: some 50 microseconds. */
    private static final int LOOKS = 1000;
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

    /** The helpers of all callers: daemons, as many as {@link Threads#available} beside a caller. */
    private static final class Pool {
        static final Worker[] WORKERS = new Worker[Threads.available() - 1];

        static {
            for (int i = 0; i < WORKERS.length; i++) {
                WORKERS[i] = new Worker("ricci-cpu-" + (i + 1));
                WORKERS[i].start();
            }
        }

        /** Offers a job to at most {@code helpers} workers that have none; the caller does what nobody takes. */
        static void offer(Job job, int helpers) {
            int offered = 0;
            for (int i = 0; i < WORKERS.length && offered < helpers; i++) {
                if (WORKERS[i].offer(job)) {
                    offered++;
                }
            }
        }
    }

    /**
     * A helper. Ops follow each other within microseconds, and waking a thread takes tens of them, so it looks for the
     * next job for a moment before it sleeps. It does not yield meanwhile: on a busy machine it would come last for long.
     */
    private static final class Worker extends Thread {
        private final AtomicReference<Job> next = new AtomicReference<>();
        private volatile boolean asleep;

        Worker(String name) {
            super(name);
            setDaemon(true);
        }

        boolean offer(Job job) {
            Job waiting;
            do {
                waiting = next.get();
                if (waiting != null && !waiting.isTaken()) {
                    return false;
                }
            } while (!next.compareAndSet(waiting, job));
            if (asleep) {
                LockSupport.unpark(this);
            }
            return true;
        }

        @Override
        public void run() {
            INSIDE.get()[0] = true;
            while (true) {
                Job job = take();
                job.run();
            }
        }

        private Job take() {
            int looks = 0;
            while (true) {
                Job job = next.getAcquire();
                if (job != null && next.compareAndSet(job, null)) {
                    return job;
                }
                if (looks < LOOKS) {
                    looks++;
                    Thread.onSpinWait();
                } else {
                    asleep = true;
                    if (next.get() == null) {
                        LockSupport.park(this);
                    }
                    asleep = false;
                    // Nothing interrupts it on purpose; an interrupt left standing would turn sleep into a busy loop.
                    Thread.interrupted();
                }
            }
        }
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
        Pool.offer(job, threads - 1);
        inside[0] = true;
        try {
            job.run();
        } finally {
            inside[0] = false;
        }
        job.await();
    }

    private static final class Job {
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

        /** Whether no part is left to begin. */
        boolean isTaken() {
            return next.get() >= n;
        }

        void run() {
            int finished = 0;
            for (int p = next.getAndIncrement(); p < n; p = next.getAndIncrement()) {
                runPart(p);
                finished++;
            }
            if (finished > 0 && done.addAndGet(finished) == n && Thread.currentThread() != caller) {
                LockSupport.unpark(caller);
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
            int looks = 0;
            boolean interrupted = false;
            while (done.get() < n) {
                if (looks < LOOKS) {
                    looks++;
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
