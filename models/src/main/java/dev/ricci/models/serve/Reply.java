package dev.ricci.models.serve;

import com.sun.net.httpserver.HttpExchange;
import dev.ricci.tensor.io.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

/** Writes the answer to one request: JSON at once, JSON that is waited for, or a stream of events. */
final class Reply {
    /** How long nothing is written while a client waits. */
    static final Duration SILENCE = Duration.ofSeconds(1);
    private static final String JSON = "application/json";

    private final HttpExchange exchange;
    private OutputStream out;
    private boolean events;
    private long written = System.nanoTime();

    Reply(HttpExchange exchange) {
        this.exchange = exchange;
    }

    /** Begins a stream of events. */
    void startEvents() throws IOException {
        exchange.getResponseHeaders().set("Cache-Control", "no-cache");
        start("text/event-stream; charset=utf-8");
        events = true;
    }

    private void start(String type) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(200, 0);
        out = exchange.getResponseBody();
    }

    /** One event. */
    void event(Map<String, Object> json) throws IOException {
        write("data: " + Json.write(json) + "\n\n");
    }

    /** The end of the events. */
    void endEvents() throws IOException {
        write("data: [DONE]\n\n");
        out.close();
    }

    /**
     * Writes something that means nothing if nothing was written for a while. It fails some time after the client has gone,
     * which is the only way to notice. JSON that is not ready yet begins with spaces from then on.
     */
    void keepAlive() throws IOException {
        if (System.nanoTime() - written > SILENCE.toNanos()) {
            if (out == null) {
                start(JSON);
            }
            write(events ? ": \n\n" : " ");
        }
    }

    private void write(String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
        written = System.nanoTime();
    }

    /**
     * What is answered instead. If the client was told before that all is well, it is an event, or the answer breaks off.
     */
    void error(ApiException error) throws IOException {
        if (events) {
            event(error.toJson());
            out.close();
        } else if (out != null) {
            throw new IOException("the answer breaks off: " + error.getMessage());
        } else {
            if (error.status() == 429 || error.status() == 503) {
                exchange.getResponseHeaders().set("Retry-After", "1");
            }
            json(error.status(), error.toJson());
        }
    }

    /** The whole answer. */
    void json(int status, Map<String, Object> json) throws IOException {
        byte[] body = Json.write(json).getBytes(StandardCharsets.UTF_8);
        if (out == null) {
            exchange.getResponseHeaders().set("Content-Type", JSON);
            exchange.sendResponseHeaders(status, body.length);
            out = exchange.getResponseBody();
        }
        out.write(body);
        out.close();
    }
}
