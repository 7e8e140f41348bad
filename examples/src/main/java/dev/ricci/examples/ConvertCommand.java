package dev.ricci.examples;

import dev.ricci.models.ModelConverter;
import dev.ricci.models.weights.gguf.GgufType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a model as another kind of file. */
@Command(name = "convert", description = "Write a model as another kind of file, with its vocabulary and chat template.",
    footer = {"", "OUT with .gguf is a GGUF file, with .safetensors a file of ricci, else a folder as Hugging Face's libraries"
        + " read it."})
public final class ConvertCommand implements RicciCommand {
    /** What is written. */
    enum Type {
        F32(GgufType.F32), F16(GgufType.F16), BF16(GgufType.BF16), Q8_0(GgufType.Q8_0), Q4_0(GgufType.Q4_0);

        private final GgufType type;

        Type(GgufType type) {
            this.type = type;
        }
    }

    @Parameters(index = "0", paramLabel = "IN", description = ModelOptions.KINDS)
    private Path in;

    @Parameters(index = "1", paramLabel = "OUT", description = "The new file or folder.")
    private Path out;

    @Option(names = "--type", paramLabel = "TYPE", defaultValue = "F32",
        description = "Of the matrices: one of ${COMPLETION-CANDIDATES}; the last two in GGUF files alone.")
    private Type type;

    @Mixin
    private VocabularyOption vocabulary;

    @Option(names = "--force", description = "Replace OUT if it is there.")
    private boolean force;

    /** Made by the service loader. */
    public ConvertCommand() {
    }

    @Override
    public Map<String, ?> run(CommonOptions options) throws Exception {
        Targets.check(in, out, force);
        ModelConverter.convert(in, out, type.type, vocabulary.loadOptions());
        long bytes = size(out);
        options.out().printf("%s: %,d bytes%n", out, bytes);
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("file", out.toString());
        results.put("bytes", bytes);
        return results;
    }

    private static long size(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return Files.size(path);
        }
        long bytes = 0;
        try (var files = Files.newDirectoryStream(path)) {
            for (Path file : files) {
                bytes += Files.size(file);
            }
        }
        return bytes;
    }
}
