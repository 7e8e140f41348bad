package dev.ricci.examples.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What reports say of rows that are made up. */
class VerdictsTest {
    @TempDir
    private Path folder;

    private static Map<String, Object> row(Object... fields) {
        Map<String, Object> row = new LinkedHashMap<>();
        for (int i = 0; i < fields.length; i += 2) {
            row.put((String) fields[i], fields[i + 1]);
        }
        return row;
    }

    private void write(String part, Map<String, Object> settings, List<Map<String, Object>> rows) throws IOException {
        Files.writeString(folder.resolve(part + ".jsonl"), Json.write(Map.of("settings", settings)) + "\n"
            + Json.write(Map.of("unit", "all", "rows", rows, "seconds", 1)) + "\n");
    }

    private static String verdict(List<Finding> findings, String claim) {
        List<Finding> those = findings.stream().filter(f -> f.claim().startsWith(claim)).toList();
        assertEquals(1, those.size(), claim + " in " + findings);
        return those.getFirst().verdict();
    }

    /** Steps of one sequence and of eight at prompts of 100, 300 and 900 tokens, in seconds; each seed a little slower. */
    private void steps(double arGrowth, double fullAtLast, double blockOfMany) throws IOException {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (int seed = 1; seed <= 3; seed++) {
            double slow = 1 + 0.01 * seed;
            for (int context : new int[] {100, 300, 900}) {
                for (int batch : new int[] {1, 8}) {
                    double ar = slow * (context == 900 ? arGrowth : 1);
                    rows.add(step("ar", seed, context, batch, ar));
                    rows.add(step("block-16", seed, context, batch, 2 * ar));
                    rows.add(step("block-32", seed, context, batch, (batch == 1 ? 3 : blockOfMany) * ar));
                    rows.add(step("full", seed, context, batch, batch * slow * (context == 900 ? fullAtLast : context / 10.0)
                        * (1 + 0.001 * seed)));
                }
            }
        }
        write("d2-steps", Map.of("model", "m", "megabytes", 1, "rounds", 3, "new_tokens", 50), rows);
    }

    private static Map<String, Object> step(String method, int seed, int context, int batch, double seconds) {
        return row("method", method, "seed", seed, "context", context, "batch", batch, "computed", batch, "seconds", seconds,
            "flops", 1e9, "bytes", 1e9);
    }

    @Test
    void timesOfSteps() throws IOException {
        steps(1.2, 300, 40);
        List<Finding> found = new TimingReport(folder).add(new Document(""));
        assertEquals("confirmed", verdict(found, "(1) from left to right"));
        assertEquals("confirmed", verdict(found, "(1) without a cache"));
        assertEquals("confirmed", verdict(found, "(2)"));
        assertEquals("confirmed", verdict(found, "(5) the crossover of block-32"));
        assertEquals("confirmed", verdict(found, "(5) the crossover of full"));
        steps(1.7, 60, 20);
        found = new TimingReport(folder).add(new Document(""));
        assertEquals("refuted", verdict(found, "(1) from left to right"));
        assertEquals("refuted", verdict(found, "(1) without a cache"));
        assertEquals("refuted", verdict(found, "(5) the crossover of block-32"));
    }

    /** Generations of 32 tokens: ar in one second, the other in 0.1 s and {@code perStep} more for each step. */
    private List<Finding> written(double perStep, double later) throws IOException {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (int seed = 1; seed <= 3; seed++) {
            double slow = 1 + 0.01 * seed;
            rows.add(generation("ar", seed, 32, slow, 1));
            for (int k = 1; k <= 32; k *= 2) {
                rows.add(generation("block-32", seed, k, slow * (0.1 + k * perStep), later));
            }
        }
        write("d2-writing", Map.of("model", "m", "prompt", 10, "new_tokens", 32), rows);
        return new TimingReport(folder).add(new Document(""));
    }

    private static Map<String, Object> generation(String method, int seed, int steps, double seconds, double later) {
        return row("method", method, "seed", seed, "steps", steps, "passes", steps, "seconds", seconds, "tokens_per_s",
            32 / seconds, "mb_first_half", 1.0, "mb_second_half", later, "cache_mb", 1.0);
    }

    @Test
    void wholeGenerations() throws IOException {
        List<Finding> found = written(0.09, 1.1);
        assertEquals("confirmed", verdict(found, "(3)"));
        assertEquals("confirmed", verdict(found, "no decoder allocates more"));
        found = written(0.01, 1.5);
        assertEquals("refuted", verdict(found, "(3)"));
        assertEquals("refuted", verdict(found, "no decoder allocates more"));
        // The ratio is 3: 32, 16, 8, 4 tokens a step should be faster than ar, 2 and 1 slower.
        steps(1.2, 300, 40);
        assertEquals("confirmed", verdict(written(0.09, 1), "(4)"));
        assertEquals("refuted", verdict(written(0.01, 1), "(4)"));
    }

    /** Models of masked diffusion in three seeds: their quality by steps, and how much worse a random order is. */
    private List<Finding> answers(Task task, double many, double few, double random) throws IOException {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (int seed = 1; seed <= 3; seed++) {
            double own = 0.001 * seed;
            for (int k : new int[] {16, 4, 2, 1}) {
                double quality = (k == 16 ? many : few) - own;
                rows.add(answer(task, seed, "steps", k, "confidence", "none", quality, k));
                rows.add(answer(task, seed, "steps", k, "random", "none", quality - (1 + own) * random, k));
            }
            rows.add(answer(task, seed, "threshold", 1, "confidence", "none", many - own, 16));
            rows.add(answer(task, seed, "threshold", 0.9, "confidence", "none", few - own, 4));
            for (String cache : List.of("block 8, none", "block 8, prefix", "block 8, dual")) {
                rows.add(answer(task, seed, "cache", 16, "confidence", cache, many, 16));
            }
        }
        write("d3-" + task.text(), Map.of("model", "m", "steps", 1, "batch", 1, "prompts", 1), rows);
        return new QualityReport(folder).add(new Document(""));
    }

    private static Map<String, Object> answer(Task task, int seed, String sweep, double value, String order, String cache,
            double quality, double passes) {
        return row("task", task.text(), "model", "llada", "seed", seed, "sweep", sweep, "value", value, "order", order, "cache",
            cache, "quality", quality, "passes", passes, "tokens_per_pass", 16 / passes);
    }

    @Test
    void qualityAgainstSteps() throws IOException {
        List<Finding> found = answers(Task.TEXT, 0.9, 0.5, 0.2);
        assertEquals("confirmed", verdict(found, "D3: text degrades"));
        assertEquals("confirmed for text", verdict(found, "D3: revealing the likeliest"));
        assertEquals("refuted for text", verdict(found, "D3: a threshold"));
        found = answers(Task.TEXT, 0.9, 0.9, -0.2);
        assertEquals("refuted", verdict(found, "D3: text degrades"));
        assertEquals("refuted for text", verdict(found, "D3: revealing the likeliest"));
        assertEquals("confirmed for text", verdict(found, "D3: a threshold"));
        found = answers(Task.TEXT, 0.2, 0.1, 0.1);
        assertTrue(verdict(found, "D3: text degrades").contains("not learned"), found.toString());
        assertTrue(verdict(found, "D3: revealing the likeliest").startsWith("open"), found.toString());
        assertTrue(verdict(found, "D3: a threshold").startsWith("open"), found.toString());
        Files.delete(folder.resolve("d3-text.jsonl"));
        assertEquals("confirmed", verdict(answers(Task.COPY, 1, 0.99, 0), "D3: copying"));
        assertEquals("refuted", verdict(answers(Task.COPY, 1, 0.8, 0), "D3: copying"));
    }

    @Test
    void bitsAreComparedSeedBySeed() throws IOException {
        double[] bits = {2, 3, 3.1, 3.1, 3.2, 2.9, 3.0};
        for (int i = 0; i < bits.length; i++) {
            List<Map<String, Object>> rows = new ArrayList<>();
            for (int seed = 1; seed <= 3; seed++) {
                // Seeds differ more than models do; and bd3-16 is now better, now worse than bd3-8.
                double own = 0.5 * seed + (i == 3 ? 0.05 * (seed - 2) : 0) + (i == 6 ? 0.2 * (seed - 2) : 0);
                rows.add(row("model", Kind.BITS.get(i).name(), "seed", seed, "parameters", 1, "tokens", 1, "noise_low", 0.3,
                    "noise_high", 0.8, "bits_per_character", bits[i] + own));
            }
            write("bpc-" + Kind.BITS.get(i).name(), Map.of("text", "t", "model", "m", "context", 1, "validation", 1), rows);
        }
        List<Finding> found = new QualityReport(folder).add(new Document(""));
        assertEquals("confirmed for ar < bd3-4, bd3-4 < bd3-8", verdict(found, "bits a character"));
        assertEquals("confirmed", verdict(found, "bd3-4 trained"));
        assertTrue(verdict(found, "bd3-16 trained").startsWith("open"), found.toString());
    }
}
