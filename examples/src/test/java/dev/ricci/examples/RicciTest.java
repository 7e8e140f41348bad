package dev.ricci.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.ShapeException;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The contract that every command of {@code ricci} keeps. */
class RicciTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final StopRequest stop = new StopRequest(false);

    /** Fails, succeeds or stops, as its option says. */
    @Command(name = "probe", description = "A command for tests.")
    static final class Probe implements RicciCommand {
        @Option(names = "--do", defaultValue = "work")
        private String deed;

        @Override
        public Map<String, ?> run(CommonOptions options) throws Exception {
            switch (deed) {
                case "usage" -> throw new UsageException("--do: cannot do that");
                case "surrogate" -> throw new NoSuchFileException("\ud800.txt");
                case "io" -> throw new NoSuchFileException("a.txt");
                case "shape" -> throw new ShapeException("add: shapes do not broadcast");
                case "bug" -> throw new IllegalStateException("broke");
                case "memory" -> throw new OutOfMemoryError("Java heap space");
                case "nan" -> {
                    return Map.of("loss", Double.NaN);
                }
                case "stop" -> options.stopRequest().request();
                default -> {
                }
            }
            options.out().println("text for people");
            Map<String, Object> results = new LinkedHashMap<>();
            results.put("seed", options.seed());
            results.put("threads", options.threads());
            results.put("ids", List.of(1, 2));
            results.put("text", "a \"b\"\n\u00e9");
            return results;
        }
    }

    private final String threadsBefore = System.getProperty("ricci.threads");

    @AfterEach
    void restoreThreads() {
        if (threadsBefore == null) {
            System.clearProperty("ricci.threads");
        } else {
            System.setProperty("ricci.threads", threadsBefore);
        }
    }

    private int run(String... args) {
        return Ricci.run(List.of(new Probe()), stop, new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8), args);
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Test
    void resultsAreTheOnlyLineOfStandardOutputUnderJson() {
        assertEquals(0, run("probe", "--json", "--seed", "7", "--threads", "3"));
        assertEquals("{\"seed\":7,\"threads\":3,\"ids\":[1,2],\"text\":\"a \\\"b\\\"\\n\u00e9\"}\n",
            out());
        assertEquals("text for people\n", err());
        assertEquals("3", System.getProperty("ricci.threads"), "the CPU backend reads this property");
    }

    @Test
    void textGoesToStandardOutputWithoutJson() {
        assertEquals(0, run("probe"));
        assertEquals("text for people\n", out());
        assertEquals("", err());
    }

    @Test
    void badUsageEndsWithTwoAndNamesTheOption() {
        for (String[] args : new String[][] {{"probe", "--sed", "1"}, {"probe", "--seed", "x"}, {"probe", "--threads", "-1"},
            {"probe", "--do", "usage"}, {"prob"}, {}}) {
            out.reset();
            err.reset();
            assertEquals(2, run(args), String.join(" ", args));
            assertEquals("", out());
            assertTrue(err().startsWith("ricci: "), err());
            assertTrue(err().contains("--help"), err());
        }
    }

    @Test
    void badUsageIsAnErrorObjectUnderJson() {
        assertEquals(2, run("probe", "--json", "--sed", "1"));
        assertTrue(out().startsWith("{\"error\":"), out());
        assertTrue(out().contains("--sed"), out());
        out.reset();
        assertEquals(2, run("probe", "--json", "--do", "usage"));
        assertTrue(out().contains("--do: cannot do that"), out());
    }

    @Test
    void failureEndsWithOneAndOneSentence() {
        assertEquals(1, run("probe", "--do", "io"));
        assertEquals("ricci: no such file: a.txt\n", err());
        err.reset();
        assertEquals(1, run("probe", "--do", "shape"));
        assertEquals("ricci: add: shapes do not broadcast\n", err());
    }

    @Test
    void failureIsTheLastLineOfStandardOutputUnderJson() {
        for (String deed : List.of("io", "surrogate", "bug", "memory", "nan")) {
            out.reset();
            assertEquals(1, run("probe", "--json", "--do", deed), deed);
            assertEquals(1, out().lines().count(), out());
            assertTrue(out().startsWith("{\"error\":"), out());
        }
    }

    @Test
    void aMistakeInTheProgramShowsWhereItHappened() {
        assertEquals(1, run("probe", "--do", "bug"));
        assertTrue(err().contains("ricci: broke\n"), err());
        assertTrue(err().contains("RicciTest$Probe.run"), err());
    }

    @Test
    void stoppingInGoodOrderEndsWith130AndItsResults() {
        assertEquals(130, run("probe", "--do", "stop", "--json"));
        assertTrue(out().contains("\"seed\":"), out());
    }

    @Test
    void helpListsCommandsAndDefaults() {
        assertEquals(0, run("--help"));
        assertTrue(out().contains("probe"), out());
        out.reset();
        assertEquals(0, run("probe", "--help"));
        for (String option : List.of("--json", "--seed", "--threads", "--do", "Default: work", "Default: 1")) {
            assertTrue(out().contains(option), option + " in\n" + out());
        }
        out.reset();
        assertEquals(0, run("--version"));
        assertTrue(out().startsWith("ricci 0."), out());
    }

    @Test
    void infoReportsThisJvm() {
        PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
        assertEquals(0, Ricci.run(stream, stream, "info", "--threads", "2"));
        assertTrue(out().contains(Runtime.version().toString()), out());
        assertTrue(out().contains("tornadovm"), "backend providers are found: " + out());
    }

    @Test
    void moduleAndClassPathOfferTheSameCommands() throws Exception {
        List<String> onClassPath = ServiceLoader.load(RicciCommand.class).stream().map(p -> p.type().getName()).toList();
        var inModule = Version.descriptor().provides().stream()
            .filter(p -> p.service().equals(RicciCommand.class.getName())).findFirst().orElseThrow().providers();
        assertEquals(inModule, onClassPath);
    }
}
