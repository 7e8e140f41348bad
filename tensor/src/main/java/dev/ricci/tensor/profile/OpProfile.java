package dev.ricci.tensor.profile;

import dev.ricci.tensor.OpListener;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Op;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Counts the ops that a piece of code runs: {@code OpProfile p = new OpProfile(); p.listen(() -> step());
 * System.out.println(p.table());}
 */
public final class OpProfile implements OpListener {
    /**
     * The sums over all runs of the ops of one name.
     *
     * @param name of the op
     * @param calls how many runs
     * @param nanos time, in nanoseconds
     * @param flops floating-point operations
     * @param bytes least memory traffic
     */
    public record Row(String name, long calls, long nanos, long flops, long bytes) {
        Row plus(Row o) {
            return new Row(name, calls + o.calls, nanos + o.nanos, flops + o.flops, bytes + o.bytes);
        }

        /** 10^9 floating-point operations a second. */
        public double gigaflops() {
            return nanos == 0 ? 0 : (double) flops / nanos;
        }

        /** 10^9 bytes a second. */
        public double gigabytes() {
            return nanos == 0 ? 0 : (double) bytes / nanos;
        }
    }

    private final Map<String, Row> rows = new TreeMap<>();

    /** An empty profile. */
    public OpProfile() {
    }

    @Override
    public void executed(Op op, List<Tensor> inputs, List<Tensor> outputs, long nanos) {
        OpCost cost = OpCost.of(op, inputs.stream().map(Tensor::spec).toList(),
                outputs.stream().map(Tensor::spec).toList());
        rows.merge(op.name(), new Row(op.name(), 1, nanos, cost.flops(), cost.bytes()), Row::plus);
    }

    /** One row per op name, the slowest first. */
    public List<Row> rows() {
        List<Row> sorted = new ArrayList<>(rows.values());
        sorted.sort(Comparator.comparingLong(Row::nanos).reversed().thenComparing(Row::name));
        return sorted;
    }

    /** The sum of all rows, named {@code total}. */
    public Row total() {
        return rows.values().stream().reduce(new Row("total", 0, 0, 0, 0), Row::plus);
    }

    /** The rows and their sum as text: calls, milliseconds, share, GFLOP, GFLOP/s, MB, GB/s, FLOP/byte. */
    public String table() {
        Row total = total();
        StringBuilder out = new StringBuilder(String.format(Locale.ROOT, "%-24s%8s%11s%7s%10s%10s%10s%8s%10s%n", "op",
                "calls", "ms", "%", "GFLOP", "GFLOP/s", "MB", "GB/s", "FLOP/B"));
        List<Row> all = rows();
        all.add(total);
        for (Row r : all) {
            out.append(String.format(Locale.ROOT, "%-24s%8d%11.3f%7.1f%10.4f%10.2f%10.2f%8.2f%10.2f%n", r.name(),
                    r.calls(), r.nanos() / 1e6, total.nanos() == 0 ? 0 : 100.0 * r.nanos() / total.nanos(),
                    r.flops() / 1e9, r.gigaflops(), r.bytes() / 1e6, r.gigabytes(),
                    r.bytes() == 0 ? 0 : (double) r.flops() / r.bytes()));
        }
        return out.toString();
    }
}
