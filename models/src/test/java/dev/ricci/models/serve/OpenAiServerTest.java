package dev.ricci.models.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.generation.EngineOptions;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the server answers to one client. */
@Timeout(60)
class OpenAiServerTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String TEXT = "/v1/completions";

    private static TestServer server;

    @BeforeAll
    static void start() throws Exception {
        server = TestServer.of(4, 8);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void answersAChat() throws Exception {
        HttpResponse<String> response = server.post(CHAT, TestServer.chat());
        assertEquals(200, response.statusCode(), response.body());
        Map<String, Object> answer = TestServer.json(response);
        assertEquals("chat.completion", answer.get("object"));
        assertEquals(TestServer.MODEL, answer.get("model"));
        Map<?, ?> choice = TestServer.choice(answer);
        assertEquals("length", choice.get("finish_reason"));
        assertEquals("assistant", ((Map<?, ?>) choice.get("message")).get("role"));
        assertEquals(12, TestServer.text(response).length());
        assertEquals(12L, ((Map<?, ?>) answer.get("usage")).get("completion_tokens"));
        String prompt = "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n";
        assertEquals((long) prompt.length(), ((Map<?, ?>) answer.get("usage")).get("prompt_tokens"));
        assertEquals(prompt.length() + 12L, ((Map<?, ?>) answer.get("usage")).get("total_tokens"));
        // The same seed, the same text; the prompt as a text gives it too.
        assertEquals(TestServer.text(response), TestServer.text(server.post(CHAT, TestServer.chat())));
        assertEquals(TestServer.text(response), TestServer.text(server.post(TEXT, TestServer.completion("prompt", prompt))));
        assertFalse(TestServer.text(response).equals(TestServer.text(server.post(CHAT, TestServer.chat("seed", 8)))));
    }

    @Test
    void streamsWhatItWouldAnswerAtOnce() throws Exception {
        for (String path : List.of(CHAT, TEXT)) {
            boolean chat = path.equals(CHAT);
            Object[] more = {"max_tokens", 40, "temperature", 1.3, "top_p", 0.9, "top_k", 20, "min_p", 0.01};
            Map<String, Object> body = chat ? TestServer.chat(more) : TestServer.completion(more);
            String whole = TestServer.text(server.post(path, body));
            body.put("stream", true);
            body.put("stream_options", Map.of("include_usage", true));
            HttpResponse<String> stream = server.post(path, body);
            assertEquals("text/event-stream; charset=utf-8", stream.headers().firstValue("Content-Type").orElseThrow());
            assertEquals(whole, TestServer.streamed(stream));
            List<Map<String, Object>> events = TestServer.events(stream);
            assertEquals(1, events.stream().map(e -> e.get("id")).distinct().count());
            assertEquals(chat ? "chat.completion.chunk" : "text_completion", events.getFirst().get("object"));
            if (chat) {
                assertEquals(Map.of("role", "assistant", "content", ""), TestServer.choice(events.getFirst()).get("delta"));
            }
            assertEquals("length", TestServer.choice(events.get(events.size() - 2)).get("finish_reason"));
            assertNull(TestServer.choice(events.get(events.size() - 3)).get("finish_reason"));
            assertEquals(List.of(), events.getLast().get("choices"));
            assertEquals(40L, ((Map<?, ?>) events.getLast().get("usage")).get("completion_tokens"));
        }
    }

    @Test
    void stopsBeforeAText() throws Exception {
        String whole = TestServer.text(server.post(TEXT, TestServer.completion("max_tokens", 40)));
        String stop = whole.substring(20, 22);
        String expected = whole.substring(0, whole.indexOf(stop));
        for (Object given : List.of(stop, List.of("\u00e9\u00e9", stop))) {
            Map<String, Object> body = TestServer.completion("max_tokens", 40, "stop", given);
            HttpResponse<String> response = server.post(TEXT, body);
            assertEquals(expected, TestServer.text(response));
            assertEquals("stop", TestServer.choice(TestServer.json(response)).get("finish_reason"));
            body.put("stream", true);
            assertEquals(expected, TestServer.streamed(server.post(TEXT, body)));
        }
    }

    @Test
    void tellsLogProbabilities() throws Exception {
        HttpResponse<String> chat = server.post(CHAT, TestServer.chat("logprobs", true, "top_logprobs", 3, "temperature", 0));
        List<?> content = (List<?>) ((Map<?, ?>) TestServer.choice(TestServer.json(chat)).get("logprobs")).get("content");
        assertEquals(12, content.size());
        StringBuilder text = new StringBuilder();
        for (Object entry : content) {
            Map<?, ?> token = (Map<?, ?>) entry;
            text.append(token.get("token"));
            List<?> top = (List<?>) token.get("top_logprobs");
            assertEquals(3, top.size());
            // Greedy: the token is the likeliest.
            assertEquals(((Map<?, ?>) top.getFirst()).get("logprob"), token.get("logprob"));
            assertTrue(((Number) token.get("logprob")).doubleValue() < 0);
            assertEquals(1, ((List<?>) token.get("bytes")).size());
        }
        assertEquals(TestServer.text(chat), text.toString());
        // The same through a stream, whose pieces have theirs.
        HttpResponse<String> stream = server.post(CHAT,
                TestServer.chat("logprobs", true, "top_logprobs", 3, "temperature", 0, "stream", true));
        List<Object> streamed = new ArrayList<>();
        for (Map<String, Object> event : TestServer.events(stream)) {
            if (TestServer.choice(event).get("logprobs") instanceof Map<?, ?> m) {
                streamed.addAll((List<?>) m.get("content"));
            }
        }
        assertEquals(content, streamed);
        HttpResponse<String> completion = server.post(TEXT, TestServer.completion("logprobs", 2));
        Map<?, ?> logs = (Map<?, ?>) TestServer.choice(TestServer.json(completion)).get("logprobs");
        assertEquals(TestServer.text(completion), String.join("", ((List<?>) logs.get("tokens")).stream()
                .map(Object::toString).toList()));
        assertEquals(12, ((List<?>) logs.get("token_logprobs")).size());
        assertEquals(2, ((Map<?, ?>) ((List<?>) logs.get("top_logprobs")).getFirst()).size());
        assertEquals(List.of(0L, 1L, 2L), ((List<?>) logs.get("text_offset")).subList(0, 3));
    }

    @Test
    void takesWhatChangesNothing() throws Exception {
        HttpResponse<String> response = server.post(CHAT, TestServer.chat("user", "me", "metadata", Map.of("a", "b"), "n", 1,
                "presence_penalty", 0, "frequency_penalty", 0.0, "logit_bias", Map.of(), "tools", List.of(), "store", false,
                "response_format", Map.of("type", "text"), "stop", List.of(), "top_logprobs", 0,
                "messages", List.of(Map.of("role", "developer", "content", "Be brief."),
                        Map.of("role", "user", "name", "Ann", "content", List.of(Map.of("type", "text", "text", "Hel"),
                                Map.of("type", "text", "text", "lo"))))));
        assertEquals(200, response.statusCode(), response.body());
        assertEquals(TestServer.text(response), TestServer.text(server.post(CHAT, TestServer.chat("messages", List.of(
                Map.of("role", "system", "content", "Be brief."), Map.of("role", "user", "content", "Hello"))))));
        assertEquals(200, server.post(TEXT, TestServer.completion("prompt", List.of(1, 2, 3))).statusCode());
        assertEquals(200, server.post(TEXT, TestServer.completion("prompt", List.of("Once"))).statusCode());
    }

    private static void assertRefused(int status, String param, String message, HttpResponse<String> response) {
        Map<?, ?> error = TestServer.error(response);
        assertEquals(status, response.statusCode(), response.body());
        assertEquals(param, error.get("param"), response.body());
        assertTrue(((String) error.get("message")).contains(message), response.body());
        assertNotNull(error.get("type"));
        assertTrue(error.containsKey("code"));
    }

    private static void refused(String param, String message, Object... fields) throws Exception {
        assertRefused(400, param, message, server.post(CHAT, TestServer.chat(fields)));
    }

    @Test
    void refusesFieldsByName() throws Exception {
        refused("messages", "is missing", "messages", null);
        refused("messages", "one message or more", "messages", List.of());
        refused("messages", "must be an array", "messages", "Hello");
        refused("messages[0]", "must be an object", "messages", List.of("Hello"));
        refused("messages[0].role", "got 'robot'", "messages", List.of(Map.of("role", "robot", "content", "x")));
        refused("messages[0].role", "missing", "messages", List.of(Map.of("content", "x")));
        refused("messages[0].content", "string or an array", "messages", List.of(Map.of("role", "user")));
        refused("messages[0].content[].type", "text alone", "messages",
                List.of(Map.of("role", "user", "content", List.of(Map.of("type", "image_url", "image_url", "x")))));
        refused("messages[0].weight", "not a field", "messages", List.of(Map.of("role", "user", "content", "x", "weight", 1)));
        refused("temperature", "0.0 .. 2.0", "temperature", -0.1);
        refused("temperature", "must be a number", "temperature", "hot");
        refused("top_p", "above 0", "top_p", 0);
        refused("top_p", "0.0 .. 1.0", "top_p", 1.1);
        refused("min_p", "0.0 .. 1.0", "min_p", 2);
        refused("top_k", "-1 ..", "top_k", -2);
        refused("max_tokens", "1 ..", "max_tokens", 0);
        refused("max_tokens", "whole number", "max_tokens", 1.5);
        refused("max_completion_tokens", "1 ..", "max_completion_tokens", TestServer.LONG + 1);
        refused("seed", "whole number", "seed", "x");
        refused("n", "not supported", "n", 2);
        refused("presence_penalty", "not supported", "presence_penalty", 0.5);
        refused("frequency_penalty", "not supported", "frequency_penalty", -0.5);
        refused("logit_bias", "not supported", "logit_bias", Map.of("1", 2));
        refused("tools", "not supported", "tools", List.of(Map.of("type", "function")));
        refused("response_format", "not supported", "response_format", Map.of("type", "json_object"));
        refused("stop", "1 .. 1000", "stop", "");
        refused("stop", "text or an array", "stop", List.of(1));
        refused("top_logprobs", "needs 'logprobs'", "top_logprobs", 2);
        refused("top_logprobs", "0 .. 20", "logprobs", true, "top_logprobs", 21);
        refused("stream_options", "needs 'stream'", "stream_options", Map.of());
        refused("stream_options.x", "not a field", "stream", true, "stream_options", Map.of("x", 1));
        refused("beam_width", "not a field", "beam_width", 2);
        assertRefused(400, "echo", "not supported", server.post(TEXT, TestServer.completion("echo", true)));
        assertRefused(400, "prompt", "is missing", server.post(TEXT, TestServer.completion("prompt", null)));
        assertRefused(400, "prompt", "one text", server.post(TEXT, TestServer.completion("prompt", List.of("a", "b"))));
        assertRefused(400, "prompt", "is empty", server.post(TEXT, TestServer.completion("prompt", "")));
        assertRefused(400, null, "vocabulary", server.post(TEXT, TestServer.completion("prompt", List.of(5000))));
        assertRefused(400, null, "did not occur", server.post(TEXT, TestServer.completion("prompt", "\u00e9")));
        assertRefused(404, "model", "there is tiny", server.post(CHAT, TestServer.chat("model", "gpt-4o")));
    }

    @Test
    void refusesWhatIsNoRequest() throws Exception {
        for (String body : List.of("", "{", "[]", "{\"model\":\"tiny\",\"model\":\"tiny\"}", "{\"a\":1}x",
                "[".repeat(100_000), "\"\\ud800\"")) {
            HttpResponse<String> response = server.send(server.request(CHAT, body));
            assertEquals(400, response.statusCode(), body);
            assertEquals("invalid_request_error", TestServer.error(response).get("type"));
        }
        HttpRequest.Builder notUtf8 = HttpRequest.newBuilder(server.uri(CHAT)).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[] {'"', (byte) 0xFF, '"'}));
        assertRefused(400, null, "UTF-8", server.send(notUtf8));
        assertRefused(415, null, "application/json", server.send(HttpRequest.newBuilder(server.uri(CHAT))
                .header("Content-Type", "text/plain").POST(HttpRequest.BodyPublishers.ofString("{}"))));
        assertRefused(404, null, "/v1/chat/completions", server.get("/v1/nothing"));
        HttpResponse<String> wrong = server.get(CHAT);
        assertRefused(405, null, "takes POST", wrong);
        assertEquals("POST", wrong.headers().firstValue("Allow").orElseThrow());
        assertRefused(405, null, "takes GET", server.send(server.request("/v1/models", "{}")));
        assertRefused(404, "model", "the model 'tiny' makes no embeddings; there is none for it", server.send(server.request("/v1/embeddings",
                "{\"model\":\"tiny\",\"input\":\"x\"}")));
    }

    @Test
    void saysWhichModelDoesWhat() throws Exception {
        EmbeddingFunction function = texts -> new EmbeddingFunction.Embeddings(List.of(new float[] {1}), 1);
        try (TestServer both = new TestServer(new EngineOptions(1, 1, 2 * TestServer.LONG, 64, true),
                ServerOptions.loopback(0), Map.of("mini", function))) {
            assertRefused(404, "model", "the model 'tiny' makes no embeddings; there is mini",
                    both.send(both.request("/v1/embeddings", "{\"model\":\"tiny\",\"input\":\"x\"}")));
            assertRefused(404, "model", "the model 'mini' makes embeddings alone; there is tiny",
                    both.post(CHAT, TestServer.chat("model", "mini")));
            assertEquals(200, both.send(both.request("/v1/embeddings", "{\"input\":\"x\"}")).statusCode());
        }
    }

    @Test
    void refusesARequestThatIsTooLarge() throws Exception {
        String large = "{\"prompt\":\"" + "x".repeat(ServerOptions.loopback(0).maxBodyBytes()) + "\"}";
        HttpResponse<String> response = server.send(server.request(TEXT, large));
        assertRefused(413, null, "1048576 bytes", response);
        String prompt = "x".repeat(TestServer.LONG);
        HttpResponse<String> tooLong = server.post(TEXT, TestServer.completion("prompt", prompt));
        assertRefused(400, null, "context holds", tooLong);
        assertEquals("context_length_exceeded", TestServer.error(tooLong).get("code"));
    }

    @Test
    void refusesAnotherNameForThisMachine() throws Exception {
        assertTrue(raw("GET /v1/models HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n").startsWith("HTTP/1.1 403"));
        assertTrue(raw("GET /v1/models HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n\r\n").startsWith("HTTP/1.1 200"));
        assertTrue(raw("NONSENSE\r\n\r\n").startsWith("HTTP/1.1 400"));
        assertTrue(raw("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + "x".repeat(1 << 20) + "\r\n\r\n").isEmpty()
                || raw("GET / HTTP/1.1\r\nX: " + "x".repeat(1 << 20) + "\r\n\r\n").startsWith("HTTP/1.1 4"));
        assertEquals(200, server.get("/v1/models").statusCode());
    }

    /** What the server says to these bytes. */
    private static String raw(String request) throws Exception {
        try (Socket socket = new Socket("127.0.0.1", server.server.address().getPort())) {
            socket.setSoTimeout(10_000);
            OutputStream out = socket.getOutputStream();
            try {
                out.write(request.getBytes(StandardCharsets.ISO_8859_1));
                out.flush();
                return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            } catch (java.net.SocketException e) {
                return ""; // it hung up on us
            }
        }
    }

    @Test
    void listsItsModels() throws Exception {
        Map<?, ?> only = (Map<?, ?>) ((List<?>) TestServer.json(server.get("/v1/models")).get("data")).getFirst();
        assertEquals(TestServer.MODEL, only.get("id"));
        assertEquals(TestServer.MODEL, TestServer.json(server.get("/v1/models/tiny")).get("id"));
        assertRefused(404, "model", "there is tiny", server.get("/v1/models/x"));
        assertEquals("ok", TestServer.json(server.get("/health")).get("status"));
    }
}
