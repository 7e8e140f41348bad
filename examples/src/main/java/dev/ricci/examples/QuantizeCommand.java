package dev.ricci.examples;

import dev.ricci.models.weights.gguf.GgufFile;
import dev.ricci.models.weights.gguf.GgufQuantizer;
import dev.ricci.models.weights.gguf.GgufType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a GGUF file smaller. */
@Command(name = "quantize", description = "Write a GGUF file with its matrices in 8 or 4 bits.",
    footer = {"", "Rows that are no multiple of 32 become F16; norms and biases stay as they are."})
public final class QuantizeCommand implements RicciCommand {
    /** What is written. */
    enum Type {
        Q8_0(GgufType.Q8_0), Q4_0(GgufType.Q4_0);

        private final GgufType type;

        Type(GgufType type) {
            this.type = type;
        }
    }

    @Parameters(index = "0", paramLabel = "IN", description = "A GGUF file of F32, F16 or BF16.")
    private Path in;

    @Parameters(index = "1", paramLabel = "OUT", description = "The new file.")
    private Path out;

    @Option(names = "--type", paramLabel = "TYPE", defaultValue = "Q8_0", description = "One of ${COMPLETION-CANDIDATES}.")
    private Type type;

    @Option(names = "--requantize", description = "Take a file that is quantised already; its numbers are rounded twice.")
    private boolean requantize;

    @Option(names = "--force", description = "Replace OUT if it is there.")
    private boolean force;

    /** Made by the service loader. */
    public QuantizeCommand() {
    }

    @Override
    public Map<String, ?> run(CommonOptions options) throws Exception {
        Targets.check(in, out, force);
        Map<GgufType, Integer> counts = GgufQuantizer.quantize(in, out, type.type, requantize);
        long before = 0;
        try (GgufFile file = GgufFile.open(in)) {
            for (Path part : file.files()) {
                before += Files.size(part);
            }
        }
        long after = Files.size(out);
        options.out().printf("%s: %,d bytes, %.1f %% of %s%n", out, after, 100.0 * after / before, in);
        Map<String, Object> tensors = new LinkedHashMap<>();
        counts.forEach((t, n) -> {
            options.out().printf("%6d tensors %s%n", n, t);
            tensors.put(t.name(), n);
        });
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("file", out.toString());
        results.put("bytes", after);
        results.put("bytes_before", before);
        results.put("tensors", tensors);
        return results;
    }
}
