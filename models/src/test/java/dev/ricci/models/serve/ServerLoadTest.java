package dev.ricci.models.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.generation.EngineOptions;
import dev.ricci.tensor.TensorException;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many clients, impatient ones, and the end of the server. */
@Timeout(120)
class ServerLoadTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String TEXT = "/v1/completions";

    @Test
    void refusesExactlyWhatIsBeyondCapacity() throws Exception {
        try (TestServer server = TestServer.of(2, 1)) {
            Map<String, Object> endless = TestServer.completion("max_tokens", TestServer.LONG - 10, "stream", true);
            List<Stream<String>> taken = new ArrayList<>();
            // A stream has begun when its first line is there, and a request in the queue when the engine says so.
            for (int i = 0; i < 2; i++) {
                Stream<String> lines = server.lines(TEXT, endless);
                taken.add(lines);
            }
            CompletableFuture<HttpResponse<String>> queued = server.postLater(TEXT, endless);
            while (server.engine.statistics().queued() == 0) {
                Thread.sleep(5);
            }
            for (int i = 0; i < 5; i++) {
                HttpResponse<String> refused = server.post(TEXT, TestServer.completion());
                assertEquals(429, refused.statusCode(), refused.body());
                assertEquals("queue_full", TestServer.error(refused).get("code"));
                assertEquals("1", refused.headers().firstValue("Retry-After").orElseThrow());
            }
            assertEquals(5, server.engine.statistics().rejected());
            taken.forEach(Stream::close);
            queued.cancel(true);
            server.awaitIdle();
            assertEquals(0, server.engine.statistics().usedCacheTokens());
            assertEquals(200, server.post(TEXT, TestServer.completion()).statusCode());
        }
    }

    @Test
    void cancelsWhatNobodyWaitsFor() throws Exception {
        try (TestServer server = TestServer.of(2, 4)) {
            // A stream that is dropped after its first lines.
            try (Stream<String> lines = server.lines(CHAT, TestServer.chat("max_tokens", TestServer.LONG / 2, "stream", true))) {
                Iterator<String> some = lines.iterator();
                assertTrue(some.next().startsWith("data: "));
            }
            server.awaitIdle();
            // A client that waits for all of it and hangs up.
            byte[] body = dev.ricci.tensor.io.Json.write(TestServer.completion("max_tokens", TestServer.LONG - 10))
                    .getBytes(StandardCharsets.UTF_8);
            try (Socket socket = new Socket("127.0.0.1", server.server.address().getPort())) {
                socket.getOutputStream().write(("POST " + TEXT + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
                        + "\r\nContent-Length: " + body.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
                socket.getOutputStream().write(body);
                socket.getOutputStream().flush();
                while (server.engine.statistics().active() == 0) {
                    Thread.sleep(5);
                }
            }
            server.awaitIdle();
            assertEquals(0, server.engine.statistics().usedCacheTokens());
            assertTrue(server.engine.statistics().newTokens() < TestServer.LONG, "both were cut short");
        }
    }

    /** The property {@code ricci.serve.clients} says how many clients ask, 20 requests each; normally a few ask a few. */
    @Test
    @Timeout(600)
    void manyClientsGetWhatOneGets() throws Exception {
        Integer asked = Integer.getInteger("ricci.serve.clients");
        int clients = asked == null ? 8 : asked;
        int requests = asked == null ? 4 : 20;
        int dropEvery = 10;
        try (TestServer server = TestServer.of(16, clients); ExecutorService threads = Executors.newCachedThreadPool()) {
            List<String> alone = new ArrayList<>();
            for (int i = 0; i < requests; i++) {
                alone.add(TestServer.text(server.post(TEXT, request(i))));
            }
            List<Future<Integer>> all = new ArrayList<>();
            for (int c = 0; c < clients; c++) {
                int client = c;
                all.add(threads.submit(() -> {
                    int same = 0;
                    for (int i = 0; i < requests; i++) {
                        int which = (i + client) % requests;
                        Map<String, Object> body = request(which);
                        if ((client + i) % 2 == 1) {
                            body.put("stream", true);
                        }
                        if ((client * requests + i) % dropEvery == dropEvery - 1) {
                            body.put("stream", true);
                            body.put("max_tokens", 5000);
                            server.lines(TEXT, body).close();
                            continue;
                        }
                        HttpResponse<String> response = server.post(TEXT, body);
                        assertEquals(200, response.statusCode(), response.body());
                        assertEquals(alone.get(which), body.containsKey("stream") ? TestServer.streamed(response)
                                : TestServer.text(response));
                        same++;
                    }
                    return same;
                }));
            }
            int same = 0;
            for (Future<Integer> f : all) {
                same += f.get();
            }
            assertEquals(clients * requests - clients * requests / dropEvery, same);
            server.awaitIdle();
            assertEquals(0, server.engine.statistics().usedCacheTokens());
        }
    }

    private static Map<String, Object> request(int i) {
        return TestServer.completion("prompt", "Once upon a time " + "la ".repeat(i), "seed", i, "max_tokens", 10 + 3 * i,
                "temperature", 0.1 * (i % 12));
    }

    @Test
    void endsInGoodOrder() throws Exception {
        try (TestServer server = TestServer.of(2, 4)) {
            // Long enough to be running when the server is told to end, short enough to end by itself.
            CompletableFuture<HttpResponse<String>> running = server.postLater(TEXT,
                    TestServer.completion("max_tokens", 2000, "stream", true));
            while (server.engine.statistics().active() == 0) {
                Thread.sleep(1);
            }
            CompletableFuture<Boolean> ended = CompletableFuture.supplyAsync(() -> {
                try {
                    return server.server.shutdown(Duration.ofSeconds(60));
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            HttpResponse<String> refused = server.post(TEXT, TestServer.completion());
            while (refused.statusCode() == 200) {
                refused = server.post(TEXT, TestServer.completion());
            }
            assertEquals(503, refused.statusCode(), refused.body());
            assertEquals(2000, TestServer.streamed(running.get()).length());
            assertTrue(ended.get());
            assertThrows(IOException.class, () -> server.get("/health"));
        }
        try (TestServer server = TestServer.of(2, 4)) {
            CompletableFuture<HttpResponse<String>> stream = server.postLater(TEXT,
                    TestServer.completion("max_tokens", TestServer.LONG - 10, "stream", true));
            CompletableFuture<HttpResponse<String>> whole = server.postLater(TEXT,
                    TestServer.completion("max_tokens", TestServer.LONG - 10));
            while (server.engine.statistics().active() < 2) {
                Thread.sleep(1);
            }
            assertFalse(server.server.shutdown(Duration.ofMillis(100)));
            assertTrue(stream.get().body().contains("shutting_down"), "the stream ends with an error");
            assertEquals(503, whole.get().statusCode());
        }
    }

    @Test
    void givesUpAfterATime() throws Exception {
        EngineOptions options = new EngineOptions(2, 2, 2 * TestServer.LONG, 64, true);
        try (TestServer server = new TestServer(options, ServerOptions.loopback(0).withMaxTokens(TestServer.LONG)
                .withMaxTime(Duration.ofMillis(300)), Map.of())) {
            HttpResponse<String> late = server.post(TEXT, TestServer.completion("max_tokens", TestServer.LONG - 10));
            assertEquals(504, late.statusCode());
            server.awaitIdle();
        }
    }

    @Test
    void embedsThroughAFunction() throws Exception {
        EmbeddingFunction function = texts -> {
            if (texts.contains("bad")) {
                throw new TensorException("embed: a text of no kind");
            }
            return new EmbeddingFunction.Embeddings(texts.stream().map(t -> new float[] {t.length(), 0.5f}).toList(),
                    texts.size());
        };
        EngineOptions options = new EngineOptions(1, 1, TestServer.LONG, 64, true);
        try (TestServer server = new TestServer(options, ServerOptions.loopback(0), Map.of("mini", function))) {
            String path = "/v1/embeddings";
            Map<String, Object> answer = TestServer.json(server.post(path,
                    Map.of("model", "mini", "input", List.of("ab", "abc"))));
            List<?> data = (List<?>) answer.get("data");
            assertEquals(List.of(3.0, 0.5), ((Map<?, ?>) data.get(1)).get("embedding"));
            assertEquals(2L, ((Map<?, ?>) answer.get("usage")).get("prompt_tokens"));
            String base64 = (String) ((Map<?, ?>) ((List<?>) TestServer.json(server.post(path,
                    Map.of("model", "mini", "input", "abcd", "encoding_format", "base64"))).get("data")).getFirst())
                    .get("embedding");
            ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(base64)).order(ByteOrder.LITTLE_ENDIAN);
            assertEquals(4f, bytes.getFloat());
            assertEquals(0.5f, bytes.getFloat());
            assertEquals(400, server.post(path, Map.of("model", "mini", "input", "bad")).statusCode());
            assertEquals(400, server.post(path, Map.of("model", "mini", "input", List.of())).statusCode());
            assertEquals(404, server.post(path, Map.of("model", "tiny", "input", "x")).statusCode());
            assertEquals(2, ((List<?>) TestServer.json(server.get("/v1/models")).get("data")).size());
        }
    }
}
