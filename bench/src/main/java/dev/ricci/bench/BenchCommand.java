package dev.ricci.bench;

import dev.ricci.examples.CommonOptions;
import dev.ricci.examples.RicciCommand;
import dev.ricci.examples.UsageException;
import dev.ricci.tensor.Backends;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compares with peers side by side, or runs the JMH benchmarks. */
@Command(name = "bench", description = "Compare with other libraries and with the machine's limits.")
public final class BenchCommand implements RicciCommand {
    static final int WINDOW_MILLIS = 60;

    @Parameters(index = "0", arity = "0..1", defaultValue = "all", paramLabel = "WHAT",
            description = "gemm, ops, train, decode, embed, tokenize, overhead, memory, all of these; jmh: single kernels of"
                    + " ours; soak: a long training; roofline: this machine's limits as Ricci meets them.")
    private String what;

    @Parameters(index = "1", arity = "0..1", paramLabel = "PATTERN|MINUTES|FOLDER",
            description = "For jmh, which benchmarks: a regular expression. For soak, how long: 20 by default. For roofline,"
                    + " where to write machine.json, for ricci cost, and roofline.svg: nowhere by default.")
    private String detail;

    @Option(names = "--quick", description = "Small sizes, once each: does it run, not how fast.")
    private boolean quick;

    /** Made by the service loader. */
    public BenchCommand() {
    }

    /** All there are on the class path. */
    static List<Peer> peers() {
        return ServiceLoader.load(Peer.class).stream().map(ServiceLoader.Provider::get).toList();
    }

    @Override
    public Map<String, ?> run(CommonOptions options) throws Exception {
        if (what.equals("jmh")) {
            return JmhRun.run(detail == null ? BenchCommand.class.getPackageName() : detail, quick, options);
        }
        if (what.equals("soak")) {
            return SoakRun.run(minutes(), quick, options);
        }
        if (what.equals("roofline")) {
            requireVectors();
            return RooflineRun.run(detail == null ? null : Path.of(detail), quick, options);
        }
        List<Suite> suites = Suite.named(what);
        if (suites.isEmpty() || detail != null) {
            throw new UsageException("bench: " + (detail != null ? "only jmh, soak and roofline take a second word"
                    : "unknown '" + what + "'; one of " + Suite.names() + ", all, jmh, soak, roofline"));
        }
        requireVectors();
        Session session = new Session(quick, options.threads(), peers(), new Limits(quick ? 1 : WINDOW_MILLIS),
                options.out());
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("machine", machine(session));
        if (session.peers().isEmpty()) {
            options.out().println("No peers on the class path: ./ricci bench brings them on Linux x86-64, with Maven's"
                    + " profile peers (docs/performance.md).");
        }
        if (quick) {
            options.out().println("Quick: once each, nothing is compiled yet, so the numbers say nothing.");
        }
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Suite suite : suites) {
            options.out().println("\n" + suite.text());
            long began = System.nanoTime();
            Session.Result found = suite.run(session);
            options.out().println();
            options.out().print(Table.of(found.rows()));
            print(options.out(), found.summary());
            options.out().printf("(%s: %.0f s)%n", suite.text(), (System.nanoTime() - began) / 1e9);
            found.rows().forEach(r -> {
                Map<String, Object> row = r.toMap();
                row.put("suite", suite.text());
                rows.add(row);
            });
            if (suites.size() == 1) {
                results.putAll(found.summary());
            } else if (!found.summary().isEmpty()) {
                results.put(suite.text(), found.summary());
            }
        }
        results.put("rows", rows);
        return results;
    }

    private static void requireVectors() {
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            throw new UsageException("bench: measures nothing without the JVM flag --add-modules jdk.incubator.vector");
        }
    }

    private int minutes() {
        if (detail == null) {
            return SoakRun.MINUTES;
        }
        if (!detail.matches("[1-9]\\d{0,3}")) {
            throw new UsageException("bench soak: minutes must be 1 .. 9999, got '" + detail + "'");
        }
        return Integer.parseInt(detail);
    }

    private static void print(PrintStream out, Map<String, Object> summary) {
        summary.forEach((name, value) -> {
            if (value instanceof Double number) {
                out.println(name.replace('_', ' ') + ": " + (number < 1e6 ? Table.ratio(number)
                        : Table.number(number / 1e9) + "e9"));
            }
        });
    }

    private static Map<String, Object> machine(Session session) throws IOException {
        Map<String, Object> machine = new LinkedHashMap<>();
        machine.put("cpu", cpu());
        machine.put("java", Runtime.version().toString());
        machine.put("kernels", Backends.cpu().name());
        for (int threads : session.threadCounts()) {
            machine.put("fma_gflops_" + threads, session.limits().peak(threads) / 1e9);
        }
        double large = session.quick() ? 1 << 20 : 1L << 30;
        machine.put("read_gb_per_s", session.limits().bandwidth(true, large, session.threads()) / 1e9);
        machine.put("copy_gb_per_s", session.limits().bandwidth(false, large, session.threads()) / 1e9);
        PrintStream out = session.progress();
        machine.forEach((name, value) -> out.println(name.replace('_', ' ') + ": " + (value instanceof Double number
                ? Table.number(number) : value)));
        return machine;
    }

    private static String cpu() throws IOException {
        Path info = Path.of("/proc/cpuinfo");
        if (Files.isReadable(info)) {
            for (String line : Files.readAllLines(info)) {
                if (line.startsWith("model name")) {
                    return line.substring(line.indexOf(':') + 1).strip();
                }
            }
        }
        return System.getProperty("os.arch");
    }
}
