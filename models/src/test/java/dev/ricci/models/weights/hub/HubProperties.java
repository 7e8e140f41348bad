package dev.ricci.models.weights.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.weights.Mutations;
import dev.ricci.tensor.TensorException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** What a server of models, a cache or a caller may say: names lead nowhere else, answers are taken or refused. */
class HubProperties {
    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
    private static final List<String> NAMES = List.of("model-00001-of-00002.safetensors", "onnx/.cache/model_q8.onnx",
            "main",
            "refs/pr/1", "W/\"" + COMMIT + "\"", "owner/name");
    private static final List<String> PIECES = List.of("..", "/", "\\", "\0", "--", "%2e%2e", ":", "~", " ", "\u00e9", "\n",
            ".", "C:", "\"");
    private static final byte[] ANSWER = ("HTTP/1.1 200 OK\r\nX-Repo-Commit: " + COMMIT + "\r\nETag: \"" + COMMIT
            + "\"\r\nX-Linked-Size: 5\r\nContent-Length: 5\r\nConnection: close\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1);
    private static Path folder;
    private static ServerSocket server;
    /** What the next connection is answered with. */
    private static volatile byte[] answer;

    @BeforeContainer
    static void start() throws IOException {
        folder = Files.createTempDirectory("hub");
        server = new ServerSocket(0, 50, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
        Thread.ofVirtual().start(() -> {
            while (!server.isClosed()) {
                try (Socket s = server.accept(); InputStream in = s.getInputStream(); OutputStream out = s.getOutputStream()) {
                    int b = 0;
                    for (int last = 0; last != 0x0d0a0d0a && b >= 0;) {
                        b = in.read();
                        last = last << 8 | b;
                    }
                    out.write(answer);
                } catch (IOException e) {
                    // The client went away, or the test is over.
                }
            }
        });
    }

    @AfterContainer
    static void stop() throws IOException {
        server.close();
        try (var files = Files.walk(folder)) {
            for (Path p : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(p);
            }
        }
    }

    private static String changed(SplittableRandom random) {
        StringBuilder s = new StringBuilder(NAMES.get(random.nextInt(NAMES.size())));
        for (int n = 1 + random.nextInt(3); n > 0; n--) {
            int at = random.nextInt(s.length() + 1);
            switch (random.nextInt(4)) {
                case 0 -> s.insert(at, PIECES.get(random.nextInt(PIECES.size())));
                case 1 -> s.insert(at, (char) random.nextInt(0x180));
                case 2 -> s.delete(at, Math.min(s.length(), at + 1 + random.nextInt(4)));
                default -> s.insert(at, NAMES.get(random.nextInt(NAMES.size())));
            }
        }
        return s.toString();
    }

    @Property(tries = 2000)
    void namesLeadNowhereElse(@ForAll(supplier = Mutations.Seeds.class) long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = Mutations.rounds(2000); round > 0; round--) {
            String name = changed(random);
            String etag = HubNames.etag(name);
            if (etag != null) {
                within(etag);
            }
            try {
                within(HubNames.file(name));
                within(HubNames.revision(name));
                within("models--" + HubNames.repository(name).replace("/", "--"));
            } catch (TensorException refused) {
                assertTrue(refused.getMessage().startsWith("hub: "), refused.getMessage());
            }
        }
    }

    private static void within(String name) {
        Path path = folder.resolve(name);
        assertTrue(path.equals(path.normalize()) && path.startsWith(folder) && !path.equals(folder), name);
        assertEquals(name, folder.relativize(path).toString().replace('\\', '/'));
    }

    @Property(tries = 200)
    void aReferenceIsACommitOrNone(@ForAll(supplier = Mutations.Seeds.class) long seed) throws IOException {
        HubCache cache = new HubCache(folder, "owner/name");
        Path ref = folder.resolve("models--owner--name/refs/main");
        Files.createDirectories(ref.getParent());
        Mutations.readsOrRefuses((COMMIT + "\n").getBytes(StandardCharsets.US_ASCII), seed, Mutations.rounds(200),
                200, bytes -> {
            Files.write(ref, bytes);
            cache.commit("main").ifPresent(commit -> assertTrue(commit.matches("[0-9a-f]{40}"), commit));
        });
    }

    /** Over a connection, which is slow: a thousandth of the answers will do. */
    @Property(tries = 100)
    void answersAreTakenOrRefused(@ForAll(supplier = Mutations.Seeds.class) long seed) {
        HubClient client = new HubClient(new HubOptions(folder, URI.create("http://127.0.0.1:" + server.getLocalPort()), null,
                1 << 20, Duration.ofSeconds(10)));
        Mutations.readsOrRefuses(ANSWER, seed, Mutations.rounds(100_000), 1000, bytes -> {
            answer = bytes;
            HubClient.Answer said = client.look("owner/name", "main", "config.json");
            assertTrue(HubNames.isCommit(said.commit()) && said.size() >= 0 && said.size() <= 1 << 20, said.toString());
        });
    }
}
