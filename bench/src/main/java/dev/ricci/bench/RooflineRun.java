package dev.ricci.bench;

import dev.ricci.examples.CommonOptions;
import dev.ricci.examples.SvgChart;
import dev.ricci.models.cost.Machine;
import dev.ricci.nn.Linear;
import dev.ricci.tensor.Backends;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.cpu.Threads;
import dev.ricci.tensor.io.AtomicFiles;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The roofline of this machine as Ricci meets it: how fast memory is read, how many rows a product needs before arithmetic
 * limits it, and how near to both the passes of a model come. Every time is the shortest of several: these are limits.
 */
final class RooflineRun {
    private static final Plan PLAN = new Plan(3000, 2, 15, 0);
    /** For many contestants in one loop, of which each warms up what the others share. */
    private static final Plan PRODUCTS = new Plan(600, 2, 9, 0);
    private static final int[] SIZES = {512, 1024};
    private static final int MOST_ROWS = 256;
    /** Beyond so many rows a call goes on to the next weights with fewer layers: it would take too long. */
    private static final int FEW_ROWS = 16;
    /** Weights of each size: together more than the caches hold, which are hundreds of megabytes in servers. */
    private static final long STREAMED_BYTES = 256L << 20;
    /** At least so many calls with the same weights, of which the first finds them in no cache. */
    private static final int CALLS = 8;
    private static final int QUICK_SIZE = 32;

    private final int threads;
    private final boolean quick;
    private final PrintStream out;
    private final Limits limits;

    /**
     * One product x W^T, F32.
     *
     * @param size of the square W
     * @param streamed whether W comes from memory, or from the cache where the call before has left it
     */
    private record Product(int size, boolean streamed, int rows, double seconds) {
        double flops() {
            return 2.0 * rows * size * size;
        }

        double bytes() {
            return Float.BYTES * ((double) size * size + 2.0 * rows * size);
        }

        Product in(double other) {
            return new Product(size, streamed, rows, other);
        }

        String series() {
            return "%d x %d, %s".formatted(size, size, streamed ? "from memory" : "from cache");
        }

        Map<String, Object> toMap(Machine machine) {
            Map<String, Object> m = new LinkedHashMap<>();
            m.put("size", size);
            m.put("streamed", streamed);
            m.put("rows", rows);
            m.put("ms", seconds * 1e3);
            m.put("gflops", flops() / seconds / 1e9);
            m.put("gb_per_s", bytes() / seconds / 1e9);
            m.put("fraction_of_roofline", Math.max(bytes() / machine.bandwidth(), flops() / machine.peak()) / seconds);
            return m;
        }
    }

    private RooflineRun(boolean quick, CommonOptions options) {
        this.threads = options.threads();
        this.quick = quick;
        this.out = options.out();
        this.limits = new Limits(quick ? 1 : BenchCommand.WINDOW_MILLIS);
    }

    /**
     * Measures.
     *
     * @param folder where {@code machine.json} and {@code roofline.svg} go, or null
     */
    static Map<String, ?> run(Path folder, boolean quick, CommonOptions options) throws IOException {
        return new RooflineRun(quick, options).run(folder);
    }

    private Map<String, ?> run(Path folder) throws IOException {
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("kernels", Backends.cpu().name());
        results.put("threads", threads);
        results.put("fma_gflops", limits.peak(threads) / 1e9);
        results.put("triad_gb_per_s", limits.triad(threads) / 1e9);
        results.put("add_gb_per_s", add());
        results.put("elements_per_s", elements());
        results.forEach((name, value) -> out.println(name.replace('_', ' ') + ": " + (value instanceof Double number
                ? number > 1e6 ? Table.number(number / 1e9) + "e9" : Table.number(number) : value)));
        List<Product> products = products();
        Machine machine = machine(products, (double) results.get("elements_per_s"));
        out.printf("%nroofline: %s GB/s, %s GFLOP/s, ridge at %.2f FLOP/byte%n%n", Table.number(machine.bandwidth() / 1e9),
                Table.number(machine.peak() / 1e9), machine.ridge());
        results.put("machine", machine.toMap());
        List<Map<String, Object>> rows = products.stream().map(p -> p.toMap(machine)).toList();
        print(rows);
        results.put("rows", rows);
        results.put("passes", StepProfile.run(machine, quick, threads, out));
        if (folder != null) {
            Files.createDirectories(folder);
            machine.write(folder.resolve("machine.json"));
            AtomicFiles.writeString(folder.resolve("roofline.svg"), chart(machine, products));
            out.println("\nwritten: " + folder.resolve("machine.json") + ", " + folder.resolve("roofline.svg"));
        }
        return results;
    }

    /** The highest rates of products with the largest weights from memory. */
    private Machine machine(List<Product> products, double elements) {
        int size = products.getLast().size;
        List<Product> streamed = products.stream().filter(p -> p.streamed && p.size == size).toList();
        return new Machine("measured, " + threads + " threads",
                streamed.stream().mapToDouble(p -> p.bytes() / p.seconds).max().orElseThrow(),
                streamed.stream().mapToDouble(p -> p.flops() / p.seconds).max().orElseThrow(), elements,
                "ricci bench roofline: products of " + size + " x " + size + " F32 weights from memory with 1 to "
                        + products.getLast().rows + " rows, " + Backends.cpu().name());
    }

    /** Ricci's own addition of two arrays that no cache holds, in 10^9 bytes a second; the result is new memory each time. */
    private double add() {
        int n = (int) (quick ? 1 << 16 : 2 * STREAMED_BYTES / Float.BYTES / 3);
        Tensor a = Tensor.zeros(n);
        Tensor b = Tensor.ones(n);
        return 3.0 * Float.BYTES * n / measure(PLAN, Map.of("add", call(1, () -> a.add(b)))).get("add").best() / 1e9;
    }

    /** Element-wise operations a second without memory: softmax in the cache. */
    private double elements() {
        Tensor x = Rng.of(1).normal(64, 1024);
        return x.size() / measure(PLAN, Map.of("softmax", call(1, () -> x.softmax(-1)))).get("softmax").best();
    }

    private Contestant call(int times, Runnable work) {
        return new Contestant(times, () -> Threads.limit(threads, () -> NoGrad.run(() -> {
            for (int i = 0; i < times; i++) {
                work.run();
            }
        })), () -> new float[0], () -> {
        });
    }

    private Map<String, Interleaved.Times> measure(Plan plan, Map<String, Contestant> contestants) {
        return Interleaved.measure(quick ? Plan.QUICK : plan, 0, contestants);
    }

    /** All in turn, so that they meet the same machine, and the weights of one size drive those of another from the caches. */
    private List<Product> products() {
        List<Product> untimed = new ArrayList<>();
        Map<Integer, List<Linear>> layers = new LinkedHashMap<>();
        Map<Integer, Iterator<Linear>> turns = new LinkedHashMap<>();
        for (int size : quick ? new int[] {QUICK_SIZE} : SIZES) {
            List<Linear> all = Stream.generate(() -> new Linear(size, size, false, Rng.of(1)))
                    .limit(quick ? 2 : STREAMED_BYTES / Float.BYTES / size / size).toList();
            layers.put(size, all);
            turns.put(size, Stream.generate(() -> all).flatMap(List::stream).iterator());
        }
        Map<String, Contestant> contestants = new LinkedHashMap<>();
        for (int rows = 1; rows <= (quick ? 4 : MOST_ROWS); rows *= 2) {
            for (int size : layers.keySet()) {
                Tensor x = Rng.of(1).normal(rows, size);
                Linear one = layers.get(size).getFirst();
                Iterator<Linear> turn = turns.get(size);
                int cached = quick ? 1 : Math.max(CALLS, MOST_ROWS * 2 / rows);
                contestants.put(size + " cache " + rows, call(cached, () -> one.forward(x)));
                untimed.add(new Product(size, false, rows, 0));
                int streamed = Math.max(1, layers.get(size).size() / Math.max(1, rows / FEW_ROWS));
                contestants.put(size + " memory " + rows, call(streamed, () -> turn.next().forward(x)));
                untimed.add(new Product(size, true, rows, 0));
            }
        }
        List<Interleaved.Times> times = List.copyOf(measure(PRODUCTS, contestants).values());
        return IntStream.range(0, times.size()).mapToObj(i -> untimed.get(i).in(times.get(i).best()))
                .sorted(Comparator.comparingInt(Product::size).thenComparing(Product::streamed).thenComparing(Product::rows))
                .toList();
    }

    private void print(List<Map<String, Object>> rows) {
        out.printf("%-8s%-9s%6s%12s%12s%12s%10s%14s%n", "weights", "from", "rows", "ms", "us/row", "GFLOP/s", "GB/s", "of roofline");
        for (Map<String, Object> r : rows) {
            out.printf("%-8d%-9s%6d%12.4f%12.2f%12.1f%10.1f%12.0f %%%n", r.get("size"),
                    (boolean) r.get("streamed") ? "memory" : "cache", r.get("rows"), r.get("ms"),
                    1e3 * (double) r.get("ms") / (int) r.get("rows"), r.get("gflops"), r.get("gb_per_s"),
                    100 * (double) r.get("fraction_of_roofline"));
        }
        out.println();
    }

    private static String chart(Machine machine, List<Product> products) {
        double[] x = {0.25, machine.ridge(), Math.max(2 * machine.ridge(), products.getLast().flops() / products.getLast().bytes())};
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = Math.min(machine.peak(), x[i] * machine.bandwidth()) / 1e9;
        }
        List<SvgChart.Line> lines = new ArrayList<>(List.of(new SvgChart.Line("roofline", x, y)));
        for (String series : products.stream().map(Product::series).distinct().toList()) {
            List<Product> those = products.stream().filter(p -> p.series().equals(series)).toList();
            lines.add(new SvgChart.Line(series, those.stream().mapToDouble(p -> p.flops() / p.bytes()).toArray(),
                    those.stream().mapToDouble(p -> p.flops() / p.seconds / 1e9).toArray()));
        }
        return SvgChart.drawLogarithmic("Roofline: products of 1 to " + products.getLast().rows + " rows with F32 weights",
                "FLOP/byte", "GFLOP/s", lines);
    }
}
