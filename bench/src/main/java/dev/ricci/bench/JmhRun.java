package dev.ricci.bench;

import dev.ricci.examples.CommonOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Single kernels of ours under JMH: for tuning, where a peer's time is of no use. */
final class JmhRun {
    private JmhRun() {
    }

    static Map<String, ?> run(String pattern, boolean quick, CommonOptions options) throws RunnerException {
        ChainedOptionsBuilder jmh = new OptionsBuilder().include(pattern)
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
