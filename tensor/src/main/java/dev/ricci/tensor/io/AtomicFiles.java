package dev.ricci.tensor.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Files that are there as a whole or not at all: written under a temporary name in the same folder, forced to the
 * disk, then moved into place in one step. Whoever reads the name sees the old contents or the new.
 */
public final class AtomicFiles {
    private AtomicFiles() {
    }

    /** What fills a file. */
    @FunctionalInterface
    public interface Body {
        /** Writes everything into the channel. */
        void write(FileChannel channel) throws IOException;
    }

    /**
     * Writes a file. If the body throws, the old file stays as it is and the temporary one is removed.
     *
     * @param target replaced if it is there; its folder must exist
     */
    public static void write(Path target, Body body) throws IOException {
        Path file = target.toAbsolutePath();
        if (Files.isDirectory(file)) {
            throw new IOException(target + ": cannot write a file here, this is a folder");
        }
        Path temporary = temporary(file);
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                body.write(channel);
                channel.force(true);
            }
            move(temporary, file);
        } catch (Throwable t) {
            try {
                Files.deleteIfExists(temporary);
            } catch (IOException e) {
                t.addSuppressed(e);
            }
            throw t;
        }
    }

    /**
     * Writes a text in UTF-8.
     *
     * @param target replaced if it is there; its folder must exist
     */
    public static void writeString(Path target, String text) throws IOException {
        write(target, channel -> writeFully(channel, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))));
    }

    /**
     * Moves a file or folder to a name in the same folder in one step and forces the new name to the disk. A file
     * replaces a file; a folder replaces nothing but an empty folder.
     */
    public static void move(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        force(to.toAbsolutePath().getParent());
    }

    /** Forces the names in a folder to the disk, where the system can; a file's contents are forced on its own. */
    public static void force(Path folder) {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // Windows opens no folders. The move is atomic there as well; it may be lost in a power cut, never torn.
            return;
        }
    }

    /** Writes all that remains in a buffer. */
    static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private static Path temporary(Path file) throws IOException {
        // Not Files.createTempFile: its files can be read by their owner alone, and keep that after the move.
        while (true) {
            String name = "." + file.getFileName() + "." + Long.toHexString(ThreadLocalRandom.current().nextLong())
                    + ".tmp";
            try {
                return Files.createFile(file.resolveSibling(name));
            } catch (FileAlreadyExistsException e) {
                continue;
            }
        }
    }
}
