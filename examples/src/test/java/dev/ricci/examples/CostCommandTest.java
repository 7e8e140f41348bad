package dev.ricci.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CostCommandTest {
    private static Map<?, ?> method(CommandLineRun run, String name) {
        return ((List<?>) run.json().get("methods")).stream().map(m -> (Map<?, ?>) m).filter(m -> m.get("method").equals(name))
            .findFirst().orElseThrow();
    }

    private static double number(Map<?, ?> row, String key) {
        return ((Number) row.get(key)).doubleValue();
    }

    @Test
    void comparesTheMethods() {
        CommandLineRun run = CommandLineRun.of("cost", "--steps", "64", "--ops", "block", "--json");
        assertEquals(0, run.code(), run.err());
        assertEquals(1, number(method(run, "ar"), "speed_to_ar"));
        assertNull(method(run, "ar").get("break_even_steps"));
        Map<?, ?> block = method(run, "block");
        assertEquals(1 + 64 + 7, number(block, "passes"));
        assertTrue(number(block, "break_even_steps") > 64 && number(block, "speed_to_ar") > 1, block.toString());
        double ops = ((List<?>) run.json().get("ops")).stream().mapToDouble(o -> number((Map<?, ?>) o, "seconds")).sum();
        assertEquals(1, ops / number(block, "seconds"), 1e-9);
        assertTrue(run.err().contains("ridge at 315.8 FLOP/byte"), run.err());
    }

    @Test
    void countsAModelInAFile(@TempDir Path folder) throws Exception {
        CommandLineRun run = CommandLineRun.of("cost", "--model", TinyModel.save(folder).toString(), "--bytes", "4", "--json");
        assertEquals(0, run.code(), run.err());
        // One layer of width 32 and a head; a token reads all weights and a cache of 128 to 383 tokens.
        double weights = 2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 64 + 32 * TinyModel.tokenizer().vocabSize();
        double cache = 2 * 16 * (128 + 383) / 2.0;
        assertEquals(4 * 255 * (weights + cache), number(method(run, "ar"), "bytes"), 0.25 * 4 * 255 * (weights + cache));
    }

    @Test
    void saysWhatDoesNotFit() {
        for (List<String> args : List.of(List.of("--machine", "abacus"), List.of("--model", "nobody"),
            List.of("--block", "33"), List.of("--ops", "magic"), List.of("--bytes", "0"))) {
            CommandLineRun run = CommandLineRun.of("cost", args.get(0), args.get(1));
            assertEquals(2, run.code(), run.err());
        }
        assertTrue(CommandLineRun.of("cost", "--machine", "abacus").err().contains("a6000, a100, h100, h200"));
    }
}
