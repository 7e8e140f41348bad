package dev.ricci.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.TensorException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ParallelTest {
    @Test
    void everyPartRunsOnce() {
        for (int n : new int[] {0, 1, 2, 3, 7, 100, 5000}) {
            AtomicIntegerArray runs = new AtomicIntegerArray(n);
            Parallel.parts(n, runs::incrementAndGet);
            for (int p = 0; p < n; p++) {
                assertEquals(1, runs.get(p));
            }
        }
    }

    @Test
    void rangesCoverEveryItemOnceAndDependOnlyOnShape() {
        for (int n : new int[] {0, 1, 100, Parallel.GRAIN, Parallel.GRAIN + 1, 5 * Parallel.GRAIN + 3}) {
            for (long work : new long[] {1, 3, 1000, 1L << 40}) {
                Set<Integer> starts = ConcurrentHashMap.newKeySet();
                Set<Integer> alone = ConcurrentHashMap.newKeySet();
                int m = work > 1000 ? Math.min(n, 500) : n;
                AtomicIntegerArray runs = new AtomicIntegerArray(m);
                Parallel.ranges(m, work, (from, to) -> {
                    starts.add(from);
                    for (int i = from; i < to; i++) {
                        runs.incrementAndGet(i);
                    }
                });
                for (int i = 0; i < m; i++) {
                    assertEquals(1, runs.get(i));
                }
                Threads.limit(1, () -> Parallel.ranges(m, work, (from, to) -> alone.add(from)));
                assertEquals(alone, starts);
            }
        }
    }

    @Test
    void severalThreadsTakePart() throws InterruptedException {
        Assumptions.assumeTrue(Threads.current() > 1, "needs two threads");
        CountDownLatch both = new CountDownLatch(2);
        Parallel.parts(2, p -> {
            both.countDown();
            // Each part waits until the other runs too.
            await(both);
        });
    }

    @Test
    void aJobThatIsDoneDoesNotKeepAHelperFromTheNext() throws InterruptedException {
        int helpers = Threads.available() - 1;
        Assumptions.assumeTrue(helpers > 0, "needs two threads");
        CountDownLatch busy = new CountDownLatch(helpers + 1);
        CountDownLatch release = new CountDownLatch(1);
        Thread other = new Thread(() -> Parallel.parts(helpers + 1, p -> {
            busy.countDown();
            await(release);
        }));
        other.start();
        await(busy);
        // Nobody helps with this one, and every helper still has it before it when the next one comes.
        Parallel.parts(helpers + 1, p -> { });
        CountDownLatch both = new CountDownLatch(2);
        Parallel.parts(2, p -> {
            release.countDown();
            both.countDown();
            await(both);
        });
        other.join();
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void smallWorkAndALimitOfOneStayOnTheCallingThread() {
        Thread caller = Thread.currentThread();
        Parallel.ranges(100, 1, (from, to) -> assertSame(caller, Thread.currentThread()));
        Threads.limit(1, () -> Parallel.parts(100, p -> assertSame(caller, Thread.currentThread())));
    }

    @Test
    void aCallFromWithinAPartRunsSerially() {
        Parallel.parts(8, outer -> {
            Thread thread = Thread.currentThread();
            int[] next = {0};
            Parallel.parts(50, inner -> {
                assertSame(thread, Thread.currentThread());
                assertEquals(next[0]++, inner);
            });
            assertEquals(50, next[0]);
        });
    }

    @Test
    void theFirstFailureReachesTheCallerAndThePoolLivesOn() {
        for (int round = 0; round < 200; round++) {
            IllegalStateException e = assertThrows(IllegalStateException.class, () -> Parallel.parts(100, p -> {
                if (p >= 37) {
                    throw new IllegalStateException("part " + p);
                }
            }));
            assertEquals("part 37", e.getMessage());
        }
        everyPartRunsOnce();
    }

    @Test
    void errorsReachTheCallerToo() {
        assertThrows(StackOverflowError.class, () -> Parallel.parts(4, p -> {
            throw new StackOverflowError();
        }));
    }

    @Test
    void anInterruptDoesNotCutWorkShortAndIsKept() {
        AtomicInteger done = new AtomicInteger();
        Thread.currentThread().interrupt();
        Parallel.parts(64, p -> {
            for (int i = 0; i < 100_000; i++) {
                Thread.onSpinWait();
            }
            done.incrementAndGet();
        });
        assertTrue(Thread.interrupted());
        assertEquals(64, done.get());
    }

    @Test
    void eightCallersAtOnceGetTheirOwnResults() throws InterruptedException {
        int callers = 8;
        long[][] sums = new long[callers][1];
        Thread[] threads = new Thread[callers];
        for (int c = 0; c < callers; c++) {
            int caller = c;
            threads[c] = Thread.ofPlatform().start(() -> {
                for (int round = 0; round < 200; round++) {
                    int[] parts = new int[64];
                    Parallel.parts(64, p -> parts[p] = caller + p);
                    for (int v : parts) {
                        sums[caller][0] += v;
                    }
                }
            });
        }
        long[][] expected = new long[callers][1];
        for (int c = 0; c < callers; c++) {
            threads[c].join();
            expected[c][0] = 200L * (64 * c + 64 * 63 / 2);
        }
        assertArrayEquals(expected, sums);
    }

    @Test
    void limitsNestAndTheSmallestCounts() {
        assertEquals(1, (int) Threads.limit(1, () -> Threads.limit(5, Threads::current)));
        assertEquals(Threads.available(), (int) Threads.limit(1000, Threads::current));
        assertEquals(Threads.available(), Threads.current());
        TensorException e = assertThrows(TensorException.class, () -> Threads.limit(0, () -> { }));
        assertTrue(e.getMessage().contains("positive"), e.getMessage());
    }
}
