package dev.ricci.bench;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * What this machine can do at most, measured in this process: fused multiply-adds in registers, and bytes read, or read
 * and written, at the size of the work at hand (the last level of cache may hold it, and then the memory is no limit).
 * Of several windows the best counts. Each is measured once.
 */
final class Limits {
    /** So many windows in a row without a gain end the measuring. */
    private static final int WINDOWS = 6;
    private static final int MOST_WINDOWS = 100;
    /** The first time that a loop runs: on a busy machine the compiler comes late. */
    private static final int WARM_UP_WINDOWS = 50;
    private static final double GAIN = 1.01;
    private static final int FMA_TURNS = 1 << 12;
    private static final long SMALLEST_BYTES = 1 << 16;
    /** Beyond this no cache helps; larger work is measured at this size. */
    private static final long LARGEST_BYTES = 512L << 20;

    /** Shorter windows ask whether it runs, not how fast. */
    private static final long SMALLEST_WINDOW = 10_000_000;

    private final long windowNanos;
    private final Map<Integer, Double> peaks = new HashMap<>();
    private final Map<String, Double> bandwidths = new HashMap<>();
    /** Keeps the loops' results, which nothing else needs, from being optimised away with the loops. */
    private volatile float sink;
    private final Set<String> warm = new HashSet<>();

    Limits(int windowMillis) {
        this.windowNanos = windowMillis * 1_000_000L;
    }

    /** Seconds that the work takes at the least, and why. */
    record Bound(double seconds, String limit) {
    }

    Bound bound(Workload w, int threads) {
        double arithmetic = w.flops() == 0 ? 0 : w.flops() / peak(threads);
        double traffic = w.bytes() == 0 ? 0 : w.bytes() / bandwidth(w.readsOnly(), w.bytes(), threads);
        return arithmetic >= traffic ? new Bound(arithmetic, "FMA")
                : new Bound(traffic, w.readsOnly() ? "read" : "copy");
    }

    /** FLOP/s. */
    double peak(int threads) {
        return peaks.computeIfAbsent(threads, n -> best("multiply and add", n, thread -> () -> {
            sink = FmaLoop.multiplyAdd(FMA_TURNS);
            return (double) FMA_TURNS * FmaLoop.flopsPerTurn();
        }));
    }

    /** Bytes/s over a working set of so many bytes, shared among the threads. */
    double bandwidth(boolean read, double bytes, int threads) {
        long size = Math.clamp((long) bytes, SMALLEST_BYTES, LARGEST_BYTES);
        return bandwidths.computeIfAbsent(read + " " + size + " " + threads, key -> {
            int floats = (int) (size / Float.BYTES / (read ? 1 : 2));
            float[] from = new float[floats];
            float[] to = read ? from : new float[floats];
            int part = floats / threads;
            return best(read ? "read" : "copy", threads, thread -> () -> {
                int start = thread * part;
                if (read) {
                    sink = FmaLoop.read(from, start, start + part);
                } else {
                    System.arraycopy(from, start, to, start, part);
                }
                return (double) part * Float.BYTES * (read ? 1 : 2);
            });
        });
    }

    /** Bytes/s of the triad a = b + 2 c in a plain loop, over arrays that no cache holds (McCalpin 1995, STREAM). */
    double triad(int threads) {
        int floats = (int) (windowNanos < SMALLEST_WINDOW ? SMALLEST_BYTES : LARGEST_BYTES / 3 / Float.BYTES);
        float[] a = new float[floats];
        float[] b = new float[floats];
        float[] c = new float[floats];
        int part = floats / threads;
        return best("triad", threads, thread -> () -> {
            for (int i = thread * part; i < (thread + 1) * part; i++) {
                a[i] = b[i] + 2 * c[i];
            }
            return 3.0 * part * Float.BYTES;
        });
    }

    /** Does a piece of work and says how much it was. */
    private interface Piece {
        double run();
    }

    /** The sum of what the threads do in a second while all are at it, in the best window. */
    private double best(String loop, int threads, IntFunction<Piece> pieces) {
        double best = 0;
        int without = warm.add(loop) ? WINDOWS - WARM_UP_WINDOWS : 0;
        for (int window = 0; window < MOST_WINDOWS && without < WINDOWS; window++) {
            double[] rates = new double[threads];
            Thread[] running = new Thread[threads];
            for (int t = 0; t < threads; t++) {
                int thread = t;
                running[t] = Thread.ofPlatform().start(() -> rates[thread] = rate(pieces.apply(thread)));
            }
            double sum = 0;
            for (int t = 0; t < threads; t++) {
                try {
                    running[t].join();
                } catch (InterruptedException e) {
                    throw new IllegalStateException("interrupted while measuring the machine", e);
                }
                sum += rates[t];
            }
            without = sum > best * GAIN ? Math.min(without + 1, 0) : without + 1;
            best = Math.max(best, sum);
        }
        return best;
    }

    private double rate(Piece piece) {
        double done = 0;
        long began = System.nanoTime();
        long elapsed;
        do {
            done += piece.run();
            elapsed = System.nanoTime() - began;
        } while (elapsed < windowNanos);
        return done / (elapsed / 1e9);
    }
}
