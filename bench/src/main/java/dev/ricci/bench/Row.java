package dev.ricci.bench;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One comparison.
 *
 * @param name of the work
 * @param threads that everybody may use
 * @param unit of the times or sizes below: less is better
 * @param ours Ricci's, the median
 * @param peers the peers', by name
 * @param rate what ours means as work a second, such as {@code "150 GFLOP/s"}; may be empty
 * @param limit what bounds it: {@code "FMA"}, {@code "read"} or {@code "copy"}; empty if nothing does
 * @param fractionOfLimit of the machine that ours reaches; NaN if nothing bounds it
 */
record Row(String name, int threads, String unit, Value ours, Map<String, Value> peers, String rate, String limit,
        double fractionOfLimit) {
    /** A median and the best. */
    record Value(double median, double best) {
        static Value of(double only) {
            return new Value(only, only);
        }
    }

    /** The best peer's median over ours: above 1 Ricci is better. NaN without peers. */
    double ratioToBestPeer() {
        return peers.values().stream().mapToDouble(Value::median).min().orElse(Double.NaN) / ours.median;
    }

    Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", name);
        map.put("threads", threads);
        map.put("unit", unit);
        map.put("ours", ours.median);
        map.put("ours_best", ours.best);
        Map<String, Double> medians = new LinkedHashMap<>();
        Map<String, Double> bests = new LinkedHashMap<>();
        peers.forEach((peer, value) -> {
            medians.put(peer, value.median);
            bests.put(peer, value.best);
        });
        map.put("peers", medians);
        map.put("peers_best", bests);
        map.put("ratio_to_best_peer", orNull(ratioToBestPeer()));
        map.put("fraction_of_limit", orNull(fractionOfLimit));
        map.put("limit", limit.isEmpty() ? null : limit);
        map.put("rate", rate.isEmpty() ? null : rate);
        return map;
    }

    /** JSON has no NaN. */
    static Double orNull(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
