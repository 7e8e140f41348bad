package dev.ricci.examples.tutorial;

import dev.ricci.examples.CommonOptions;
import dev.ricci.examples.RicciCommand;
import dev.ricci.examples.UsageException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs a numbered tutorial; its source, under 80 lines, is meant to be read beside what it prints. */
@Command(name = "tutorial", description = {"Run a tutorial, 01 to 08, and read its source beside it.",
    "01 tensors, 02 gradients, 03 a linear model, 04 an MLP on digits, 05 a character model, 06 a transformer,"
        + " 07 saving and loading, 08 profiling."})
public final class TutorialCommand implements RicciCommand {
    /** One tutorial's work; it returns the numbers that show whether it did what it says. */
    @FunctionalInterface
    interface Program {
        Map<String, ?> run(Lesson lesson) throws Exception;
    }

    private record Entry(Class<?> source, Program program) {
    }

    private static final List<Entry> ALL = List.of(
        new Entry(Tutorial01Tensors.class, Tutorial01Tensors::run),
        new Entry(Tutorial02Gradients.class, Tutorial02Gradients::run),
        new Entry(Tutorial03LinearModel.class, Tutorial03LinearModel::run),
        new Entry(Tutorial04MlpOnDigits.class, Tutorial04MlpOnDigits::run),
        new Entry(Tutorial05CharacterModel.class, Tutorial05CharacterModel::run),
        new Entry(Tutorial06Transformer.class, Tutorial06Transformer::run),
        new Entry(Tutorial07SavingAndLoading.class, Tutorial07SavingAndLoading::run),
        new Entry(Tutorial08Profiling.class, Tutorial08Profiling::run));

    @Parameters(paramLabel = "NUMBER", showDefaultValue = Visibility.NEVER, description = "Which one: 01 to 08.")
    private int number;

    @Option(names = "--quick", description = "A small setting that takes seconds: to see that it runs.")
    private boolean quick;

    @Option(names = "--data", paramLabel = "DIR",
        description = "For 04: a folder with train-images-idx3-ubyte and so on (MNIST's names, .gz or not).")
    private Path data;

    @Option(names = "--out", paramLabel = "DIR", defaultValue = "runs/tutorial",
        description = "For 07: where it saves.")
    private Path files;

    /** Made by the service loader. */
    public TutorialCommand() {
    }

    @Override
    public Map<String, ?> run(CommonOptions options) throws Exception {
        if (number < 1 || number > ALL.size()) {
            throw new UsageException("tutorial: there are 01 to 0" + ALL.size() + ", got " + number);
        }
        if (data != null && !Files.isDirectory(data)) {
            throw new UsageException("--data: not a folder: " + data);
        }
        Entry entry = ALL.get(number - 1);
        String source = entry.source.getName().replace('.', '/');
        options.out().println("The source: examples/src/main/java/" + source + ".java");
        return entry.program.run(new Lesson(options.out(), quick, options.seed(), data, files));
    }
}
