package dev.ricci.models.weights.hub;

import dev.ricci.tensor.TensorException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Asks a server for files of models. Redirects are followed here, one by one, so that each is checked first. */
final class HubClient {
    private static final int MAX_REDIRECTS = 5;

    private final HubOptions options;
    private final HttpClient http;

    HubClient(HubOptions options) {
        this.options = options;
        this.http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(options.timeout()).followRedirects(HttpClient.Redirect.NEVER).build();
    }

    /**
     * What the server says of a file.
     *
     * @param location where its bytes are
     * @param commit that the revision stands at
     * @param etag of the contents
     * @param size in bytes
     */
    record Answer(URI location, String commit, String etag, long size) {
    }

    /** Asks for a file's headers. */
    Answer look(String repository, String revision, String file) throws IOException {
        String base = options.endpoint().toString();
        // Names hold no character that an address would have to escape, but the slashes in a revision.
        URI uri = URI.create((base.endsWith("/") ? base : base + "/") + repository + "/resolve/"
                + revision.replace("/", "%2F") + "/" + file);
        String what = repository + "/" + file;
        String commit = null;
        String etag = null;
        long size = -1;
        for (int redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
            HttpResponse<Void> response = send(request(uri).method("HEAD", HttpRequest.BodyPublishers.noBody()).build(),
                    HttpResponse.BodyHandlers.discarding());
            HttpHeaders headers = response.headers();
            boolean redirected = isRedirect(response.statusCode());
            if (!redirected && response.statusCode() != 200) {
                throw refused(uri, response.statusCode());
            }
            commit = commit != null ? commit : headers.firstValue("x-repo-commit").orElse(null);
            etag = etag != null ? etag : HubNames.etag(headers.firstValue("x-linked-etag")
                    .orElse(redirected ? null : headers.firstValue("etag").orElse(null)));
            size = size >= 0 ? size : number(headers, "x-linked-size", redirected ? -1 : number(headers, "content-length", -1));
            if (!redirected) {
                return checked(uri, commit, etag, size, what);
            }
            uri = redirect(uri, headers);
            // A server that holds nothing but bytes may take no HEAD, and nothing is left to ask it.
            if (commit != null && etag != null && size >= 0) {
                return checked(uri, commit, etag, size, what);
            }
        }
        throw new IOException("hub: " + what + ": more than " + MAX_REDIRECTS + " redirects");
    }

    private Answer checked(URI uri, String commit, String etag, long size, String what) throws IOException {
        if (!HubNames.isCommit(commit) || etag == null) {
            throw new TensorException("hub: " + what + ": the server names no commit of 40 hexadecimal digits or no tag of"
                    + " the contents; it is not a server of models");
        }
        if (size < 0 || size > options.maxFileBytes()) {
            throw new IOException("hub: " + what + " has " + (size < 0 ? "no known size" : size + " bytes")
                    + ", the limit is " + options.maxFileBytes());
        }
        return new Answer(uri, commit, etag, size);
    }

    /** Appends what is missing to a partial file. */
    void download(Answer answer, Path partial, String what) throws IOException {
        long have = Files.exists(partial) ? Files.size(partial) : 0;
        if (have > answer.size) {
            Files.delete(partial);
            have = 0;
        }
        if (have == answer.size && have > 0) {
            return;
        }
        URI uri = answer.location;
        for (int redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
            HttpRequest.Builder ask = request(uri);
            if (have > 0) {
                ask.header("Range", "bytes=" + have + "-");
            }
            HttpResponse<InputStream> response = send(ask.GET().build(), HttpResponse.BodyHandlers.ofInputStream());
            try (InputStream in = response.body()) {
                if (isRedirect(response.statusCode())) {
                    uri = redirect(uri, response.headers());
                    continue;
                }
                boolean resumed = have > 0 && response.statusCode() == 206
                        && response.headers().firstValue("content-range").orElse("").startsWith("bytes " + have + "-");
                if (!resumed && response.statusCode() != 200) {
                    throw refused(uri, response.statusCode());
                }
                append(in, partial, resumed ? have : 0, answer.size, what);
                return;
            }
        }
        throw new IOException("hub: " + what + ": more than " + MAX_REDIRECTS + " redirects");
    }

    private void append(InputStream in, Path partial, long from, long size, String what) throws IOException {
        try (FileChannel out = FileChannel.open(partial, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                StallGuard guard = new StallGuard(in, options.timeout())) {
            out.truncate(from);
            out.position(from);
            byte[] buffer = new byte[1 << 16];
            long at = from;
            for (int n = read(in, buffer, guard, what); n >= 0; n = read(in, buffer, guard, what)) {
                at += n;
                if (at > size) {
                    out.truncate(from);
                    throw new IOException("hub: " + what + ": the server sends more than the " + size
                            + " bytes that it announced");
                }
                for (ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, n); bytes.hasRemaining();) {
                    out.write(bytes);
                }
            }
            if (at < size) {
                throw new IOException("hub: " + what + ": the connection ended after " + at + " of " + size
                        + " bytes; try again, it goes on from there");
            }
            out.force(true);
        }
    }

    private int read(InputStream in, byte[] buffer, StallGuard guard, String what) throws IOException {
        try {
            int n = in.read(buffer);
            guard.progress();
            return n;
        } catch (IOException e) {
            throw guard.stalled() ? new IOException("hub: " + what + ": nothing has come for " + options.timeout()
                    + "; try again, it goes on from there", e) : e;
        }
    }

    // ---------------------------------------------------------------- requests

    private HttpRequest.Builder request(URI uri) {
        HttpRequest.Builder b = HttpRequest.newBuilder(uri).timeout(options.timeout())
                .header("User-Agent", "ricci").header("Accept-Encoding", "identity");
        // Where a redirect leads, the token is nobody's business.
        if (options.token() != null && sameHost(uri, options.endpoint())) {
            b.header("Authorization", "Bearer " + options.token());
        }
        return b;
    }

    private <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> handler) throws IOException {
        try {
            return http.send(request, handler);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("hub: interrupted").initCause(e);
        } catch (IllegalArgumentException e) {
            throw new IOException("hub: " + request.uri().getHost() + " is no address to connect to", e);
        }
    }

    private static long number(HttpHeaders headers, String name, long otherwise) {
        String text = headers.firstValue(name).orElse("");
        return text.matches("[0-9]{1,18}") ? Long.parseLong(text) : otherwise;
    }

    private static boolean isRedirect(int status) {
        return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    }

    private static URI redirect(URI from, HttpHeaders headers) throws IOException {
        String location = headers.firstValue("location").orElse("");
        URI to;
        try {
            to = from.resolve(location);
        } catch (IllegalArgumentException e) {
            throw new IOException("hub: " + from.getHost() + " redirects to something that is no address", e);
        }
        if (!HubOptions.isHttp(to) || "https".equalsIgnoreCase(from.getScheme())
                && !"https".equalsIgnoreCase(to.getScheme())) {
            throw new IOException("hub: " + from.getHost() + " redirects to '" + to.getScheme() + "://" + to.getHost()
                    + "', only http and https are followed, and never from https to http");
        }
        return to;
    }

    private static boolean sameHost(URI a, URI b) {
        return a.getScheme().equalsIgnoreCase(b.getScheme()) && a.getHost().equalsIgnoreCase(b.getHost())
                && a.getPort() == b.getPort();
    }

    private static IOException refused(URI uri, int status) {
        String why = switch (status) {
            case 401, 403 -> "it wants a token that may read this model";
            case 404 -> "there is no such model, revision or file, or it wants a token";
            case 416 -> "what came before does not fit its file; remove the .incomplete file from the cache";
            case 429 -> "it had too many requests; wait";
            default -> "try again later";
        };
        return new IOException("hub: " + uri.getHost() + " answers " + status + " for " + uri.getPath() + ": " + why);
    }
}
