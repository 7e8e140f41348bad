package dev.ricci.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.examples.Ricci;
import dev.ricci.tensor.io.Json;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class BenchCommandTest {
    private static String run(int code, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int got = Ricci.run(new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8), args);
        assertEquals(code, got, err.toString(StandardCharsets.UTF_8));
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void measuresTheOverhead() {
        String out = run(0, "bench", "overhead", "--quick", "--json").strip();
        List<?> rows = (List<?>) Json.parseObject(out.substring(out.lastIndexOf('\n') + 1), "results").get("rows");
        assertEquals(4, rows.size());
    }

    @Test
    void anUnknownNameIsBadUsage() {
        assertTrue(run(2, "bench", "nothing", "--json").contains("one of matmul, op, overhead, train, all"));
    }
}
