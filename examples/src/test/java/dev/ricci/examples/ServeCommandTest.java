package dev.ricci.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The server as a process of its own. */
@Timeout(120)
class ServeCommandTest {
    private static final Pattern URL = Pattern.compile("(\\S+) at (http://127.0.0.1:(\\d+)/v1)");
    private static final int SIGTERM = 143;

    @TempDir
    private Path folder;

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "Windows has no TERM signal")
    void servesUntilItIsToldToStop() throws Exception {
        Path log = folder.resolve("log");
        Process process = CommandLineRun.start(log, List.of(), "serve", TinyModel.save(folder).toString(), "--port", "0",
            "--request-time", "1", "--max-tokens", Integer.toString(TinyModel.CONTEXT));
        try (HttpClient client = HttpClient.newHttpClient()) {
            Matcher url = URL.matcher("");
            while (!url.reset(Files.readString(log)).find()) {
                assertTrue(process.isAlive(), () -> read(log));
                Thread.sleep(20);
            }
            assertEquals("tiny", url.group(1));
            slowClientIsCutOff(Integer.parseInt(url.group(3)));
            // A stream that ends some time after the signal.
            HttpRequest request = HttpRequest.newBuilder(URI.create(url.group(2) + "/completions"))
                .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(
                    "{\"prompt\":\"Once\",\"max_tokens\":1500,\"stream\":true}")).build();
            CompletableFuture<Void> began = new CompletableFuture<>();
            CompletableFuture<List<String>> stream = CompletableFuture.supplyAsync(() -> {
                try {
                    return client.send(request, HttpResponse.BodyHandlers.ofLines()).body()
                        .peek(line -> began.complete(null)).toList();
                } catch (IOException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            began.get();
            process.destroy();
            assertEquals("data: [DONE]", stream.get().stream().filter(l -> !l.isEmpty()).toList().getLast());
            assertTrue(process.waitFor(60, TimeUnit.SECONDS));
            assertEquals(SIGTERM, process.exitValue(), () -> read(log));
            assertTrue(read(log).contains("All requests have ended."), () -> read(log));
        } finally {
            process.destroyForcibly();
        }
    }

    private static void slowClientIsCutOff(int port) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write("POST /v1/completions HTTP/1.1\r\nContent-Le".getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().flush();
            assertEquals(-1, socket.getInputStream().read(), "the server hangs up");
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Test
    void refusesWhatDoesNotFit() throws IOException {
        String model = TinyModel.save(folder).toString();
        for (String[] options : new String[][] {{"--port", "70000"}, {"--parallel", "0"}, {"--queue", "-1"}, {"--grace", "51"},
            {"--max-body", "0"}, {"--max-tokens", "0"}, {"--answer-time", "0"}, {"--host", " "}}) {
            CommandLineRun run = CommandLineRun.of("serve", model, options[0], options[1]);
            assertEquals(2, run.code(), String.join(" ", options));
        }
        assertEquals(1, CommandLineRun.of("serve", "no.gguf").code());
        try (java.net.ServerSocket taken = new java.net.ServerSocket(0, 1, java.net.InetAddress.getByName("127.0.0.1"))) {
            CommandLineRun run = CommandLineRun.of("serve", model, "--port", Integer.toString(taken.getLocalPort()));
            assertEquals(1, run.code());
            assertTrue(run.err().contains("127.0.0.1:" + taken.getLocalPort()), run.err());
        }
    }
}
