package dev.ricci.examples.tutorial;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.examples.Ricci;
import dev.ricci.tensor.io.Json;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every tutorial runs in its small setting, and its numbers say that it does what it tells its reader. */
class TutorialsTest {
    private static final int MOST_LINES = 80;

    @TempDir
    private Path folder;

    private final ByteArrayOutputStream told = new ByteArrayOutputStream();

    private Map<String, Object> results(String... more) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        String[] common = {"tutorial", "--quick", "--json", "--seed", "1", "--out", folder.toString()};
        int code = Ricci.run(new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(told, true, StandardCharsets.UTF_8),
            Stream.concat(Stream.of(common), Stream.of(more)).toArray(String[]::new));
        assertEquals(0, code, told.toString(StandardCharsets.UTF_8));
        return Json.parseObject(out.toString(StandardCharsets.UTF_8).strip(), "tutorial --json");
    }

    private static double number(Map<String, Object> results, String key) {
        return ((Number) results.get(key)).doubleValue();
    }

    private String told() {
        return told.toString(StandardCharsets.UTF_8);
    }

    @Test
    void tensors() {
        Map<String, Object> r = results("01");
        assertEquals(0, number(r, "largest_mean"), 1e-5);
        assertEquals(1, number(r, "largest_variance"), 1e-4);
        assertTrue(r.get("message").toString().contains("[2, 3]"), r.toString());
        assertTrue(told().contains("a.sum() = F32[] 21."), told());
        assertTrue(told().contains("Tutorial01Tensors.java"), "it says where its source is: " + told());
    }

    @Test
    void gradients() {
        Map<String, Object> r = results("02");
        assertEquals(0, number(r, "error"), 1e-5);
        assertEquals(0, number(r, "second_error"), 1e-5);
        assertTrue(told().contains("[ 3., 12., 27.]"), told());
        assertTrue(number(r, "height") < 0.1, "from 4 at the start: " + r);
        assertEquals(true, r.get("check"));
    }

    @Test
    void linearModel() {
        Map<String, Object> r = results("03");
        assertEquals(0.01, number(r, "loss"), 0.003, "the variance of the noise");
        assertTrue(number(r, "from_least_squares") < 1e-4, r.toString());
        assertTrue(number(r, "from_truth") < 0.03, r.toString());
    }

    @Test
    void mlpOnDigits() {
        assertTrue(number(results("04"), "accuracy") > 0.8, told());
    }

    @Test
    void mlpOnImagesOfTheUser() throws IOException {
        for (String part : List.of("train", "t10k")) {
            writeIdx(part, part.equals("train") ? 256 : 64);
        }
        assertEquals(1, number(results("04", "--data", folder.toString()), "accuracy"), told());
    }

    /** Images 4 x 4 of one bright row, whose number is the label. */
    private void writeIdx(String part, int count) throws IOException {
        try (var images = new DataOutputStream(Files.newOutputStream(folder.resolve(part + "-images-idx3-ubyte")));
                var labels = new DataOutputStream(Files.newOutputStream(folder.resolve(part + "-labels-idx1-ubyte")))) {
            for (int word : new int[] {0x0803, count, 4, 4}) {
                images.writeInt(word);
            }
            labels.writeInt(0x0801);
            labels.writeInt(count);
            for (int i = 0; i < count; i++) {
                labels.writeByte(i % 4);
                for (int p = 0; p < 16; p++) {
                    images.writeByte(p / 4 == i % 4 ? 255 : 0);
                }
            }
        }
    }

    @Test
    void characterModel() {
        Map<String, Object> r = results("05");
        assertTrue(number(r, "loss") > number(r, "least_loss") - 0.01, "no model can do better: " + r);
        assertTrue(number(r, "loss") < number(r, "least_loss") + 0.1, r.toString());
        assertTrue(number(r, "well_formed") > 0.8, r.toString());
    }

    @Test
    void transformer() {
        assertTrue(number(results("06"), "accuracy") > 0.75, told());
    }

    @Test
    void savingAndLoading() {
        Map<String, Object> r = results("07");
        assertEquals(true, r.get("same_outputs"));
        assertEquals(number(r, "unbroken"), number(r, "resumed"), "the same bits");
        assertTrue(number(r, "resumed") < 0.1, r.toString());
        assertTrue(r.get("message").toString().contains("3 mismatched"), r.toString());
        assertTrue(Files.exists(folder.resolve("model.safetensors")));
    }

    @Test
    void profiling() {
        Map<String, Object> r = results("08");
        assertTrue(number(r, "captured") > 50 && number(r, "captured") < number(r, "ops"), r.toString());
        assertEquals(number(r, "op_by_op"), number(r, "loss"), "the same bits");
        assertEquals(1, number(r, "flops") / number(r, "rule_of_thumb"), 0.4, r.toString());
        assertTrue(number(r, "share_in_ops") > 0 && number(r, "share_in_ops") <= 1, r.toString());
        assertTrue(told().contains("attention_backward"), told());
    }

    @Test
    void badUsageIsRefused() {
        PrintStream sink = new PrintStream(OutputStream.nullOutputStream());
        for (String[] wrong : new String[][] {{"tutorial"}, {"tutorial", "00"}, {"tutorial", "09"}, {"tutorial", "one"},
            {"tutorial", "04", "--data", folder.resolve("missing").toString()}}) {
            assertEquals(2, Ricci.run(sink, sink, wrong), String.join(" ", wrong));
        }
    }

    @Test
    void eachIsShortAndHasAMain() throws IOException, ReflectiveOperationException {
        Path sources = Path.of(System.getProperty("ricci.root"), "examples/src/main/java/dev/ricci/examples/tutorial");
        List<Path> tutorials;
        try (Stream<Path> files = Files.list(sources)) {
            tutorials = files.filter(file -> file.getFileName().toString().startsWith("Tutorial0")).sorted().toList();
        }
        assertEquals(8, tutorials.size());
        for (Path file : tutorials) {
            int lines = Files.readAllLines(file).size();
            assertTrue(lines < MOST_LINES, file + " has " + lines + " lines");
            String name = file.getFileName().toString().replace(".java", "");
            Class.forName("dev.ricci.examples.tutorial." + name).getMethod("main", String[].class);
        }
    }
}
