package dev.ricci.examples;

import dev.ricci.tensor.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Text to train on: a file, or by default the project's own sources and documents, which are always there. */
final class TextSource {
    private static final Set<String> SKIPPED = Set.of("target", "runs", "lib", "node_modules");

    private TextSource() {
    }

    /** The UTF-8 text of a file. */
    static String read(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new FormatException("text " + file + ": is a folder; give one UTF-8 file");
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(Files.readAllBytes(file))).toString();
        } catch (CharacterCodingException e) {
            throw new FormatException("text " + file + ": is not UTF-8; convert it first", e);
        }
    }

    /** All Java sources and Markdown documents of the project, in the order of their paths. */
    static String ofProject() throws IOException {
        String home = System.getProperty("ricci.home");
        if (home == null) {
            throw new UsageException("--text: needed here; the project's own sources, the default, are known only to the"
                + " launcher ./ricci");
        }
        Path root = Path.of(home);
        List<Path> files = new ArrayList<>();
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                String name = folder.equals(root) ? "" : folder.getFileName().toString();
                return SKIPPED.contains(name) || name.startsWith(".") ? FileVisitResult.SKIP_SUBTREE
                    : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                String name = file.getFileName().toString();
                if (name.endsWith(".java") || name.endsWith(".md")) {
                    files.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        // By the path's text with '/': the same order on every platform.
        files.sort((a, b) -> root.relativize(a).toString().replace('\\', '/')
            .compareTo(root.relativize(b).toString().replace('\\', '/')));
        StringBuilder text = new StringBuilder();
        for (Path file : files) {
            text.append(read(file)).append('\n');
        }
        return text.toString();
    }

    /** SHA-256 of a text in UTF-8, in hexadecimal. */
    static String hash(String text) {
        MessageDigest sha = sha256();
        sha.update(text.getBytes(StandardCharsets.UTF_8));
        return named(sha);
    }

    /** SHA-256 of a file, or of all files that lie in a folder, by name. */
    static String hash(Path path) throws IOException {
        MessageDigest sha = sha256();
        List<Path> files = List.of(path);
        if (Files.isDirectory(path)) {
            try (Stream<Path> all = Files.list(path)) {
                files = all.filter(Files::isRegularFile).sorted().toList();
            }
        }
        byte[] buffer = new byte[1 << 16];
        for (Path file : files) {
            try (InputStream in = Files.newInputStream(file)) {
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    sha.update(buffer, 0, n);
                }
            }
        }
        return named(sha);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java platform has it
        }
    }

    private static String named(MessageDigest sha) {
        return "sha256:" + HexFormat.of().formatHex(sha.digest());
    }
}
