package dev.ricci.bench;

import dev.ricci.examples.CommonOptions;
import dev.ricci.examples.RicciCommand;
import dev.ricci.examples.UsageException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs the JMH benchmarks. */
@Command(name = "bench", description = "Measure the kernels: matmul, op, overhead, train, or all.")
public final class BenchCommand implements RicciCommand {
    @Parameters(arity = "0..1", defaultValue = "all", paramLabel = "WHAT",
            description = "matmul, op, overhead, train or all.")
    private String what;

    @Option(names = "--quick", description = "One short iteration each: does it run, not how fast.")
    private boolean quick;

    /** Made by the service loader. */
    public BenchCommand() {
    }

    @Override
    public Map<String, ?> run(CommonOptions options) throws Exception {
        String include = switch (what) {
            case "matmul" -> MatMulBenchmark.class.getName();
            case "op" -> OpBenchmark.class.getName();
            case "overhead" -> OverheadBenchmark.class.getName();
            case "train" -> TrainStepBenchmark.class.getName();
            case "all" -> BenchCommand.class.getPackageName();
            default -> throw new UsageException("bench: unknown '" + what + "'; one of matmul, op, overhead, train, all");
        };
        ChainedOptionsBuilder jmh = new OptionsBuilder().include(include)
                .jvmArgsAppend("-Dricci.threads=" + options.threads())
                .verbosity(options.json() ? VerboseMode.SILENT : VerboseMode.NORMAL);
        if (quick) {
            jmh.warmupIterations(0).measurementIterations(1).measurementTime(TimeValue.milliseconds(50));
        }
        List<Map<String, Object>> rows = new ArrayList<>();
        for (RunResult r : new Runner(jmh.build()).run()) {
            Result<?> primary = r.getPrimaryResult();
            String benchmark = r.getParams().getBenchmark();
            String shape = r.getParams().getParamsKeys().isEmpty() ? "" : " " + r.getParams().getParam("shape");
            double error = primary.getScoreError();
            rows.add(Map.of("name", benchmark.substring(benchmark.lastIndexOf('.') + 1) + shape,
                    "mean", primary.getScore(), "error", Double.isFinite(error) ? error : 0, "unit",
                    primary.getScoreUnit()));
        }
        return Map.of("rows", rows);
    }
}
