package dev.ricci.bench.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.ricci.examples.Ricci;
import dev.ricci.tensor.io.Json;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command with peers, at small sizes. It compares results before it measures, so this checks what they compute. */
class PeersTest {
    @ParameterizedTest
    @ValueSource(strings = {"gemm", "ops", "train", "decode", "embed", "tokenize", "overhead"})
    void computeTheSame(String suite) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Ricci.run(new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8), "bench", suite, "--quick", "--json");
        assertEquals(0, code, err.toString(StandardCharsets.UTF_8));
        String json = out.toString(StandardCharsets.UTF_8).strip();
        for (Object row : (List<?>) Json.parseObject(json, "results").get("rows")) {
            // llama.cpp is no dependency of the build: it takes part where it is installed. The engine has no peer.
            String name = ((Map<?, ?>) row).get("name").toString();
            if (name.contains(" file, ") || name.startsWith("engine, ")) {
                continue;
            }
            assertFalse(((Map<?, ?>) ((Map<?, ?>) row).get("peers")).isEmpty(), row::toString);
        }
    }
}
