package dev.ricci.examples;

import dev.ricci.tensor.io.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One run of the command line inside or outside this JVM, and what it left.
 *
 * @param code exit code
 * @param out standard output
 * @param err standard error
 */
record CommandLineRun(int code, String out, String err) {
    /** Inside this JVM. */
    static CommandLineRun of(String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Ricci.run(new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8), args);
        return new CommandLineRun(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** A JVM of its own, not yet waited for; its output goes to a file. */
    static Process start(Path log, List<String> jvmFlags, String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--add-modules", "jdk.incubator.vector", "-Xmx1g"));
        command.addAll(jvmFlags);
        command.addAll(List.of("-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            Ricci.class.getName()));
        command.addAll(List.of(args));
        return new ProcessBuilder(command).redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile())).start();
    }

    /** The object in the last line of standard output. */
    Map<String, Object> json() {
        String text = out.strip();
        return Json.parseObject(text.substring(text.lastIndexOf('\n') + 1), "the last line");
    }

    /** The bytes of every file of the last checkpoint of a run, by name. */
    static Map<String, String> lastCheckpoint(Path run) throws IOException {
        try (var folders = Files.list(run)) {
            Path last = folders.filter(f -> f.getFileName().toString().startsWith("step-")).max(Path::compareTo)
                .orElseThrow();
            Map<String, String> bytes = new TreeMap<>();
            bytes.put("folder", last.getFileName().toString());
            try (var files = Files.list(last)) {
                for (Path file : files.toList()) {
                    bytes.put(file.getFileName().toString(),
                        new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
                }
            }
            return bytes;
        }
    }
}
