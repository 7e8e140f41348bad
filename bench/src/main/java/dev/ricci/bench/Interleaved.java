package dev.ricci.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures contestants in turn in one loop of one process, so that whatever else the machine does, and whatever clock
 * it has chosen, concerns all of them alike.
 */
final class Interleaved {
    /** A sample is at least so long: short calls are repeated within one. */
    private static final double SAMPLE_NANOS = 200_000;
    /** Peers warm up in this part of the time: nothing of theirs waits for a compiler. */
    private static final int NATIVE = 4;
    private Interleaved() {
    }

    /**
     * Seconds of one operation.
     *
     * @param median of the samples
     * @param best the shortest
     */
    record Times(double median, double best) {
        static Times of(double[] samples) {
            double[] sorted = samples.clone();
            Arrays.sort(sorted);
            int half = sorted.length / 2;
            return new Times(sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2, sorted[0]);
        }
    }

    /**
     * Times under the contestants' names, in the same order.
     *
     * @param agreement how much results may differ, as a part of the largest number: sums in another order differ by less,
     *     other work by more
     */
    static Map<String, Times> measure(Plan plan, double agreement, Map<String, Contestant> contestants) {
        List<Contestant> all = List.copyOf(contestants.values());
        all.forEach(c -> c.call().run());
        checkAgreement(agreement, contestants);
        int[] repeats = contestants.entrySet().stream().mapToInt(e -> warmUp(plan,
                plan.warmUpMillis() / (e.getKey().equals(RicciContestant.NAME) ? 1 : NATIVE), e.getValue())).toArray();
        List<double[]> rounds = new ArrayList<>();
        long began = System.nanoTime();
        long enough = plan.millis() * 1_000_000L * all.size();
        while (rounds.size() < plan.rounds() || System.nanoTime() - began < enough) {
            double[] round = new double[all.size()];
            for (int i = 0; i < round.length; i++) {
                round[i] = seconds(all.get(i), repeats[i]);
            }
            rounds.add(round);
        }
        Map<String, Times> times = new LinkedHashMap<>();
        for (String name : contestants.keySet()) {
            int i = times.size();
            times.put(name, Times.of(rounds.stream().mapToDouble(r -> r[i]).toArray()));
        }
        return times;
    }

    /** Returns how many calls make a sample. */
    private static int warmUp(Plan plan, int millis, Contestant c) {
        long began = System.nanoTime();
        int calls = 0;
        double one;
        do {
            one = seconds(c, 1) * c.operations() * 1e9;
            calls++;
        } while (calls < plan.warmUpCalls() || System.nanoTime() - began < millis * 1_000_000L);
        return (int) Math.max(1, Math.ceil(SAMPLE_NANOS / one));
    }

    private static double seconds(Contestant c, int repeats) {
        long began = System.nanoTime();
        for (int i = 0; i < repeats; i++) {
            c.call().run();
        }
        return (System.nanoTime() - began) / 1e9 / repeats / c.operations();
    }

    private static void checkAgreement(double agreement, Map<String, Contestant> contestants) {
        float[] first = null;
        for (var entry : contestants.entrySet()) {
            float[] other = entry.getValue().result().get();
            if (first == null) {
                first = other;
                continue;
            }
            double scale = 1e-30;
            double difference = first.length == other.length ? 0 : Double.POSITIVE_INFINITY;
            for (int i = 0; i < Math.min(first.length, other.length); i++) {
                scale = Math.max(scale, Math.abs(first[i]));
                difference = Math.max(difference, Math.abs(first[i] - other[i]));
            }
            if (!(difference <= agreement * scale)) {
                throw new IllegalStateException(entry.getKey() + " computes something else: " + other.length
                        + " numbers that differ by up to " + difference + " from " + first.length + " of size "
                        + scale);
            }
        }
    }
}
