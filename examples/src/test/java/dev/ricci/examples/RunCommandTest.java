package dev.ricci.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Talking with a model that has no chat template. */
class RunCommandTest {
    @TempDir
    private static Path folder;

    private static String model;

    @BeforeAll
    static void save() throws IOException {
        model = TinyModel.save(folder).toString();
    }

    private static CommandLineRun withInput(String input, String... args) {
        InputStream before = System.in;
        System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
        try {
            return CommandLineRun.of(args);
        } finally {
            System.setIn(before);
        }
    }

    private static Map<?, ?> turn(CommandLineRun run, int i) {
        return (Map<?, ?>) ((List<?>) run.json().get("turns")).get(i);
    }

    @Test
    void continuesOnePrompt() {
        CommandLineRun run = CommandLineRun.of("run", model, "--prompt", "Once", "--tokens", "9");
        assertEquals(0, run.code(), run.err());
        assertTrue(run.out().startsWith("Once"), run.out());
        assertEquals(4 + 9 + 1, run.out().length(), run.out());
        CommandLineRun json = CommandLineRun.of("run", model, "--prompt", "Once", "--tokens", "9", "--json");
        assertEquals(run.out().strip(), "Once" + turn(json, 0).get("text"));
        assertEquals(9L, turn(json, 0).get("tokens"));
    }

    @Test
    void readsLinesUntilExitOrTheEnd() {
        CommandLineRun run = withInput("One\n\n/clear\nTwo\n/exit\nThree\n", "run", model, "--tokens", "3", "--json");
        assertEquals(0, run.code(), run.err());
        assertEquals(2, ((List<?>) run.json().get("turns")).size());
        assertEquals("Two", turn(run, 1).get("prompt"));
        assertEquals(1, ((List<?>) withInput("One", "run", model, "--tokens", "3", "--json").json().get("turns")).size());
    }

    @Test
    void chatsWithATemplate() throws IOException {
        String chat = TinyChat.save(folder.resolve("chat")).toString();
        CommandLineRun run = withInput("low\nlower\n", "run", chat, "--system", "user", "--tokens", "5", "--json");
        assertEquals(0, run.code(), run.err());
        // The second turn has read the first: it is another text than alone.
        CommandLineRun alone = withInput("low\n/clear\nlower\n", "run", chat, "--system", "user", "--tokens", "5", "--json");
        assertEquals(turn(run, 0).get("text"), turn(alone, 0).get("text"));
        assertNotEquals(turn(run, 1).get("text"), turn(alone, 1).get("text"));
    }

    @Test
    void refusesWhatDoesNotFit() {
        assertEquals(2, CommandLineRun.of("run").code());
        assertEquals(2, CommandLineRun.of("run", model, "--prompt", "x", "--temperature", "-1").code());
        CommandLineRun system = CommandLineRun.of("run", model, "--prompt", "x", "--system", "Be brief.");
        assertEquals(2, system.code());
        assertTrue(system.err().contains("--system: the model has no chat template"), system.err());
        CommandLineRun missing = CommandLineRun.of("run", "no.safetensors", "--prompt", "x");
        assertEquals(1, missing.code());
        assertTrue(missing.err().contains("no.safetensors"), missing.err());
        assertEquals(1, CommandLineRun.of("run", model, "--prompt", "\u00e9").code());
    }
}
