package dev.ricci.tensor.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {
    @TempDir
    Path folder;

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(p -> p.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void replacesTheWholeFile() throws IOException {
        Path file = folder.resolve("a");
        AtomicFiles.writeString(file, "first, and longer");
        AtomicFiles.writeString(file, "second é");
        assertEquals("second é", Files.readString(file));
        assertEquals(List.of("a"), names());
    }

    @Test
    void keepsTheOldFileAndNoOtherWhenTheBodyFails() throws IOException {
        Path file = folder.resolve("a");
        AtomicFiles.writeString(file, "old");
        IOException failure = new IOException("disk full");
        assertEquals(failure, assertThrows(IOException.class, () -> AtomicFiles.write(file, channel -> {
            channel.write(ByteBuffer.wrap(new byte[100]));
            assertEquals("old", Files.readString(file));
            throw failure;
        })));
        assertEquals("old", Files.readString(file));
        assertEquals(List.of("a"), names());
    }

    @Test
    void refusesFoldersAndMissingParents() throws IOException {
        Files.createDirectory(folder.resolve("d"));
        assertThrows(IOException.class, () -> AtomicFiles.writeString(folder.resolve("d"), ""));
        assertThrows(NoSuchFileException.class, () -> AtomicFiles.writeString(folder.resolve("x/y"), ""));
        assertEquals(List.of("d"), names());
    }
}
