package dev.ricci.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.autograd.Gradients;
import dev.ricci.nn.Layer;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.io.Safetensors;
import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's code is code: its program is compiled and run as it stands, and its table compiles line by line. */
class ReadmeTest {
    private static final Pattern PROGRAM = Pattern.compile("```java\n(.*?)```.*?```\n(.*?)```", Pattern.DOTALL);
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `.*?` \\| (`.*?`) \\| .*\\|$");
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");
    private static final Pattern STEP = Pattern.compile("step (\\d+): loss (\\d\\.\\d\\d), right (\\d\\.\\d\\d)");
    private static final int LINES_WITHOUT_IMPORTS = 20;
    /** The page gives two digits, and another kind of kernels may round differently on the way. */
    private static final double CLOSE = 0.03;

    @TempDir
    private Path folder;

    private static String readme() throws IOException {
        return Files.readString(Path.of(System.getProperty("ricci.root"), "README.md"));
    }

    /** What a project has that depends on ricci-nn and on nothing else. */
    private static String classPath() {
        return Stream.of(Tensor.class, Gradients.class, Layer.class)
            .map(type -> new File(type.getProtectionDomain().getCodeSource().getLocation().getPath()).getPath())
            .collect(Collectors.joining(File.pathSeparator));
    }

    private void compile(String name, String source) throws IOException {
        Path file = Files.writeString(folder.resolve(name + ".java"), source);
        StringWriter messages = new StringWriter();
        var compiler = ToolProvider.getSystemJavaCompiler();
        try (var files = compiler.getStandardFileManager(null, null, null)) {
            boolean done = compiler.getTask(messages, files, null,
                List.of("-proc:none", "-cp", classPath(), "-d", folder.toString()), null,
                files.getJavaFileObjects(file)).call();
            assertTrue(done, messages.toString());
        }
    }

    @Test
    void theProgramPrintsWhatThePageSays() throws Exception {
        Matcher page = PROGRAM.matcher(readme());
        assertTrue(page.find(), "README has a java block and, behind it, a block with its output");
        String source = page.group(1);
        long lines = source.lines().filter(line -> !line.isBlank() && !line.startsWith("import ")).count();
        assertTrue(lines <= LINES_WITHOUT_IMPORTS, lines + " lines");
        compile("Circle", source);
        // A JVM of its own, without flags: how a reader would run it.
        Path err = folder.resolve("err");
        Process run = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
            classPath() + File.pathSeparator + folder, "Circle")
            .directory(folder.toFile()).redirectError(err.toFile()).start();
        String out = new String(run.getInputStream().readAllBytes());
        assertEquals(0, run.waitFor(), Files.readString(err));
        List<MatchResult> found = STEP.matcher(out).results().toList();
        List<MatchResult> said = STEP.matcher(page.group(2)).results().toList();
        assertEquals(page.group(2).lines().count(), found.size(), out);
        for (int i = 0; i < said.size(); i++) {
            assertEquals(said.get(i).group(1), found.get(i).group(1));
            for (int number = 2; number <= 3; number++) {
                assertEquals(Double.parseDouble(said.get(i).group(number)),
                    Double.parseDouble(found.get(i).group(number)), CLOSE, out);
            }
        }
        assertEquals(4, said.size());
        assertEquals(4, Safetensors.load(folder.resolve("circle.safetensors")).size());
    }

    @Test
    void theTableForPeopleFromPyTorchCompiles() throws IOException {
        List<String> snippets = new ArrayList<>();
        ROW.matcher(readme()).results().forEach(row ->
            CODE.matcher(row.group(1)).results().forEach(code -> snippets.add(code.group(1))));
        assertTrue(snippets.size() > 35, "found only " + snippets);
        StringBuilder source = new StringBuilder("""
            import dev.ricci.autograd.*;
            import dev.ricci.nn.*;
            import dev.ricci.nn.data.*;
            import dev.ricci.nn.optim.*;
            import dev.ricci.tensor.*;
            import dev.ricci.tensor.io.*;
            import dev.ricci.tensor.op.*;
            import dev.ricci.tensor.profile.*;
            import java.nio.file.Path;
            import java.util.List;
            import java.util.Map;

            class Table extends Layer {
                Linear up;

                void table(Tensor x, Tensor y, Tensor w, Tensor m, Tensor a, Tensor b, Tensor q, Tensor k, Tensor v,
                        Tensor loss, Tensor logits, Rng rng, int d, int h, long seed, Sequential model, Forward block,
                        Optimizer optimizer, Dataset data, Map<String, Tensor> s, Path f) throws java.io.IOException {
            """);
        for (int i = 0; i < snippets.size(); i++) {
            source.append("        ").append(statement(snippets.get(i), i)).append('\n');
        }
        compile("Table", source.append("    }\n}\n").toString());
    }

    private static String statement(String snippet, int number) {
        if (snippet.matches("[A-Z]\\w*")) {
            return "Class<?> c" + number + " = " + snippet + ".class;";
        }
        return snippet.endsWith(")") ? snippet + ";" : "Object o" + number + " = " + snippet + ";";
    }
}
