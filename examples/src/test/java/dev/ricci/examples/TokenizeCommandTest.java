package dev.ricci.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.tokenizer.BpeTrainer;
import dev.ricci.models.tokenizer.TokenizerJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ids of texts and texts of ids. */
class TokenizeCommandTest {
    @TempDir
    private Path folder;

    @Test
    void showsIdsAndTheWayBack() throws IOException {
        String model = TinyModel.save(folder).toString();
        CommandLineRun run = CommandLineRun.of("tokenize", model, "a \"b\"\n", "--json");
        assertEquals(0, run.code(), run.err());
        assertEquals(List.of("a", " ", "\"", "b", "\"", "\n"), run.json().get("pieces"));
        assertEquals(6L, run.json().get("count"));
        assertTrue(run.err().contains("\"\\n\""), run.err());
        String ids = ((List<?>) run.json().get("ids")).stream().map(Object::toString).collect(Collectors.joining(","));
        CommandLineRun back = CommandLineRun.of("tokenize", model, "--ids", ids);
        assertEquals("a \"b\"\n\n", back.out());
        Path file = Files.writeString(folder.resolve("text.txt"), "ab");
        assertEquals(2L, CommandLineRun.of("tokenize", model, "--file", file.toString(), "--json").json().get("count"));
    }

    @Test
    void takesATokenizerJson() throws IOException {
        Path file = folder.resolve(TokenizerJson.FILE);
        TokenizerJson.save(file, BpeTrainer.of(270).train(List.of("low lower lowest low low")));
        for (Path path : List.of(file, folder)) {
            CommandLineRun run = CommandLineRun.of("tokenize", path.toString(), "low lower", "--json");
            assertEquals(0, run.code(), run.err());
            assertEquals("low lower", String.join("", ((List<?>) run.json().get("pieces")).stream().map(Object::toString)
                .toList()));
        }
    }

    @Test
    void refusesWhatDoesNotFit() throws IOException {
        String model = TinyModel.save(folder).toString();
        assertEquals(2, CommandLineRun.of("tokenize", model, "x", "--ids", "1").code());
        assertEquals(2, CommandLineRun.of("tokenize", model, "--ids", "1", "--prompt").code());
        assertEquals(2, CommandLineRun.of("tokenize", model, "--ids", "one").code());
        assertEquals(1, CommandLineRun.of("tokenize", model, "--ids", "5000").code());
        assertEquals(1, CommandLineRun.of("tokenize", "nothing.json", "x").code());
        assertEquals(1, CommandLineRun.of("tokenize", model, "\u00e9").code());
    }
}
