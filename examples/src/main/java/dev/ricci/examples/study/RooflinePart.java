package dev.ricci.examples.study;

import dev.ricci.nn.Linear;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * D1: what limits this machine, as Ricci meets it: products of 1, 2, 4, ... rows with weights that no cache holds. The highest
 * rates are taken for the machine's bandwidth and peak; {@code ricci bench roofline} measures longer and more.
 *
 * @param size of the square weights
 * @param megabytes of all weights together
 * @param mostRows of a product
 * @param rounds of which the shortest time counts
 * @param threads that compute
 */
record RooflinePart(int size, int megabytes, int mostRows, int rounds, int threads) implements Part {
    @Override
    public String name() {
        return "d1";
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("size", size);
        settings.put("megabytes", megabytes);
        settings.put("rounds", rounds);
        settings.put("threads", threads);
        return settings;
    }

    @Override
    public List<StudyLog.Unit> units() {
        return List.of(new StudyLog.Unit("add", this::add), new StudyLog.Unit("products", this::products));
    }

    /** a + b: three arrays cross the bus, and the third is new, so that it is made and zeroed, too. */
    private List<Map<String, Object>> add() {
        int n = (int) ((long) megabytes * (1 << 20) / Float.BYTES / 3);
        Tensor a = Tensor.zeros(n);
        Tensor b = Tensor.ones(n);
        double seconds = best(() -> a.add(b));
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("what", "add");
        row.put("gb_per_s", 3.0 * Float.BYTES * n / seconds / 1e9);
        return List.of(row);
    }

    private List<Map<String, Object>> products() {
        int count = Math.max(1, (int) ((long) megabytes * (1 << 20) / Float.BYTES / size / size));
        List<Linear> layers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            layers.add(new Linear(size, size, false, Rng.of(i)));
        }
        List<Map<String, Object>> rows = new ArrayList<>();
        for (int m = 1; m <= mostRows; m *= 2) {
            Tensor x = Rng.of(1).normal(m, size);
            double seconds = best(() -> layers.forEach(layer -> layer.forward(x))) / count;
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("what", "product");
            row.put("rows", m);
            row.put("us_per_row", 1e6 * seconds / m);
            row.put("gflops", 2.0 * m * size * size / seconds / 1e9);
            row.put("gb_per_s", Float.BYTES * ((double) size * size + 2.0 * m * size) / seconds / 1e9);
            row.put("intensity", 2.0 * m * size * size / (Float.BYTES * ((double) size * size + 2.0 * m * size)));
            rows.add(row);
        }
        return rows;
    }

    private double best(Runnable work) {
        double best = Double.POSITIVE_INFINITY;
        // Two more, in which weights are packed and code is compiled.
        for (int i = -2; i < rounds; i++) {
            long start = System.nanoTime();
            NoGrad.run(work::run);
            best = i < 0 ? best : Math.min(best, (System.nanoTime() - start) / 1e9);
        }
        return best;
    }
}
