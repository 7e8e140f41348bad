package dev.ricci.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a command writes. */
final class Targets {
    private Targets() {
    }

    /** Refuses to replace what is there, unless that is wanted; never what is read. */
    static void check(Path from, Path to, boolean force) throws IOException {
        if (!Files.exists(to)) {
            return;
        }
        if (Files.isSameFile(from, to)) {
            throw new UsageException(to + ": this is the file that is read; write to another one");
        }
        if (!force && !(Files.isDirectory(to) && isEmpty(to))) {
            throw new UsageException(to + ": exists already; give another name, or --force to replace it");
        }
    }

    private static boolean isEmpty(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.findAny().isEmpty();
        }
    }
}
