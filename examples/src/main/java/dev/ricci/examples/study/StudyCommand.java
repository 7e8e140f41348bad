package dev.ricci.examples.study;

import dev.ricci.examples.CommonOptions;
import dev.ricci.examples.RicciCommand;
import dev.ricci.examples.UsageException;
import dev.ricci.models.cost.Machine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Repeats the experiments behind published claims, and says which of them hold here. */
@Command(name = "study", description = "Repeat the experiments of a paper, and report which of its claims hold here.")
public final class StudyCommand implements RicciCommand {
    private static final String NAME = "arm-vs-dlm";
    private static final String REPORT = "report";
    private static final String TEXT = "../shared/data/text/tinyshakespeare.txt";

    @Parameters(paramLabel = "STUDY", description = "arm-vs-dlm: models that write from left to right against masked diffusion"
        + " (Kim et al. 2025, arXiv 2510.04146).")
    private String study;

    @Option(names = "--out", paramLabel = "DIR", description = "Where results and report are written; a study that was cut off"
        + " there goes on. Default: runs/<study>.")
    private Path out;

    @Option(names = "--quick", description = "Everything once at small sizes: it shows that the study runs, not what it says.")
    private boolean quick;

    @Option(names = "--seeds", paramLabel = "N", defaultValue = "3", description = "Seeds of models and texts.")
    private int seeds;

    @Option(names = "--only", paramLabel = "PART", split = ",", description = "Parts to run: d0, d1, d2 (d2-steps, d2-writing),"
        + " d3 (d3-copy, d3-sums, d3-sort, d3-text), bpc (bpc-ar, ...), exact; report for none. Default: all.")
    private String[] only;

    @Option(names = "--text", paramLabel = "FILE", description = "Text for the bits a character. Default: " + TEXT
        + "; without it that part is left out.")
    private Path text;

    @Option(names = "--machine", paramLabel = "MACHINE", defaultValue = "h100",
        description = "For which the cost model predicts: a6000, a100, h100 or h200.")
    private String machine;

    /** Made by the service loader. */
    public StudyCommand() {
    }

    @Override
    public Map<String, ?> run(CommonOptions options) throws Exception {
        Machine predicted = Machine.presets().get(machine);
        if (!NAME.equals(study) || seeds < 1 || predicted == null) {
            throw new UsageException(!NAME.equals(study) ? "study: unknown '" + study + "'; there is " + NAME
                : seeds < 1 ? "--seeds: must be 1 or more, got " + seeds
                : "--machine: unknown '" + machine + "'; one of " + String.join(", ", Machine.presets().keySet()));
        }
        if (text != null && !Files.exists(text)) {
            throw new UsageException("--text: there is no file " + text);
        }
        ArmVersusDlm plan = new ArmVersusDlm(quick, seeds, predicted, text == null ? Path.of(TEXT) : text, options.threads());
        List<Part> parts = plan.parts(only);
        for (String name : only == null ? new String[0] : only) {
            if (!name.equals(REPORT) && parts.stream().noneMatch(p -> ArmVersusDlm.isOf(p, name))) {
                throw new UsageException("--only: no part is called '" + name + "', or its text is missing; there are "
                    + String.join(", ", plan.parts().stream().map(Part::name).toList()) + ", " + REPORT);
            }
        }
        Path folder = out == null ? Path.of("runs", NAME) : out;
        Map<String, Object> results = new LinkedHashMap<>();
        boolean done = true;
        for (Part part : parts) {
            done = done && StudyLog.run(folder, part.name(), part.settings(), part.units(), options);
            results.put(part.name(), StudyLog.rows(folder, part.name()).size());
        }
        List<Finding> findings = new Report(folder, plan).write();
        findings.forEach(f -> options.out().println(f.claim() + ": " + f.verdict() + ". " + f.numbers()));
        options.out().println((done ? "" : "stopped; go on with the same command\n") + "report  " + folder.resolve("report.html")
            + ", " + folder.resolve("report.md"));
        results.put("findings", findings.stream().map(f -> Map.of("claim", f.claim(), "verdict", f.verdict(), "numbers",
            f.numbers())).toList());
        return results;
    }
}
