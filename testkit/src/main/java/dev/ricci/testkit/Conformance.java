package dev.ricci.testkit;

import java.util.Iterator;
import java.util.Random;
import java.util.function.Consumer;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Shrinkable;
import net.jqwik.api.sessions.JqwikSession;

/**
 * Runs a property over generated cases: deterministic, with greedy shrinking. What jqwik's engine does for methods that
 * are properties, for suites whose properties are made at run time.
 */
final class Conformance {
    private static final int SHRINK_ATTEMPTS = 2000;
    private static final long SHRINK_NANOS = 10_000_000_000L;

    private Conformance() {
    }

    /** Cases for each row and property: {@code ricci.conformance.cases}, 200 unless set. */
    static int cases() {
        return Integer.getInteger("ricci.conformance.cases", 200);
    }

    /** The seed of all cases: {@code ricci.conformance.seed}, fixed unless set. */
    static long seed() {
        return Long.getLong("ricci.conformance.seed", 20_260_101L);
    }

    /**
     * Runs a property over a row's cases.
     *
     * @throws AssertionError at the first case that fails, with a small failing case and the seed
     */
    static void check(OpRow row, Profile profile, int cases, Consumer<OpCase> property) {
        long seed = seed() ^ 31L * row.name().hashCode() + profile.ordinal();
        JqwikSession.run(() -> run(row.name() + " (" + profile + ")", row.cases(profile), seed, cases, property));
    }

    /** As {@link #check}; inside a session. */
    static <T> void run(String name, Arbitrary<T> arbitrary, long seed, int cases, Consumer<T> property) {
        var generator = arbitrary.generator(cases);
        Random random = new Random(seed);
        for (int i = 0; i < cases; i++) {
            Shrinkable<T> drawn = generator.next(random);
            Throwable failure = failure(property, drawn);
            if (failure != null) {
                report(name, seed, i, cases, property, drawn, failure);
            }
        }
    }

    private static <T> Throwable failure(Consumer<T> property, Shrinkable<T> drawn) {
        try {
            property.accept(drawn.value());
            return null;
        } catch (AssertionError | RuntimeException e) {
            return e;
        }
    }

    private static <T> void report(String name, long seed, int index, int cases, Consumer<T> property,
            Shrinkable<T> drawn, Throwable failure) {
        Shrinkable<T> smallest = drawn;
        Throwable smallestFailure = failure;
        int attempts = 0;
        long end = System.nanoTime() + SHRINK_NANOS;
        boolean improved = true;
        while (improved) {
            improved = false;
            Iterator<Shrinkable<T>> candidates = smallest.shrink().iterator();
            while (!improved && candidates.hasNext() && attempts++ < SHRINK_ATTEMPTS && System.nanoTime() < end) {
                Shrinkable<T> candidate = candidates.next();
                Throwable f = failure(property, candidate);
                if (f != null) {
                    smallest = candidate;
                    smallestFailure = f;
                    improved = true;
                }
            }
        }
        throw new AssertionError(name + ": case " + index + " of " + cases + " failed; run it again with"
                + " -Dricci.conformance.seed=" + seed() + ". After " + attempts + " attempts to shrink:\n"
                + smallest.value() + "\n" + smallestFailure, smallestFailure);
    }
}
