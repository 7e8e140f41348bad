package dev.ricci.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.LanguageModel;
import dev.ricci.tensor.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Diffusion models from the command line: trained, written with, talked with. */
class DiffusionCommandTest {
    @TempDir
    private static Path dir;
    private static Path text;

    @BeforeAll
    static void train() throws IOException {
        text = Files.writeString(dir.resolve("text.txt"), "she sells sea shells by the sea shore. ".repeat(60));
        for (String objective : List.of("llada", "bd3", "ar")) {
            CommandLineRun run = train(objective, "--objective", objective);
            assertEquals(0, run.code(), run.err());
            assertTrue(run.err().contains("a sample"), run.err());
        }
    }

    private static CommandLineRun train(String out, String... more) {
        List<String> args = new ArrayList<>(List.of("train", "--preset", "tiny", "--text", text.toString(), "--out",
            dir.resolve(out).toString(), "--steps", "150", "--block", "8", "--captured", "true", "--json"));
        args.addAll(List.of(more));
        return CommandLineRun.of(args.toArray(String[]::new));
    }

    private static CommandLineRun generate(String model, String... more) {
        List<String> args = new ArrayList<>(List.of("generate", "--model", dir.resolve(model).toString(), "--json"));
        args.addAll(List.of(more));
        return CommandLineRun.of(args.toArray(String[]::new));
    }

    private static Map<String, Object> written(CommandLineRun run) {
        assertEquals(0, run.code(), run.err());
        return run.json();
    }

    @Test
    void checkpointsSayWhatTheyAre() throws IOException {
        var llada = LanguageModel.load(dir.resolve("llada"));
        var bd3 = LanguageModel.load(dir.resolve("bd3/step-00000150/model.safetensors"));
        int mask = llada.tokenizer().vocabSize();
        assertEquals("Optional[Diffusion[maskId=" + mask + ", block=0]]", llada.decoder().config().diffusion().toString());
        assertEquals("Optional[Diffusion[maskId=" + mask + ", block=8]]", bd3.decoder().config().diffusion().toString());
        assertEquals(mask + 1, bd3.decoder().config().vocabSize());
        assertEquals(Optional.empty(), LanguageModel.load(dir.resolve("ar")).decoder().config().diffusion());
    }

    @Test
    void writesInManyWays() {
        for (String[] way : new String[][] {{}, {"--steps", "16"}, {"--threshold", "0.5"}, {"--first-hitting"},
            {"--steps", "8", "--remasking", "random", "--guidance", "0.5"}, {"--no-cache"}}) {
            for (String model : List.of("llada", "bd3")) {
                List<String> args = new ArrayList<>(List.of(way));
                args.addAll(List.of("--prompt", "she s", "--tokens", "16"));
                Map<String, Object> made = written(generate(model, args.toArray(String[]::new)));
                assertTrue(((String) made.get("text")).startsWith("she s"), made.toString());
                assertEquals(5 + 16, ((String) made.get("text")).length());
                assertEquals(5 + 16, ((List<?>) made.get("ids")).size());
            }
        }
        for (String cache : List.of("none", "prefix", "dual")) {
            assertEquals(16L, written(generate("llada", "--prompt", "she s", "--tokens", "16", "--block", "4", "--steps", "16",
                "--kv-cache", cache)).get("steps"));
        }
        Object greedy = written(generate("bd3", "--prompt", "she s", "--tokens", "24", "--temperature", "0")).get("text");
        assertEquals(greedy, written(generate("bd3", "--prompt", "she s", "--tokens", "24", "--temperature", "0",
            "--kv-cache", "none")).get("text"));
        // What fits into the context of 32, in blocks of 8.
        assertEquals(5 + 24, ((String) written(generate("bd3", "--prompt", "she s")).get("text")).length());
        assertEquals(32, ((String) written(generate("llada", "--prompt", "she s")).get("text")).length());
    }

    private static CommandLineRun finetune(String model, Path data, String out, String... more) {
        List<String> args = new ArrayList<>(List.of("finetune", dir.resolve(model).toString(), "--data", data.toString(),
            "--out", dir.resolve(out).toString(), "--json"));
        args.addAll(List.of(more));
        return CommandLineRun.of(args.toArray(String[]::new));
    }

    @Test
    void learnsAnswersAndOtherTextsLater() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 20; i++) {
            lines.append(Json.write(Map.of("prompt", i % 2 == 0 ? "she " : "the ", "completion", i % 2 == 0 ? "sell" : "seas")))
                .append('\n');
        }
        Path examples = Files.writeString(dir.resolve("examples.jsonl"), lines);
        Path other = Files.writeString(dir.resolve("other.txt"), "the shore by the shells she sells sees. ".repeat(60));
        for (String model : List.of("llada", "bd3")) {
            Map<String, Object> answers = written(finetune(model, examples, model + "-qa", "--full", "--learning-rate", "0.01",
                "--steps", "120", "--batch", "4", "--captured", "true"));
            assertTrue((double) answers.get("val_loss") < 0.5 * (double) answers.get("val_loss_before"), answers.toString());
            for (String prompt : List.of("she ", "the ")) {
                String made = (String) written(generate(model + "-qa", "--prompt", prompt, "--tokens",
                    model.equals("bd3") ? "8" : "4", "--temperature", "0")).get("text");
                assertEquals(prompt + (prompt.equals("she ") ? "sell" : "seas"), made.substring(0, 8), model);
            }
            Map<String, Object> text = written(finetune(model, other, model + "-text", "--targets", "all-linear",
                "--learning-rate", "0.02", "--steps", "60"));
            assertTrue((double) text.get("val_loss") < (double) text.get("val_loss_before"), text.toString());
            String base = dir.resolve(model).toString();
            assertEquals(0, CommandLineRun.of("generate", "--model", base, "--adapter",
                (String) text.get("adapter"), "--prompt", "the s", "--tokens", "8").code());
        }
        CommandLineRun wrong = finetune("bd3", other, "wrong", "--context", "12");
        assertTrue(wrong.code() == 2 && wrong.err().contains("blocks of 8 tokens, got 12"), wrong.err());
    }

    /** A range that was chosen is a part of what a training goes on with. */
    @Test
    void theRangeOfNoiseIsSearchedAndResumed() throws IOException {
        String[] options = {"--objective", "bd3", "--noise-search", "true", "--eval-every", "100", "--batch", "4",
            "--checkpoint-every", "120"};
        CommandLineRun whole = train("searched", options);
        assertEquals(0, whole.code(), whole.err());
        assertTrue(whole.err().contains("from step 101 on a token is masked with a probability of 0."), whole.err());
        Path checkpoint = dir.resolve("searched/step-00000120");
        Path copy = dir.resolve("resumed/step-00000120");
        Files.createDirectories(copy);
        for (String file : List.of("model.safetensors", "optimizer.safetensors", "state.json")) {
            Files.copy(checkpoint.resolve(file), copy.resolve(file));
        }
        List<String> args = new ArrayList<>(List.of(options));
        args.add("--resume");
        CommandLineRun resumed = train("resumed", args.toArray(String[]::new));
        assertEquals(0, resumed.code(), resumed.err());
        assertTrue(resumed.err().contains("going on after step 120"), resumed.err());
        for (String file : List.of("model.safetensors", "optimizer.safetensors")) {
            assertEquals(-1, Files.mismatch(dir.resolve("searched/step-00000150").resolve(file),
                dir.resolve("resumed/step-00000150").resolve(file)), file);
        }
        refused(2, train("x", "--noise-search", "true"), "masks nothing");
    }

    @Test
    void aServerTakesNoNumberOfSteps() {
        CommandLineRun run = CommandLineRun.of("serve", dir.resolve("bd3").toString(), "--port", "0", "--steps", "8");
        assertTrue(run.code() == 2 && run.err().contains("use --threshold"), run.err());
        CommandLineRun other = CommandLineRun.of("serve", dir.resolve("ar").toString(), "--port", "0", "--threshold", "0.5");
        assertTrue(other.code() == 2 && other.err().contains("writes from left to right"), other.err());
    }

    @Test
    void fillsGapsAndShowsHow() {
        CommandLineRun run = generate("llada", "--infill", "she sells [MASK:3] shells[MASK:2]by", "--temperature", "0",
            "--watch", "--steps", "5");
        Map<String, Object> made = written(run);
        String filled = (String) made.get("text");
        assertTrue(filled.startsWith("she sells ") && filled.startsWith(" shells", 13) && filled.endsWith("by"), filled);
        assertEquals(24, filled.length());
        assertEquals(5L, made.get("steps"));
        List<String> lines = run.err().lines().filter(l -> l.matches(" +[1-5]  .*")).toList();
        assertEquals(5, lines.size(), run.err());
        for (int i = 0; i < 5; i++) {
            assertEquals(4 - i, lines.get(i).chars().filter(c -> c == '_').count(), lines.get(i));
        }
        assertTrue(lines.get(4).endsWith(filled), run.err());
        CommandLineRun watched = generate("bd3", "--prompt", "she s", "--tokens", "8", "--watch", "--first-hitting");
        assertTrue(watched.err().lines().filter(l -> l.matches(" +[0-9]+  she s.*_.*")).count() >= 7, watched.err());
    }

    @Test
    void talks() {
        for (String model : List.of("llada", "bd3")) {
            CommandLineRun run = CommandLineRun.of("run", dir.resolve(model).toString(), "--prompt", "she ", "--tokens", "16",
                "--threshold", "0.8", "--json");
            assertEquals(0, run.code(), run.err());
            Map<?, ?> turn = (Map<?, ?>) ((List<?>) run.json().get("turns")).getFirst();
            assertEquals(16L, turn.get("tokens"));
            assertEquals(16, ((String) turn.get("text")).length());
            assertEquals(0, CommandLineRun.of("run", dir.resolve(model).toString(), "--prompt", "she ").code());
        }
    }

    @Test
    void refusesWhatDoesNotFit() {
        refused(1, generate("bd3", "--prompt", "s", "--tokens", "12"), "no whole number of blocks of 8");
        refused(1, generate("llada", "--prompt", "s", "--tokens", "12", "--steps", "13"), "13 steps for 12 tokens");
        refused(1, generate("llada", "--prompt", "s", "--tokens", "40"), "exceed the context of 32");
        refused(2, generate("llada", "--prompt", "s", "--kv-cache", "exact"), "no exact cache");
        refused(2, generate("llada", "--prompt", "s", "--kv-cache", "some"), "one of none, prefix, dual, exact");
        refused(2, generate("llada", "--prompt", "s", "--steps", "4", "--threshold", "0.5"), "exclude each other");
        refused(2, generate("llada", "--prompt", "s", "--remasking", "random"), "needs --steps");
        refused(2, generate("llada", "--prompt", "s", "--threshold", "2"), "(0, 1]");
        refused(1, generate("llada", "--prompt", "s", "--top-k", "3"), "only the temperature");
        refused(2, generate("ar", "--prompt", "s", "--steps", "4"), "writes from left to right");
        refused(2, generate("ar", "--infill", "s[MASK:3]s"), "writes from left to right");
        refused(2, generate("llada", "--infill", "no gap"), "has no gap");
        refused(2, generate("llada", "--infill", "s[MASK:0]s"), "has no gap");
        refused(2, generate("llada", "--infill", "s[MASK:2]s", "--prompt", "s"), "leave --prompt");
        refused(1, generate("llada", "--infill", "s[MASK:40]s"), "exceed the context");
        refused(1, generate("bd3", "--infill", "s[MASK:2]s"), "does not see what follows");
        refused(1, generate("bd3", "--prompt", "she sells sea shells by the s"), "leaves no room for a block of 8");
        refused(2, generate("bd3", "--prompt", "s", "--block", "4"), "blocks of 8");
        refused(2, train("x", "--objective", "gpt"), "--objective: unknown 'gpt'");
        refused(2, train("x", "--objective", "bd3", "--noise-low", "0.9", "--noise-high", "0.5"), "0.9 .. 0.5");
        refused(2, train("x", "--objective", "bd3", "--context", "20"), "--block: 8 must divide the --context of 20");
        refused(2, train("ar", "--objective", "llada", "--resume"), "has another ricci.");
        assertFalse(Files.exists(dir.resolve("x")));
    }

    private static void refused(int code, CommandLineRun run, String message) {
        assertEquals(code, run.code(), run.err());
        assertTrue(((String) run.json().get("error")).contains(message), run.out());
    }
}
