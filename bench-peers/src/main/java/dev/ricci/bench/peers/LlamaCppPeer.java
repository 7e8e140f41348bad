package dev.ricci.bench.peers;

import dev.ricci.bench.Contestant;
import dev.ricci.bench.Peer;
import dev.ricci.bench.Workload;
import dev.ricci.tensor.io.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * llama.cpp, in a process of node with the npm package node-llama-cpp, which brings it prebuilt. It takes part if the
 * package is in the folder that the property {@code ricci.llama} names, or in {@code bench-peers/target/llama}.
 */
public final class LlamaCppPeer implements Peer {
    /** Made by the service loader. */
    public LlamaCppPeer() {
    }

    @Override
    public Map<String, Supplier<Contestant>> contestants(Workload workload, int threads) {
        Map<String, Supplier<Contestant>> found = new LinkedHashMap<>();
        Path folder = folder();
        if (workload instanceof Workload.Stored w && folder != null) {
            // Flash attention is faster on prompts and slower with long caches.
            found.put("llama.cpp", () -> contestant(w, folder, threads, false));
            found.put("llama.cpp, flash attention", () -> contestant(w, folder, threads, true));
        }
        return found;
    }

    private static Path folder() {
        String named = System.getProperty("ricci.llama");
        String home = System.getProperty("ricci.home");
        Path folder = named != null ? Path.of(named)
                : home == null ? null : Path.of(home, "bench-peers", "target", "llama");
        return folder != null && Files.isDirectory(folder.resolve("node_modules/node-llama-cpp"))
                ? folder.toAbsolutePath() : null;
    }

    private static Contestant contestant(Workload.Stored w, Path folder, int threads, boolean flash) {
        try {
            Server server = new Server(w.file(), folder, threads, flash);
            Map<String, Object> work = Map.of("name", w.prompt() ? "prompt" : "generate", "ids",
                    ids(w.ids(w.context())), "tokens", w.tokens());
            Map<String, Object> score = Map.of("name", "score", "ids", ids(w.ids(Workload.Stored.COMPARED)));
            return new Contestant(w.tokens(), () -> server.call(work),
                    () -> floats((List<?>) server.call(score).get("scores")), server::close);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Long> ids(int[] ids) {
        List<Long> list = new ArrayList<>();
        for (int id : ids) {
            list.add((long) id);
        }
        return list;
    }

    private static float[] floats(List<?> numbers) {
        float[] f = new float[numbers.size()];
        for (int i = 0; i < f.length; i++) {
            f[i] = numbers.get(i) instanceof Number n ? n.floatValue() : Float.NEGATIVE_INFINITY;
        }
        return f;
    }

    /** The process. */
    private static final class Server {
        private final Path script;
        private final Process process;
        private final BufferedReader in;
        private final Writer out;

        Server(Path model, Path folder, int threads, boolean flash) throws IOException {
            script = Files.createTempFile("ricci-llama", ".mjs");
            try (InputStream text = LlamaCppPeer.class.getResourceAsStream("llama.mjs")) {
                Files.copy(text, script, StandardCopyOption.REPLACE_EXISTING);
            }
            ProcessBuilder builder = new ProcessBuilder("node", script.toString(), folder.toString(), model.toString(),
                    Integer.toString(threads), Boolean.toString(flash)).redirectError(ProcessBuilder.Redirect.INHERIT);
            // More threads of node than one get in the way of its two.
            builder.environment().put("UV_THREADPOOL_SIZE", "1");
            process = builder.start();
            in = process.inputReader();
            out = process.outputWriter();
            answer();
        }

        Map<String, Object> call(Map<String, Object> command) {
            try {
                out.write(Json.write(command) + "\n");
                out.flush();
                return answer();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private Map<String, Object> answer() throws IOException {
            String line = in.readLine();
            if (line == null) {
                throw new IOException("llama.cpp: the process of node has ended");
            }
            return Json.parseObject(line, "llama.cpp");
        }

        void close() {
            process.destroy();
            try {
                process.waitFor();
                Files.deleteIfExists(script);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
