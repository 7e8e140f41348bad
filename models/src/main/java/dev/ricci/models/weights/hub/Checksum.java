package dev.ricci.models.weights.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** What a tag says of a file's contents: 64 hexadecimal digits are its SHA-256, 40 the name that Git gives its blob. */
final class Checksum {
    private Checksum() {
    }

    /** The tag that the file's contents should have; the given one if it is of neither kind. */
    static String of(Path file, String etag) throws IOException {
        if (!etag.matches("[0-9a-f]{40}|[0-9a-f]{64}")) {
            return etag;
        }
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
            MessageDigest digest = MessageDigest.getInstance(etag.length() == 64 ? "SHA-256" : "SHA-1");
            if (etag.length() == 40) {
                digest.update(("blob " + in.size() + "\0").getBytes(StandardCharsets.US_ASCII));
            }
            ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
            while (in.read(buffer) >= 0) {
                digest.update(buffer.flip());
                buffer.clear();
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IOException("hub: this JVM lacks a digest that every JVM has", e);
        }
    }
}
