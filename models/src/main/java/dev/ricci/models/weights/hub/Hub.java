package dev.ricci.models.weights.hub;

import dev.ricci.tensor.TensorException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/**
 * Published models by name, kept in a cache whose layout other tools share. Offline unless the options name an endpoint:
 * then what the cache lacks is downloaded, resumed where an earlier download ended, and checked against its checksum.
 * Thread-safe; several processes may share a cache.
 */
public final class Hub {
    /** The revision that is meant when none is named. */
    public static final String MAIN = "main";

    private final HubOptions options;
    private final HubClient client;

    /** With these options. */
    public Hub(HubOptions options) {
        this.options = options;
        this.client = options.endpoint() == null ? null : new HubClient(options);
    }

    /**
     * A file of a model.
     *
     * @param repository {@code NAME} or {@code OWNER/NAME}
     * @param revision a branch, a tag or a commit; {@link #MAIN} usually
     * @param file its path in the model, such as {@code config.json}
     * @return where it lies in the cache
     * @throws TensorException if a name leads anywhere else, or the server sends what a name may not be
     * @throws IOException if it is neither in the cache nor to be had: offline, not there, too large, other contents than
     *     its checksum says, or the connection broke; what has come stays for the next try
     */
    public Path file(String repository, String revision, String file) throws IOException {
        HubCache cache = new HubCache(options.cache(), HubNames.repository(repository));
        HubNames.revision(revision);
        HubNames.file(file);
        // A commit never changes; of a branch the server knows more than the cache.
        Optional<Path> known = HubNames.isCommit(revision) || client == null
                ? cached(cache, revision, file) : Optional.empty();
        if (known.isPresent()) {
            return known.get();
        }
        if (client == null) {
            throw new IOException("hub: " + repository + " at " + revision + " has no " + file + " in the cache "
                    + options.cache() + ", and the network is not used; set -D" + HubOptions.ENDPOINT
                    + "=ADDRESS to allow it");
        }
        HubClient.Answer answer = client.look(repository, revision, file);
        Path blob = cache.blob(answer.etag());
        if (!Files.isRegularFile(blob)) {
            download(answer, blob, repository + "/" + file);
        }
        Path linked = cache.link(answer.commit(), file, answer.etag());
        cache.remember(revision, answer.commit());
        return linked;
    }

    /**
     * Several files of one commit of a model: those of a branch that moves on meanwhile would not belong together.
     *
     * @param files their paths in the model
     * @return the folder of the snapshot, which has them
     * @throws TensorException as {@link #file}
     * @throws IOException as {@link #file}
     */
    public Path snapshot(String repository, String revision, List<String> files) throws IOException {
        if (files.isEmpty()) {
            throw new TensorException("hub: snapshot of " + repository + ": name the files that it should have");
        }
        file(repository, revision, files.getFirst());
        HubCache cache = new HubCache(options.cache(), repository);
        String commit = cache.commit(revision).orElseThrow(() -> new IOException("hub: " + repository + ": the cache "
                + options.cache() + " lost the commit of " + revision));
        for (String file : files.subList(1, files.size())) {
            file(repository, commit, file);
        }
        return cache.snapshot(commit);
    }

    private static Optional<Path> cached(HubCache cache, String revision, String file) throws IOException {
        Optional<String> commit = cache.commit(revision);
        return commit.isPresent() ? cache.file(commit.get(), file) : Optional.empty();
    }

    private void download(HubClient.Answer answer, Path blob, String what) throws IOException {
        Files.createDirectories(blob.getParent());
        Path partial = blob.resolveSibling(blob.getFileName() + ".incomplete");
        // Two processes must not append to one file. The lock is a file of its own, for the other one is moved away.
        Path lockFile = blob.resolveSibling(blob.getFileName() + ".lock");
        synchronized (Hub.class) {
            try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock lock = channel.lock()) {
                if (lock.isValid() && !Files.isRegularFile(blob)) {
                    client.download(answer, partial, what);
                    check(answer, partial, what);
                    Files.move(partial, blob, StandardCopyOption.ATOMIC_MOVE);
                }
            }
        }
    }

    private static void check(HubClient.Answer answer, Path partial, String what) throws IOException {
        String found = Checksum.of(partial, answer.etag());
        if (!found.equals(answer.etag())) {
            Files.delete(partial);
            throw new IOException("hub: " + what + " should have the checksum " + answer.etag() + ", what came has " + found
                    + "; it was thrown away, try again");
        }
    }
}
