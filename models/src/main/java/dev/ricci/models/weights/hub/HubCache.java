package dev.ricci.models.weights.hub;

import dev.ricci.tensor.io.AtomicFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * The folders of one model in the usual layout: {@code models--OWNER--NAME} with {@code blobs} (contents by their tag),
 * {@code refs} (the commit that a branch or tag stood at) and {@code snapshots} (for each commit, the files by name, as
 * links to blobs).
 */
final class HubCache {
    private static final int MAX_REF_BYTES = 256;

    private final Path folder;

    HubCache(Path cache, String repository) {
        this.folder = cache.resolve("models--" + repository.replace("/", "--"));
    }

    Path blob(String etag) {
        return folder.resolve("blobs").resolve(etag);
    }

    Path snapshot(String commit) {
        return folder.resolve("snapshots").resolve(commit);
    }

    /** A file of a snapshot, if it is there as a whole. */
    Optional<Path> file(String commit, String name) {
        Path file = snapshot(commit).resolve(name);
        return Files.isRegularFile(file) ? Optional.of(file) : Optional.empty();
    }

    /** The commit that a revision stood at when it was last asked for; a commit stands for itself. */
    Optional<String> commit(String revision) throws IOException {
        if (HubNames.isCommit(revision)) {
            return Optional.of(revision);
        }
        Path ref = folder.resolve("refs").resolve(revision);
        if (!Files.isRegularFile(ref) || Files.size(ref) > MAX_REF_BYTES) {
            return Optional.empty();
        }
        String commit = new String(Files.readAllBytes(ref), StandardCharsets.US_ASCII).strip();
        return HubNames.isCommit(commit) ? Optional.of(commit) : Optional.empty();
    }

    void remember(String revision, String commit) throws IOException {
        if (!HubNames.isCommit(revision)) {
            Path ref = folder.resolve("refs").resolve(revision);
            Files.createDirectories(ref.getParent());
            AtomicFiles.writeString(ref, commit);
        }
    }

    /** Puts a blob under its name in a snapshot: a relative link, or a copy where the system has no links. */
    Path link(String commit, String name, String etag) throws IOException {
        Path file = snapshot(commit).resolve(name);
        Files.createDirectories(file.getParent());
        Path target = file.getParent().relativize(blob(etag));
        try {
            Files.createSymbolicLink(file, target);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isRegularFile(file)) {
                Files.delete(file);
                Files.createSymbolicLink(file, target);
            }
        } catch (UnsupportedOperationException | FileSystemException e) {
            Path temporary = file.resolveSibling("." + file.getFileName() + ".tmp");
            Files.copy(blob(etag), temporary, StandardCopyOption.REPLACE_EXISTING);
            AtomicFiles.move(temporary, file);
        }
        return file;
    }
}
