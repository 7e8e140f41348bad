package dev.ricci.models.weights.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.ricci.tensor.TensorException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The client against a server on loopback that behaves as one of models does, or misbehaves. */
class HubTest {
    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    @TempDir
    Path folder;
    private HttpServer server;
    private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
    /** What the server says beside the usual, by header. */
    private final Map<String, String> says = new ConcurrentHashMap<>();
    private byte[] contents;
    private volatile int breakAfter = Integer.MAX_VALUE;
    private volatile boolean ranges = true;
    private volatile boolean stalls;
    private volatile boolean redirects;

    @BeforeEach
    void start() throws IOException {
        contents = new byte[200_000];
        for (int i = 0; i < contents.length; i++) {
            contents[i] = (byte) (i * 31 >> 3);
        }
        server = HttpServer.create(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private URI endpoint() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    private HubOptions options() {
        return new HubOptions(folder, endpoint(), null, 1 << 20, Duration.ofSeconds(10));
    }

    private String sha256() throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(contents));
    }

    private void answer(HttpExchange x) throws IOException {
        String path = x.getRequestURI().getPath();
        requests.add(x.getRequestMethod() + " " + path + " " + x.getRequestHeaders().getFirst("Range") + " "
                + x.getRequestHeaders().getFirst("Authorization"));
        try (x) {
            boolean known = path.startsWith("/owner/model/resolve/") || path.startsWith("/bytes/");
            if (!known || path.endsWith("none.bin")) {
                x.sendResponseHeaders(404, -1);
                return;
            }
            try {
                x.getResponseHeaders().set("X-Repo-Commit", COMMIT);
                x.getResponseHeaders().set("ETag", "\"" + sha256() + "\"");
                if (redirects && !path.startsWith("/bytes/")) {
                    x.getResponseHeaders().set("X-Linked-Etag", "\"" + sha256() + "\"");
                    x.getResponseHeaders().set("X-Linked-Size", "" + contents.length);
                    x.getResponseHeaders().set("ETag", "\"other\"");
                    // Another name of the same machine: to the client another host.
                    x.getResponseHeaders().set("Location", "http://localhost:" + server.getAddress().getPort() + "/bytes/x");
                }
            } catch (Exception e) {
                throw new IOException(e);
            }
            says.forEach(x.getResponseHeaders()::set);
            if (x.getResponseHeaders().containsKey("Location")) {
                x.sendResponseHeaders(302, -1);
                return;
            }
            send(x);
        }
    }

    private void send(HttpExchange x) throws IOException {
        if (x.getRequestMethod().equals("HEAD")) {
            x.getResponseHeaders().putIfAbsent("Content-Length", List.of("" + contents.length));
            x.sendResponseHeaders(200, -1);
            return;
        }
        String range = x.getRequestHeaders().getFirst("Range");
        int from = 0;
        if (range != null && ranges) {
            from = Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
            x.getResponseHeaders().set("Content-Range",
                    "bytes " + from + "-" + (contents.length - 1) + "/" + contents.length);
        }
        x.sendResponseHeaders(from > 0 ? 206 : 200, contents.length - from);
        int n = Math.min(contents.length - from, breakAfter);
        x.getResponseBody().write(contents, from, n);
        x.getResponseBody().flush();
        for (int i = 0; stalls && i < 500; i++) {
            try {
                Thread.sleep(20);
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
    }

    private long count(String start) {
        return requests.stream().filter(r -> r.startsWith(start)).count();
    }

    @Test
    void keepsFilesInTheUsualLayout() throws Exception {
        Path file = new Hub(options()).file("owner/model", Hub.MAIN, "sub/weights.bin");
        Path model = folder.resolve("models--owner--model");
        assertEquals(model.resolve("snapshots").resolve(COMMIT).resolve("sub").resolve("weights.bin"), file);
        assertArrayEquals(contents, Files.readAllBytes(file));
        assertEquals(COMMIT, Files.readString(model.resolve("refs").resolve("main")));
        assertEquals(Path.of("../../../blobs", sha256()), Files.readSymbolicLink(file));
        assertFalse(Files.exists(model.resolve("blobs").resolve(sha256() + ".incomplete")));

        // Once more: the server is asked where the branch stands, and for no bytes; at a commit it is not asked at all.
        requests.clear();
        assertEquals(file, new Hub(options()).file("owner/model", Hub.MAIN, "sub/weights.bin"));
        assertEquals(0, count("GET"));
        assertEquals(1, count("HEAD"));
        assertEquals(file, new Hub(options()).file("owner/model", COMMIT, "sub/weights.bin"));
        assertEquals(1, requests.size());
        // And offline.
        assertEquals(file, new Hub(options().withEndpoint(null)).file("owner/model", Hub.MAIN, "sub/weights.bin"));
        assertEquals(1, requests.size());
    }

    @Test
    void isOfflineUnlessAsked() {
        assertEquals(null, HubOptions.defaults().endpoint());
        IOException e = assertThrows(IOException.class,
                () -> new Hub(options().withEndpoint(null)).file("owner/model", Hub.MAIN, "config.json"));
        assertTrue(e.getMessage().contains(HubOptions.ENDPOINT), e.getMessage());
        assertEquals(0, requests.size());
        assertFalse(Files.exists(folder.resolve("models--owner--model")));
    }

    @Test
    void aSnapshotIsOfOneCommit() throws IOException {
        Path snapshot = new Hub(options()).snapshot("owner/model", "refs/pr/1", List.of("config.json", "model.safetensors"));
        assertTrue(Files.exists(snapshot.resolve("config.json")) && Files.exists(snapshot.resolve("model.safetensors")));
        assertEquals(1, count("HEAD /owner/model/resolve/refs/pr/1/config.json"));
        assertEquals(1, count("HEAD /owner/model/resolve/" + COMMIT + "/model.safetensors"));
        assertEquals(1, count("GET"), "equal contents are one blob");
        assertThrows(TensorException.class, () -> new Hub(options()).snapshot("owner/model", Hub.MAIN, List.of()));
    }

    @Test
    void resumesWhatIsThere() throws Exception {
        partial(140_000);
        Path file = new Hub(options()).file("owner/model", Hub.MAIN, "weights.bin");
        assertArrayEquals(contents, Files.readAllBytes(file));
        assertEquals(1, count("GET"));
        assertEquals(1, count("GET /owner/model/resolve/main/weights.bin bytes=140000-"));
    }

    /** The first bytes of the contents, as an earlier try left them. */
    private void partial(int bytes) throws Exception {
        Path blobs = Files.createDirectories(folder.resolve("models--owner--model").resolve("blobs"));
        Files.write(blobs.resolve(sha256() + ".incomplete"), Arrays.copyOf(contents, bytes));
    }

    @Test
    void keepsWhatCameBeforeTheConnectionBroke() throws Exception {
        breakAfter = 70_000;
        Hub hub = new Hub(options());
        assertThrows(IOException.class, () -> hub.file("owner/model", Hub.MAIN, "weights.bin"));
        // How much the client hands out of what came right before the break is its own affair: at most all of it.
        Path partial = folder.resolve("models--owner--model").resolve("blobs").resolve(sha256() + ".incomplete");
        byte[] kept = Files.readAllBytes(partial);
        assertTrue(kept.length <= 70_000);
        assertArrayEquals(Arrays.copyOf(contents, kept.length), kept);
        breakAfter = Integer.MAX_VALUE;
        assertArrayEquals(contents, Files.readAllBytes(hub.file("owner/model", Hub.MAIN, "weights.bin")));
        if (kept.length > 0) {
            assertEquals(1, count("GET /owner/model/resolve/main/weights.bin bytes=" + kept.length + "-"));
        }
    }

    @Test
    void doesNotWaitForeverForMore() throws Exception {
        breakAfter = 70_000;
        stalls = true;
        IOException e = assertThrows(IOException.class, () -> new Hub(options().withTimeout(Duration.ofSeconds(1)))
                .file("owner/model", Hub.MAIN, "weights.bin"));
        stalls = false;
        assertTrue(e.getMessage().contains("nothing has come for PT1S"), e.getMessage());
    }

    @Test
    void brokenPartsDoNotStay() throws Exception {
        partial(100);
        Path partial = folder.resolve("models--owner--model").resolve("blobs").resolve(sha256() + ".incomplete");
        Files.write(partial, new byte[100]);
        assertThrows(IOException.class, () -> new Hub(options()).file("owner/model", Hub.MAIN, "weights.bin"));
        assertArrayEquals(contents, Files.readAllBytes(new Hub(options()).file("owner/model", Hub.MAIN, "weights.bin")));
        // Longer than the file can be: begun anew.
        Files.delete(partial.resolveSibling(sha256()));
        Files.write(partial, new byte[300_000]);
        assertArrayEquals(contents, Files.readAllBytes(new Hub(options()).file("owner/model", Hub.MAIN, "weights.bin")));
    }

    @Test
    void beginsAnewWhereTheServerKnowsNoRanges() throws Exception {
        partial(70_000);
        Hub hub = new Hub(options());
        ranges = false;
        assertArrayEquals(contents, Files.readAllBytes(hub.file("owner/model", Hub.MAIN, "weights.bin")));
    }

    @Test
    void otherContentsThanTheChecksumSaysAreThrownAway() throws Exception {
        says.put("ETag", "\"" + "0".repeat(64) + "\"");
        IOException e = assertThrows(IOException.class,
                () -> new Hub(options()).file("owner/model", Hub.MAIN, "weights.bin"));
        assertTrue(e.getMessage().contains("checksum"), e.getMessage());
        try (var blobs = Files.list(folder.resolve("models--owner--model").resolve("blobs"))) {
            assertEquals(List.of("0".repeat(64) + ".lock"), blobs.map(p -> p.getFileName().toString()).toList());
        }
        assertFalse(Files.exists(folder.resolve("models--owner--model").resolve("snapshots")));
        // A name of Git: the digest of a header and the contents.
        MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
        sha1.update("blob 200000\0".getBytes(StandardCharsets.US_ASCII));
        says.put("ETag", "W/\"" + HexFormat.of().formatHex(sha1.digest(contents)) + "\"");
        new Hub(options()).file("owner/model", Hub.MAIN, "weights.bin");
        says.put("ETag", "\"" + "1".repeat(40) + "\"");
        assertThrows(IOException.class, () -> new Hub(options()).file("owner/model", Hub.MAIN, "weights.bin"));
    }

    @Test
    void aTokenGoesToTheEndpointAlone() throws IOException {
        redirects = true;
        Path file = new Hub(options().withToken("secret")).file("owner/model", Hub.MAIN, "weights.bin");
        assertArrayEquals(contents, Files.readAllBytes(file));
        assertEquals(List.of("HEAD /owner/model/resolve/main/weights.bin null Bearer secret", "GET /bytes/x null null"),
                requests);
        assertFalse(options().withToken("secret").toString().contains("secret"));
        assertThrows(TensorException.class, () -> options().withToken("a\r\nX: b"));
    }

    @Test
    void followsOnlySoundRedirects() {
        for (String bad : List.of("file:///etc/passwd", "ftp://localhost/x", "gopher://localhost", "http://", "", "::")) {
            says.put("Location", bad);
            assertThrows(IOException.class, () -> new Hub(options()).file("owner/model", Hub.MAIN, "a.bin"), bad);
        }
        says.put("Location", "/owner/model/resolve/main/again.bin");
        IOException e = assertThrows(IOException.class, () -> new Hub(options()).file("owner/model", Hub.MAIN, "a.bin"));
        assertTrue(e.getMessage().contains("redirects"), e.getMessage());
    }

    @Test
    void refusesWhatTheServerMayNotSay() throws Exception {
        Hub hub = new Hub(options());
        assertTrue(assertThrows(IOException.class, () -> hub.file("owner/model", Hub.MAIN, "none.bin")).getMessage()
                .contains("404"));
        assertTrue(assertThrows(IOException.class, () -> new Hub(options().withMaxFileBytes(199_999))
                .file("owner/model", Hub.MAIN, "a.bin")).getMessage().contains("limit"));
        for (String bad : List.of("\"../../x\"", "\"\"", "\"a/b\"", "\"" + "a".repeat(200) + "\"")) {
            says.put("ETag", bad);
            assertThrows(TensorException.class, () -> hub.file("owner/model", Hub.MAIN, "a.bin"), bad);
        }
        says.put("ETag", "\"" + sha256() + "\"");
        for (String bad : List.of("..", "../../../../../../../../../../../tmp/xx", "main", "")) {
            says.put("X-Repo-Commit", bad);
            assertThrows(TensorException.class, () -> hub.file("owner/model", Hub.MAIN, "a.bin"), bad);
        }
        says.put("X-Repo-Commit", COMMIT);
        for (String bad : List.of("-1", "x", "99999999999999999999")) {
            says.put("X-Linked-Size", bad);
            hub.file("owner/model", Hub.MAIN, "a.bin");
        }
        // Less than what comes: the rest is not taken.
        says.put("X-Linked-Size", "1000");
        says.put("ETag", "\"" + "2".repeat(64) + "\"");
        assertTrue(assertThrows(IOException.class, () -> hub.file("owner/model", Hub.MAIN, "a.bin")).getMessage()
                .contains("more than the 1000 bytes"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "../x", "a/../b", "/a", "a/", "a//b", "a\\b", "a\0b", "a b", "a?b", "a#b", "a%2Fb",
        "-a", "a..b", "http://x"})
    void refusesNamesThatLeadElsewhere(String bad) {
        Hub hub = new Hub(options());
        assertThrows(TensorException.class, () -> hub.file(bad, Hub.MAIN, "a"), bad);
        assertThrows(TensorException.class, () -> hub.file("owner/model", bad, "a"), bad);
        assertThrows(TensorException.class, () -> hub.file("owner/model", Hub.MAIN, bad), bad);
        assertEquals(0, requests.size());
    }

    @Test
    void refusesOtherNames() throws IOException {
        Hub hub = new Hub(options());
        for (String bad : Arrays.asList(null, "a/b/c", "a--b", ".hidden")) {
            assertThrows(TensorException.class, () -> hub.file(bad, Hub.MAIN, "a"), bad);
        }
        assertTrue(Files.exists(hub.file("owner/model", Hub.MAIN, ".gitattributes")));
        for (String bad : List.of("ftp://x", "x", "http:///x")) {
            assertThrows(TensorException.class, () -> options().withEndpoint(URI.create(bad)));
        }
        assertThrows(TensorException.class, () -> options().withMaxFileBytes(0));
        assertThrows(TensorException.class, () -> options().withTimeout(Duration.ZERO));
        assertThrows(TensorException.class, () -> options().withCache(null));
    }
}
