package dev.ricci.examples;

import dev.ricci.nn.train.Checkpoint;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;

/** The folder that a training writes. */
final class RunFolder {
    /** The key in a checkpoint's configuration under which the options of the command line stand. */
    static final String HYPER_PARAMETERS = "ricci.train";

    private RunFolder() {
    }

    /**
     * A run that lies there is moved aside, never overwritten: to the folder's name with the first free number.
     *
     * @param working the folder that the process works in, which must stay where it is
     */
    static void setAside(Path folder, Path working, PrintStream console) throws IOException {
        if (!Files.isDirectory(folder) || Checkpoint.latest(folder).isEmpty()) {
            return;
        }
        Path full = folder.toAbsolutePath().normalize();
        if (working.toAbsolutePath().normalize().startsWith(full)) {
            throw new UsageException("--out: " + full + " holds a run already and cannot be moved aside, since the"
                + " working folder is in it; use another folder, or go on with the run by --resume");
        }
        checkUnused(folder);
        int n = 1;
        while (Files.exists(full.resolveSibling(full.getFileName() + "." + n))) {
            n++;
        }
        Path aside = full.resolveSibling(full.getFileName() + "." + n);
        Files.move(full, aside);
        console.printf("%s held a run already; it is now %s (to go on with one: --resume)%n", folder, aside.getFileName());
    }

    /** A folder that another process writes into must stay where it is. */
    private static void checkUnused(Path folder) throws IOException {
        try (FileChannel lock = FileChannel.open(folder.resolve(".lock"), StandardOpenOption.CREATE,
            StandardOpenOption.WRITE)) {
            if (lock.tryLock() == null) {
                throw new UsageException("--out: another run is writing into " + folder + "; use another folder");
            }
        }
    }

    /**
     * Refuses to go on with a run of another model or text, and says which other hyper-parameters have changed.
     *
     * @param config what the run's checkpoints keep
     */
    static void checkSame(Path folder, Map<String, Object> config, PrintStream console) throws IOException {
        Optional<Checkpoint> latest = Checkpoint.latest(folder);
        if (latest.isEmpty()) {
            return;
        }
        Map<String, Object> kept = latest.get().state().config();
        config.forEach((name, now) -> {
            if (!name.equals(HYPER_PARAMETERS) && !now.equals(kept.get(name))) {
                throw new UsageException("--resume: the run in " + folder + " has another " + name + ": " + kept.get(name)
                    + ", not " + now + ". Give the options and the text that it was started with, or another --out");
            }
        });
        if (kept.get(HYPER_PARAMETERS) instanceof Map<?, ?> before
            && config.get(HYPER_PARAMETERS) instanceof Map<?, ?> now) {
            now.forEach((name, value) -> {
                // What the version that began the run had no option for is as it always was.
                if (before.containsKey(name) && !value.equals(before.get(name))) {
                    console.printf("--resume: --%s is %s now, was %s when the run was last saved%n", name, value,
                        before.get(name));
                }
            });
        }
    }
}
