package dev.ricci.bench;

import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What the suites share.
 *
 * @param quick whether small sizes, once, are enough
 * @param threads the most that anybody may use
 * @param peers all there are
 * @param limits of the machine
 * @param progress where a line for each row goes as it is done
 */
record Session(boolean quick, int threads, List<Peer> peers, Limits limits, PrintStream progress) {
    private static final double MILLI = 1e3;
    private static final double NANO = 1e9;

    /** What a suite found. */
    record Result(List<Row> rows, Map<String, Object> summary) {
        Result(List<Row> rows) {
            this(rows, Map.of());
        }
    }

    /** One and all. */
    List<Integer> threadCounts() {
        return threads == 1 ? List.of(1) : List.of(1, threads);
    }

    /** Ricci and every peer that can do it, one after the other, as one row. */
    Row compare(Workload w, int threadCount, Plan plan) {
        Map<String, Supplier<Contestant>> makers = new LinkedHashMap<>();
        makers.put(RicciContestant.NAME, () -> RicciContestant.of(w, threadCount));
        peers.forEach(p -> makers.putAll(p.contestants(w, threadCount)));
        return compare(w, threadCount, plan, makers);
    }

    /** These contestants, one of them under Ricci's name, as one row. */
    Row compare(Workload w, int threadCount, Plan plan, Map<String, Supplier<Contestant>> makers) {
        Map<String, Contestant> contestants = new LinkedHashMap<>();
        // What the row before has left, in the heap and in buffers outside it, must not be in this row's way.
        System.gc();
        try {
            makers.forEach((name, maker) -> contestants.put(name, maker.get()));
            return done(row(w, threadCount, Interleaved.measure(quick ? Plan.QUICK : plan, w.agreement(), contestants)));
        } finally {
            contestants.values().forEach(Contestant::close);
        }
    }

    private Row row(Workload w, int threadCount, Map<String, Interleaved.Times> times) {
        boolean small = w instanceof Workload.Small;
        double scale = small ? NANO : MILLI;
        Map<String, Row.Value> values = new LinkedHashMap<>();
        times.forEach((name, t) -> values.put(name, new Row.Value(t.median() * scale, t.best() * scale)));
        Row.Value ours = values.remove(RicciContestant.NAME);
        double seconds = ours.median() / scale;
        if (small) {
            return new Row(w.title(), threadCount, "ns", ours, values, "", "", Double.NaN);
        }
        if (w instanceof Workload.Tokenize t) {
            return new Row(w.title(), threadCount, "ms", ours, values, Table.number(t.megabytes() / seconds) + " MB/s", "",
                    Double.NaN);
        }
        Limits.Bound bound = limits.bound(w, threadCount);
        String rate = switch (w) {
            case Workload.Encode e -> Table.number(e.tokens() / seconds) + " tokens/s";
            case Workload.TrainStep t -> Table.number(t.tokens() / seconds) + " tokens/s";
            case Workload.Decode _, Workload.Stored _ -> Table.number(1 / seconds) + " tokens/s";
            default -> bound.limit().equals("FMA") ? Table.number(w.flops() / seconds / 1e9) + " GFLOP/s"
                    : Table.number(w.bytes() / seconds / 1e9) + " GB/s";
        };
        return new Row(w.title(), threadCount, "ms", ours, values, rate, bound.limit(), bound.seconds() / seconds);
    }

    /** Reports a row as done. */
    Row done(Row r) {
        progress.printf("  %s, %d threads: %s %s%s%n", r.name(), r.threads(), Table.number(r.ours().median()), r.unit(),
                Double.isNaN(r.ratioToBestPeer()) ? "" : ", ratio " + Table.ratio(r.ratioToBestPeer()));
        return r;
    }
}
