package dev.ricci.examples;

import dev.ricci.tensor.TensorException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** What a user reads when a command fails: one sentence, and a stack trace only where the program is at fault. */
final class Failures {
    private Failures() {
    }

    /** One sentence. The exceptions of java.nio.file have a mere path for a message. */
    static String message(Throwable e) {
        return switch (e) {
            case UncheckedIOException wrapped -> message(wrapped.getCause());
            case NoSuchFileException file -> "no such file: " + file.getFile();
            case AccessDeniedException file -> "no permission to use " + file.getFile();
            case FileAlreadyExistsException file -> "exists already: " + file.getFile();
            case NotDirectoryException file -> "not a folder: " + file.getFile();
            case OutOfMemoryError memory -> "out of memory: " + memory.getMessage()
                + " (give the JVM more with RICCI_HEAP=8g, or make the model or the batch smaller)";
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    }

    /** Whether the message alone tells the user what to do: the world, or the input, was at fault. */
    static boolean expected(Throwable e) {
        return e instanceof TensorException || e instanceof IOException || e instanceof UncheckedIOException
            || e instanceof OutOfMemoryError;
    }
}
