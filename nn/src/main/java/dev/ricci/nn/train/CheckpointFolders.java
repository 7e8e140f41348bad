package dev.ricci.nn.train;

import dev.ricci.tensor.io.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The folders of a run's checkpoints. A name that begins with {@code step-} is always a whole checkpoint: one is
 * written as {@code .step-N.tmp} and renamed, replaced by way of {@code .step-N.old}, and renamed to
 * {@code .step-N.gone} before it is deleted. {@link #tidy} ends what a killed process began.
 */
final class CheckpointFolders {
    private static final Pattern WHOLE = Pattern.compile("step-\\d{8,18}");
    private static final Pattern LEFT = Pattern.compile("\\.(step-\\d{8,18})\\.(tmp|old|gone)");

    /** What fills a checkpoint's folder. */
    interface Body {
        void write(Path folder) throws IOException;
    }

    private CheckpointFolders() {
    }

    static String name(long step) {
        return String.format(Locale.ROOT, "step-%08d", step);
    }

    private static Path hidden(Path checkpoint, String suffix) {
        return checkpoint.resolveSibling("." + checkpoint.getFileName() + "." + suffix);
    }

    /** The whole checkpoints, ascending by step. */
    static List<Path> list(Path run) throws IOException {
        if (!Files.isDirectory(run)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(run)) {
            return entries.filter(p -> WHOLE.matcher(p.getFileName().toString()).matches() && Files.isDirectory(p))
                    .sorted(Comparator.comparing(CheckpointFolders::step)).toList();
        }
    }

    static long step(Path checkpoint) {
        return Long.parseLong(checkpoint.getFileName().toString().substring("step-".length()));
    }

    static Path write(Path run, long step, Body body) throws IOException {
        Files.createDirectories(run);
        Path target = run.resolve(name(step));
        Path temporary = hidden(target, "tmp");
        remove(temporary);
        Files.createDirectory(temporary);
        try {
            body.write(temporary);
            AtomicFiles.force(temporary);
        } catch (Throwable t) {
            try {
                remove(temporary);
            } catch (IOException e) {
                t.addSuppressed(e);
            }
            throw t;
        }
        if (Files.exists(target)) {
            Path old = hidden(target, "old");
            remove(old);
            AtomicFiles.move(target, old);
            AtomicFiles.move(temporary, target);
            remove(old);
        } else {
            AtomicFiles.move(temporary, target);
        }
        return target;
    }

    static void delete(Path checkpoint) throws IOException {
        Path gone = hidden(checkpoint, "gone");
        remove(gone);
        AtomicFiles.move(checkpoint, gone);
        remove(gone);
    }

    /** Ends what a killed process began; no other process may be writing here. */
    static void tidy(Path run) throws IOException {
        if (!Files.isDirectory(run)) {
            return;
        }
        List<Path> left;
        try (Stream<Path> entries = Files.list(run)) {
            left = entries.filter(p -> LEFT.matcher(p.getFileName().toString()).matches()).sorted().toList();
        }
        for (Path p : left) {
            String hidden = p.getFileName().toString();
            Path target = run.resolve(hidden.substring(1, hidden.lastIndexOf('.')));
            if (hidden.endsWith(".old") && !Files.exists(target)) {
                AtomicFiles.move(p, target);
            } else {
                remove(p);
            }
        }
    }

    private static void remove(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        List<Path> all;
        try (Stream<Path> walk = Files.walk(folder)) {
            all = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path p : all) {
            Files.delete(p);
        }
    }

    /** Deletes those with more steps. */
    static void deleteLater(Path run, long step) throws IOException {
        for (Path p : list(run)) {
            if (step(p) > step) {
                delete(p);
            }
        }
    }

    /** Deletes all but the last ones and those of these steps. */
    static void keep(Path run, int last, long bestStep) throws IOException {
        List<Path> all = list(run);
        for (Path p : all.subList(0, Math.max(0, all.size() - last))) {
            if (step(p) != bestStep) {
                delete(p);
            }
        }
    }
}
