package dev.ricci.models.serve;

import dev.ricci.models.chat.ChatEncoder;
import dev.ricci.models.chat.ChatTemplate;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.generation.EngineOptions;
import dev.ricci.models.generation.InferenceEngine;
import dev.ricci.models.tokenizer.CharTokenizer;
import dev.ricci.models.tokenizer.Tokenizer;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.io.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/** A server of a tiny model with random weights on a free port of the loopback address, and a client. */
final class TestServer implements AutoCloseable {
    /** Long enough that an answer of as many tokens takes longer than any test waits. */
    static final int LONG = 60_000;
    static final String MODEL = "tiny";

    final InferenceEngine engine;
    final OpenAiServer server;
    final HttpClient client = HttpClient.newHttpClient();

    TestServer(EngineOptions options, ServerOptions serverOptions, Map<String, EmbeddingFunction> embeddings)
            throws IOException {
        Tokenizer tokenizer = tokenizer();
        Decoder model = new Decoder(DecoderConfig.llama(tokenizer.vocabSize(), LONG, 1, 2, 1, 8, 16), Rng.of(3));
        engine = new InferenceEngine(model, options);
        ServedModel served = new ServedModel(engine, tokenizer,
                Optional.of(new ChatEncoder(tokenizer, ChatTemplate.chatMl())), Set.of(), LONG);
        server = OpenAiServer.start(new ServedModels(Map.of(MODEL, served), embeddings), serverOptions);
    }

    /** Of another model; {@link #engine} is null. */
    TestServer(ServedModel served) throws IOException {
        engine = null;
        server = OpenAiServer.start(new ServedModels(Map.of(MODEL, served), Map.of()), ServerOptions.loopback(0));
    }

    /** Of what can be printed. */
    static Tokenizer tokenizer() {
        StringBuilder alphabet = new StringBuilder("\n");
        for (char c = ' '; c < 127; c++) {
            alphabet.append(c);
        }
        return CharTokenizer.of(alphabet.toString());
    }

    static TestServer of(int sequences, int queued) throws IOException {
        return new TestServer(new EngineOptions(sequences, queued, 4 * LONG, 64, true),
                ServerOptions.loopback(0).withMaxTokens(LONG), Map.of());
    }

    static Map<String, Object> chat(Object... fields) {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("model", MODEL);
        m.put("messages", List.of(Map.of("role", "user", "content", "Hello")));
        m.put("max_tokens", 12);
        m.put("seed", 7);
        for (int i = 0; i < fields.length; i += 2) {
            m.put((String) fields[i], fields[i + 1]);
        }
        return m;
    }

    static Map<String, Object> completion(Object... fields) {
        Map<String, Object> m = chat(fields);
        m.remove("messages");
        if (!m.containsKey("prompt")) {
            m.put("prompt", "Once");
        }
        return m;
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.address().getPort() + path);
    }

    HttpRequest.Builder request(String path, String body) {
        return HttpRequest.newBuilder(uri(path)).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body));
    }

    HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    HttpResponse<String> post(String path, Map<String, Object> body) throws Exception {
        return send(request(path, Json.write(body)));
    }

    HttpResponse<String> get(String path) throws Exception {
        return send(HttpRequest.newBuilder(uri(path)));
    }

    /** The lines of a stream as they come; closing it drops the connection. */
    Stream<String> lines(String path, Map<String, Object> body) throws Exception {
        return client.send(request(path, Json.write(body)).build(), HttpResponse.BodyHandlers.ofLines()).body();
    }

    CompletableFuture<HttpResponse<String>> postLater(String path, Map<String, Object> body) {
        return client.sendAsync(request(path, Json.write(body)).build(), HttpResponse.BodyHandlers.ofString());
    }

    static Map<String, Object> json(HttpResponse<String> response) {
        return Json.parseObject(response.body(), "response");
    }

    /** The only choice. */
    static Map<?, ?> choice(Map<String, Object> answer) {
        return (Map<?, ?>) ((List<?>) answer.get("choices")).getFirst();
    }

    static String text(HttpResponse<String> response) {
        Map<?, ?> choice = choice(json(response));
        return (String) (choice.get("message") instanceof Map<?, ?> m ? m.get("content") : choice.get("text"));
    }

    static Map<?, ?> error(HttpResponse<String> response) {
        return (Map<?, ?>) json(response).get("error");
    }

    /** The events of a stream but for the last, which says that it is done. */
    static List<Map<String, Object>> events(HttpResponse<String> response) {
        List<Map<String, Object>> all = new ArrayList<>();
        List<String> lines = response.body().lines().filter(l -> !l.isEmpty() && !l.startsWith(":")).toList();
        for (String line : lines.subList(0, lines.size() - 1)) {
            all.add(Json.parseObject(line.substring("data: ".length()), "event"));
        }
        if (!lines.getLast().equals("data: [DONE]")) {
            throw new AssertionError("the last event is " + lines.getLast());
        }
        return all;
    }

    /** The text of a stream. */
    static String streamed(HttpResponse<String> response) {
        StringBuilder text = new StringBuilder();
        for (Map<String, Object> event : events(response)) {
            if (!((List<?>) event.get("choices")).isEmpty()) {
                Map<?, ?> choice = choice(event);
                Object piece = choice.get("delta") instanceof Map<?, ?> delta ? delta.get("content") : choice.get("text");
                text.append(piece == null ? "" : piece);
            }
        }
        return text.toString();
    }

    /** Waits until the engine does nothing. */
    void awaitIdle() throws InterruptedException {
        long end = System.nanoTime() + 10_000_000_000L;
        while (engine.statistics().active() + engine.statistics().queued() > 0 || server.requests() > 0) {
            if (System.nanoTime() > end) {
                throw new AssertionError("still " + engine.statistics() + " and " + server.requests() + " requests");
            }
            Thread.sleep(10);
        }
    }

    @Override
    public void close() {
        client.close();
        server.close();
    }
}
