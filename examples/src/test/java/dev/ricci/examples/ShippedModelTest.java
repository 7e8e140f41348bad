package dev.ricci.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.LanguageModel;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The model that lies in the project. */
class ShippedModelTest {
    private static final Path PROJECT = Path.of(System.getProperty("ricci.root"));
    private static final int LARGEST_FILE = 6 << 20;

    private static CommandLineRun atHome(String... args) {
        String before = System.getProperty("ricci.home");
        System.setProperty("ricci.home", PROJECT.toString());
        try {
            return CommandLineRun.of(args);
        } finally {
            if (before == null) {
                System.clearProperty("ricci.home");
            } else {
                System.setProperty("ricci.home", before);
            }
        }
    }

    @Test
    void isUsedWhenNoneIsNamed() {
        CommandLineRun run = atHome("run", "--prompt", "import java.util.", "--tokens", "12", "--temperature", "0", "--json");
        assertEquals(0, run.code(), run.err());
        Map<?, ?> turn = (Map<?, ?>) ((List<?>) run.json().get("turns")).getFirst();
        CommandLineRun generated = atHome("generate", "--prompt", "import java.util.", "--tokens", "12", "--temperature", "0",
            "--json");
        assertEquals(0, generated.code(), generated.err());
        String text = generated.json().get("text").toString();
        assertTrue(text.endsWith(turn.get("text").toString()), text + " and " + turn);
        assertTrue(text.contains(";"), "Java: " + text);
    }

    @Test
    void withoutTheLauncherAModelMustBeNamed() {
        CommandLineRun run = CommandLineRun.of("run", "--prompt", "x");
        assertEquals(2, run.code());
        assertTrue(run.err().contains("MODEL: missing; name a file or folder. Only the launcher ./ricci knows"), run.err());
        CommandLineRun generate = CommandLineRun.of("generate", "--prompt", "x");
        assertEquals(2, generate.code());
        assertTrue(generate.err().contains("--model: missing"), generate.err());
    }

    /** On a text written after it was trained: far from the 8.3 of guessing, as its README says. */
    @Test
    void predictsTextOfThisProject() throws IOException {
        LanguageModel model = LanguageModel.load(PROJECT.resolve(ShippedModel.FOLDER));
        String text = Files.readString(PROJECT.resolve("examples/src/test/java/dev/ricci/examples/ShippedModelTest.java"));
        int[] ids = Arrays.copyOf(model.tokenizer().encode(text), 257);
        Tensor x = Tensor.ofInts(Arrays.copyOf(ids, 256), 1, 256);
        Tensor y = Tensor.ofInts(Arrays.copyOfRange(ids, 1, 257), 1, 256);
        double loss = NoGrad.call(() -> model.decoder().loss(x, y)).item();
        assertTrue(loss < 4, "the loss is " + loss);
    }

    @Test
    void isSmall() throws IOException {
        try (Stream<Path> files = Files.list(PROJECT.resolve(ShippedModel.FOLDER))) {
            for (Path f : files.toList()) {
                assertTrue(Files.size(f) < LARGEST_FILE, f + " has " + Files.size(f) + " bytes");
            }
        }
    }
}
