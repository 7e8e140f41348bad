package dev.ricci.models.serve;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.ricci.models.generation.FailedGenerationException;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * Serves models over HTTP with the interface of OpenAI's: {@code /v1/chat/completions} and {@code /v1/completions}, at once
 * or as a stream of events, {@code /v1/embeddings}, {@code /v1/models}, and {@code /health}. A virtual thread answers each
 * request; what cannot be answered is a JSON error with its status.
 *
 * <p>Fields of a request that would change the answer and are not supported are refused by name, those that change nothing
 * are accepted. Requests must be {@code application/json}, and those to a loopback address must name it as their host, so
 * that no web page can talk to the server behind its user's back. There is no authentication and no encryption: put a proxy
 * in front of a server that other machines reach.
 *
 * <p>The JDK's server reads its limits on slow clients from system properties, once: {@link #setLimits} sets them.
 */
public final class OpenAiServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(OpenAiServer.class.getName());
    private static final Set<String> LOOPBACK_NAMES = Set.of("localhost", "127.0.0.1", "[::1]", "::1");
    /** A client that sends too much is heard so many times the limit, so that it reads the answer. */
    private static final int PATIENCE = 8;

    private final ServedModels models;
    private final ServerOptions options;
    private final HttpServer http;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicInteger running = new AtomicInteger();
    private final long created = System.currentTimeMillis() / 1000;
    private volatile boolean stopping;

    private OpenAiServer(ServedModels models, ServerOptions options) throws IOException {
        this.models = models;
        this.options = options;
        InetAddress address = InetAddress.getByName(options.host());
        http = HttpServer.create(new InetSocketAddress(address, options.port()), 0);
        http.setExecutor(threads);
        http.createContext("/", this::handle);
    }

    /**
     * Starts to serve.
     *
     * @throws IOException if the address cannot be used
     */
    public static OpenAiServer start(ServedModels models, ServerOptions options) throws IOException {
        OpenAiServer server = new OpenAiServer(models, options);
        server.http.start();
        return server;
    }

    /**
     * Limits that the JDK's server knows for the whole process: how long a client may take to send a request, and how many
     * connections there may be. They hold if no server has been made in this process before.
     */
    public static void setLimits(Duration request, int connections) {
        System.setProperty("sun.net.httpserver.maxReqTime", Long.toString(Math.max(1, request.toSeconds())));
        System.setProperty("jdk.httpserver.maxConnections", Integer.toString(connections));
        // Without it, answers in two pieces wait for an acknowledgement.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return http.getAddress();
    }

    /** How many requests are being answered. */
    public int requests() {
        return running.get();
    }

    /**
     * Refuses new requests with status 503, lets those that run end, cancels what has not ended in time, and closes the
     * engines.
     *
     * @return whether all ended by themselves
     */
    public boolean shutdown(Duration grace) throws InterruptedException {
        stopping = true;
        boolean ended = await(grace);
        for (ServedModel model : models.languageModels().values()) {
            model.engine().close();
        }
        await(Duration.ofSeconds(1));
        http.stop(0);
        threads.shutdownNow();
        return ended;
    }

    private boolean await(Duration time) throws InterruptedException {
        long end = System.nanoTime() + time.toNanos();
        while (requests() > 0) {
            if (System.nanoTime() - end > 0) {
                return false;
            }
            Thread.sleep(10);
        }
        return true;
    }

    /** Ends at once: what runs is cancelled. */
    @Override
    public void close() {
        try {
            shutdown(Duration.ZERO);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void handle(HttpExchange exchange) {
        running.incrementAndGet();
        Reply reply = new Reply(exchange);
        try (exchange) {
            try {
                route(exchange, reply);
            } catch (Exception e) {
                fail(e, reply);
            }
        } catch (IOException e) {
            // The client has gone; what it asked for was cancelled on the way here.
            LOG.log(System.Logger.Level.DEBUG, "connection lost", e);
        } finally {
            running.decrementAndGet();
        }
    }

    private void fail(Exception e, Reply reply) throws IOException {
        ApiException error = switch (e) {
            case ApiException api -> api;
            case IOException gone -> throw gone;
            case InterruptedException stop -> ApiException.later(503, "shutting_down", "the server is shutting down");
            case TensorException wrong when stopping -> ApiException.later(503, "shutting_down",
                    "the server is shutting down");
            case FailedGenerationException failed -> internal(failed);
            case TensorException wrong -> ApiException.request(400, wrong.getMessage());
            default -> internal(e);
        };
        reply.error(error);
    }

    private static ApiException internal(Exception e) {
        LOG.log(System.Logger.Level.ERROR, "a request failed", e);
        return ApiException.later(500, "internal", "the server made a mistake; its log says more");
    }

    private void route(HttpExchange x, Reply reply) throws IOException, InterruptedException {
        checkHost(x);
        String path = x.getRequestURI().getPath();
        switch (path) {
            case "/health" -> {
                checkMethod(x, "GET");
                reply.json(stopping ? 503 : 200, Map.of("status", stopping ? "stopping" : "ok"));
            }
            case "/v1/models" -> {
                checkMethod(x, "GET");
                reply.json(200, listOfModels());
            }
            case "/v1/chat/completions" -> {
                checkMethod(x, "POST");
                complete(CompletionRequest.chat(body(x), options.maxTokens()), reply);
            }
            case "/v1/completions" -> {
                checkMethod(x, "POST");
                complete(CompletionRequest.completion(body(x), options.maxTokens()), reply);
            }
            case "/v1/embeddings" -> {
                checkMethod(x, "POST");
                reply.json(200, Embeddings.answer(models, body(x)));
            }
            default -> {
                if (path.startsWith("/v1/models/")) {
                    checkMethod(x, "GET");
                    reply.json(200, model(path.substring("/v1/models/".length())));
                } else {
                    throw new ApiException(404, "invalid_request_error", null, "not_found", "there is no " + path
                            + "; there are /v1/chat/completions, /v1/completions, /v1/embeddings, /v1/models, /health");
                }
            }
        }
    }

    private void complete(CompletionRequest request, Reply reply) throws IOException, InterruptedException {
        String name = find(models.languageModels(), models.embeddings(), request.model(), "makes embeddings alone");
        new Completions(name, models.languageModels().get(name), options.maxTime()).answer(request, reply);
    }

    /**
     * The name of the model that is asked for; the only one if none is.
     *
     * @param models those that can do it
     * @param others those that cannot
     * @param why why not
     */
    static String find(Map<String, ?> models, Map<String, ?> others, String asked, String why) {
        if (asked == null && models.size() == 1) {
            return models.keySet().iterator().next();
        }
        if (asked == null || !models.containsKey(asked)) {
            String wrong = asked == null ? "'model' is missing" : others.containsKey(asked) ? "the model '" + asked + "' " + why
                    : "there is no model '" + asked + "' here";
            throw new ApiException(404, "invalid_request_error", "model", "model_not_found", wrong + "; there is "
                    + (models.isEmpty() ? "none for it" : String.join(", ", models.keySet().stream().sorted().toList())));
        }
        return asked;
    }

    private Map<String, Object> listOfModels() {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("object", "list");
        m.put("data", Stream.concat(models.languageModels().keySet().stream(),
                models.embeddings().keySet().stream()).sorted().distinct().map(this::model).toList());
        return m;
    }

    private Map<String, Object> model(String name) {
        if (!models.languageModels().containsKey(name) && !models.embeddings().containsKey(name)) {
            find(models.languageModels(), models.embeddings(), name, "");
        }
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("id", name);
        m.put("object", "model");
        m.put("created", created);
        m.put("owned_by", "ricci");
        return m;
    }

    /** A page of the web may point a name of its own at a loopback address; its requests then name that as their host. */
    private void checkHost(HttpExchange x) {
        String host = x.getRequestHeaders().getFirst("Host");
        if (host != null && address().getAddress().isLoopbackAddress()) {
            String name = host.replaceFirst(":\\d+$", "").toLowerCase(Locale.ROOT);
            if (!LOOPBACK_NAMES.contains(name) && !name.equals(options.host().toLowerCase(Locale.ROOT))) {
                throw ApiException.request(403, "the host '" + name + "' is not this machine's own name for itself");
            }
        }
    }

    private static void checkMethod(HttpExchange x, String method) {
        if (!x.getRequestMethod().equals(method)) {
            x.getResponseHeaders().set("Allow", method);
            throw ApiException.request(405, x.getRequestURI().getPath() + " takes " + method + ", got "
                    + x.getRequestMethod());
        }
    }

    private Map<String, Object> body(HttpExchange x) throws IOException {
        if (stopping) {
            throw ApiException.later(503, "shutting_down", "the server is shutting down");
        }
        String type = x.getRequestHeaders().getFirst("Content-Type");
        if (type == null || !type.toLowerCase(Locale.ROOT).split(";")[0].strip().equals("application/json")) {
            throw ApiException.request(415, "the request must have Content-Type: application/json, got " + type);
        }
        if (x.getRequestHeaders().containsKey("Content-Encoding")) {
            throw ApiException.request(415, "a request with a Content-Encoding is not read; send it as it is");
        }
        byte[] bytes = read(x);
        try {
            return Json.parseObject(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString(),
                    "the request");
        } catch (CharacterCodingException e) {
            throw ApiException.request(400, "the request is not valid UTF-8");
        } catch (FormatException e) {
            throw ApiException.request(400, e.getMessage());
        }
    }

    private byte[] read(HttpExchange x) throws IOException {
        int limit = options.maxBodyBytes();
        InputStream in = x.getRequestBody();
        byte[] bytes = in.readNBytes(limit + 1);
        if (bytes.length > limit) {
            byte[] sink = new byte[1 << 13];
            long left = (long) PATIENCE * limit;
            for (int n = in.read(sink); n >= 0 && left > 0; n = in.read(sink)) {
                left -= n;
            }
            throw ApiException.request(413, "the request has more than the " + limit + " bytes that this server takes");
        }
        return bytes;
    }
}
