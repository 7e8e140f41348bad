package dev.ricci.examples.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.examples.Ricci;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StudyCommandTest {
    @TempDir
    private Path folder;

    private record Run(int code, String text) {
    }

    private Run study(String... more) {
        List<String> args = new ArrayList<>(List.of("study", "arm-vs-dlm", "--quick", "--out", folder.toString()));
        args.addAll(Arrays.asList(more));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream both = new PrintStream(out, true, StandardCharsets.UTF_8);
        return new Run(Ricci.run(both, both, args.toArray(String[]::new)), out.toString(StandardCharsets.UTF_8));
    }

    @Test
    void onlyWithoutACacheTheWorkOfAStepGrowsWithTheContext() throws Exception {
        Run run = study("--only", "d0,d2-steps");
        assertEquals(0, run.code, run.text);
        Rows steps = Rows.of(folder, "d2-steps").with("batch", 1);
        assertEquals(List.of("ar", "block-4", "block-16", "block-32", "prefix-32", "dual-32", "full"), steps.texts("method"));
        steps.all().forEach(r -> assertTrue(r.number("seconds") > 0, r.values().toString()));
        // 22 times the tokens; the tokens of one step from left to right read 4 MB of keys and values beside 6 MB of weights.
        assertEquals(1, flops(steps, "ar", 1024) / flops(steps, "ar", 16), 1);
        assertTrue(flops(steps, "full", 1024) / flops(steps, "full", 16) > 22);
        for (var vector : Rows.of(folder, "d0").with("what", "vector").all()) {
            assertEquals(vector.number("published"), vector.number("ours"), 1e-4);
        }
        // A cost model that is given no machine's time: full steps have the intensity of their tokens, one token has about one.
        Rows sweep = Rows.of(folder, "d0").with("sweep", "context").with("x", 4096);
        assertTrue(sweep.with("series", "ar").one("intensity") < 3 && sweep.with("series", "full").one("intensity") > 300);
    }

    private static double flops(Rows rows, String method, int context) {
        return rows.with("method", method).with("context", context).one("flops");
    }

    @Test
    void theExactCacheIsExactAndTheControlIsNot() throws Exception {
        Run run = study("--only", "exact");
        assertEquals(0, run.code, run.text);
        Rows rows = Rows.of(folder, "exact");
        for (String type : List.of("F32", "F64")) {
            Rows those = rows.with("name", type);
            assertEquals(those.one("prompts"), those.one("equal"), type);
            assertTrue(those.one("distinct") > 1, type);
        }
        assertTrue(rows.with("name", "control").one("equal") < rows.with("name", "control").one("prompts"));
        for (String name : List.of("report.md", "report.html")) {
            String report = Files.readString(folder.resolve(name));
            assertTrue(report.matches("(?s).*the exact cache changes no id in F64( \\| |</td><td>)confirmed.*"), report);
        }

        // What is done is not done again; what was cut off is, and comes out the same.
        Path file = folder.resolve("exact.jsonl");
        String whole = Files.readString(file);
        study("--only", "exact");
        assertEquals(whole, Files.readString(file));
        Files.writeString(file, whole.substring(0, whole.length() - 20));
        study("--only", "exact");
        assertEquals(rows.all(), Rows.of(folder, "exact").all());
        Files.writeString(file, whole.replace("\"prompts\":", "\"prompts\":1"));
        Run other = study("--only", "exact");
        assertEquals(1, other.code);
        assertTrue(other.text.contains("other settings"), other.text);
    }

    @Test
    void everyWayOfWritingIsJudged() throws Exception {
        Run run = study("--only", "d2-writing,d3-text");
        assertEquals(0, run.code, run.text);
        Rows rows = Rows.of(folder, "d3-text");
        for (double steps : new double[] {16, 8, 4, 2, 1}) {
            assertEquals(steps, rows.with("model", "llada").with("sweep", "steps").with("value", steps).one("passes"));
        }
        assertEquals(List.of("ar", "bd3-4", "bd3-8", "bd3-16", "llada"), rows.texts("model"));
        Rows writing = Rows.of(folder, "d2-writing");
        assertEquals(List.of("ar", "block-4", "block-16", "block-32", "full", "prefix-16", "dual-16"), writing.texts("method"));
        for (var row : writing.all()) {
            assertEquals(row.number("steps"), row.number("passes"), row.values().toString());
        }
        assertTrue(Files.readString(folder.resolve("report.html")).contains("<svg"));
        assertTrue(Files.exists(folder.resolve("d2-steps.svg")));
    }

    @Test
    void tasksKnowTheirAnswers() {
        Random random = new Random(1);
        for (Task task : Task.values()) {
            for (int i = 0; i < 50; i++) {
                int[] ids = task.draw(random);
                assertEquals(1, task.quality(ids), task.text());
                int at = task.promptLength() + random.nextInt(task.answerLength());
                // A digit or letter that is not there; in a text some letters may follow as well.
                ids[at] = task == Task.TEXT ? task.symbols() : (ids[at] + 1) % task.symbols();
                assertTrue(task.quality(ids) < 1, task.text());
            }
        }
    }

    @Test
    void intervalsAreStudents() {
        Interval three = Interval.of(1, 2, 3);
        assertEquals(2, three.mean());
        assertEquals(4.303 / Math.sqrt(3), three.half(), 1e-9);
        assertEquals("5.00", Interval.of(5).text(2));
        assertEquals(2.201 * Math.sqrt(13.0 / 12), Interval.of(IntStream.range(0, 12).mapToDouble(i -> i).toArray()).half(), 1e-9);
        assertEquals(2.042, Interval.of(IntStream.range(0, 100).mapToDouble(i -> i % 2).toArray()).half()
            / Math.sqrt(25.0 / 99 / 100), 1e-9);
    }

    @Test
    void anIntervalThatHoldsTheNumberDecidesNothing() {
        Interval some = Interval.of(1, 2, 3);
        assertEquals("confirmed", Finding.above(-3, some, "", "").verdict());
        assertEquals("refuted", Finding.above(5, some, "", "").verdict());
        assertEquals("refuted", Finding.below(-3, some, "", "").verdict());
        assertTrue(Finding.below(1, some, "", "").verdict().startsWith("open"));
        assertTrue(Finding.above(0, Interval.of(3), "", "").verdict().startsWith("open"), "one value shows nothing");
    }

    @Test
    void saysWhatDoesNotFit() {
        assertEquals(2, study("--seeds", "0").code);
        Run run = study("--only", "d9");
        assertEquals(2, run.code);
        assertTrue(run.text.contains("d9"), run.text);
        Run second = study("--only", "exact,d33");
        assertTrue(second.code == 2 && second.text.contains("no part is called 'd33'"), second.text);
        Run text = study("--text", folder.resolve("none.txt").toString());
        assertTrue(text.code == 2 && text.text.contains("none.txt"), text.text);
        assertFalse(Files.exists(folder.resolve("report.md")));
    }
}
