package dev.ricci.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.examples.Ricci;
import dev.ricci.models.cost.Machine;
import dev.ricci.tensor.io.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BenchCommandTest {
    private static String run(int code, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int got = Ricci.run(new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8), args);
        assertEquals(code, got, err.toString(StandardCharsets.UTF_8));
        return out.toString(StandardCharsets.UTF_8);
    }

    private static Map<String, Object> json(String... args) {
        String out = run(0, args).strip();
        return Json.parseObject(out.substring(out.lastIndexOf('\n') + 1), "results");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gemm", "ops", "train", "decode", "embed", "tokenize", "overhead"})
    void comparesWithoutPeers(String suite) {
        Map<String, Object> found = json("bench", suite, "--quick", "--json");
        List<?> rows = (List<?>) found.get("rows");
        assertFalse(rows.isEmpty());
        for (Object row : rows) {
            Map<?, ?> fields = (Map<?, ?>) row;
            assertTrue(fields.keySet().containsAll(Set.of("name", "ours", "peers", "ratio_to_best_peer",
                    "fraction_of_limit")), () -> "keys: " + fields.keySet());
            assertTrue(((Number) fields.get("ours")).doubleValue() > 0);
            // A captured step is compared with the same step op by op, whoever else is there.
            boolean captured = fields.get("name").toString().contains("captured");
            assertEquals(captured ? Set.of("op by op") : Set.of(), ((Map<?, ?>) fields.get("peers")).keySet());
            assertEquals(captured, fields.get("ratio_to_best_peer") != null);
        }
        assertEquals(suite.equals("train"), found.containsKey("ratio_to_best_peer"));
    }

    @Test
    void runsOneJmhBenchmark() {
        assertEquals(1, ((List<?>) json("bench", "jmh", "OverheadBenchmark.reshape", "--quick", "--json")
                .get("rows")).size());
    }

    @Test
    void soaksForMinutes() {
        Map<String, Object> found = json("bench", "soak", "3", "--quick", "--json");
        assertEquals(3, ((List<?>) found.get("rows")).size());
        for (String what : List.of("tokens_per_s", "heap_mb", "resident_mb")) {
            assertTrue(((Number) found.get(what + "_last_to_minute_2")).doubleValue() > 0, what);
        }
        run(2, "bench", "soak", "-1", "--json");
        run(2, "bench", "soak", "long", "--json");
    }

    @Test
    void measuresTheRoofline(@TempDir Path folder) throws IOException {
        Map<String, Object> found = json("bench", "roofline", folder.resolve("new").toString(), "--quick", "--json");
        Machine machine = Machine.read(folder.resolve("new/machine.json"));
        assertEquals(machine.toMap(), found.get("machine"));
        assertEquals(12, ((List<?>) found.get("passes")).size());
        List<?> streamed = ((List<?>) found.get("rows")).stream().filter(r -> ((Map<?, ?>) r).get("streamed").equals(true)).toList();
        double best = streamed.stream().mapToDouble(r -> ((Number) ((Map<?, ?>) r).get("fraction_of_roofline")).doubleValue())
                .max().orElseThrow();
        assertEquals(1, best, 1e-9, "the roof touches what it was made from");
        assertTrue(Files.readString(folder.resolve("new/roofline.svg")).contains("from memory"));
        Map<String, Object> cost = json("cost", "--machine", folder.resolve("new/machine.json").toString(), "--json");
        assertEquals(machine.toMap(), cost.get("machine"));
    }

    @Test
    void anUnknownNameIsBadUsage() {
        assertTrue(run(2, "bench", "nothing", "--json").contains("one of gemm, ops, train, decode, embed, tokenize, overhead, memory"));
    }
}
