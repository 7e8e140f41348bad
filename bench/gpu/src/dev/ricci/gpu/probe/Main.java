package dev.ricci.gpu.probe;

/** Runs the probes named on the command line, in that order. */
public final class Main {
    private Main() {
    }

    /**
     * @param args names of probes: device, overhead, matmul, rows, truth, atomics, reduce, math, half, engine-compare,
     *     engine-matmul, engine-train, engine-decode, engine-depth
     */
    public static void main(String[] args) {
        for (String name : args) {
            long start = System.nanoTime();
            try {
                switch (name) {
                    case "device" -> DeviceProbe.run();
                    case "overhead" -> OverheadProbe.run();
                    case "matmul" -> MatmulProbe.run();
                    case "rows" -> RowsProbe.run();
                    case "truth" -> TruthProbe.run();
                    case "atomics" -> TruthProbe.runAtomics();
                    case "reduce" -> TruthProbe.runReduce();
                    case "math" -> MathProbe.run();
                    case "half" -> HalfProbe.run();
                    case "engine-compare" -> EngineBench.compare();
                    case "engine-matmul" -> EngineBench.matmul();
                    case "engine-train" -> EngineBench.train();
                    case "engine-decode" -> EngineBench.decode();
                    case "engine-depth" -> EngineBench.depth();
                    default -> throw new IllegalArgumentException("no probe is called " + name);
                }
            } catch (Throwable e) {
                Report report = new Report(name, System.getProperty("probe.backend", "?"));
                report.row("failed", Gpu.words(e));
                report.print();
            }
            System.err.printf("[%s took %.1f s]%n", name, Gpu.millisSince(start) / 1e3);
        }
        System.exit(0);
    }
}
