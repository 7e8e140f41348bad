package dev.ricci.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.LanguageModel;
import dev.ricci.models.tokenizer.Tokenizers;
import dev.ricci.tensor.io.Json;
import dev.ricci.tensor.io.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainCommandTest {
    @TempDir
    private Path dir;
    private Path text;

    @BeforeEach
    void writeText() throws IOException {
        text = Files.writeString(dir.resolve("text.txt"), "she sells sea shells by the sea shore. ".repeat(60));
    }

    private CommandLineRun train(String out, String... more) {
        List<String> args = new ArrayList<>(List.of("train", "--preset", "tiny", "--text", text.toString(), "--out",
            dir.resolve(out).toString(), "--json"));
        args.addAll(List.of(more));
        return CommandLineRun.of(args.toArray(String[]::new));
    }

    @Test
    void learnsAndWrites() throws IOException {
        CommandLineRun run = train("run", "--steps", "150");
        assertEquals(0, run.code(), run.err());
        Map<String, Object> results = run.json();
        assertEquals(Set.of("steps", "train_loss", "val_loss", "tokens_per_second", "seconds", "peak_memory_mb",
            "checkpoint"), results.keySet());
        assertEquals(150L, results.get("steps"));
        assertTrue((double) results.get("val_loss") < 1, "validation loss " + results.get("val_loss"));
        assertEquals(150, Files.readAllLines(dir.resolve("run/metrics.jsonl")).size());
        assertTrue(Files.readString(dir.resolve("run/curve.svg")).contains("<polyline"));
        assertTrue(run.err().contains("a sample"), "what is for people goes to standard error under --json");

        for (String model : List.of((String) results.get("checkpoint"), dir.resolve("run").toString(),
            dir.resolve("run/step-00000150/model.safetensors").toString())) {
            CommandLineRun written = CommandLineRun.of("generate", "--model", model, "--prompt", "she sells ", "--tokens",
                "20", "--temperature", "0", "--captured", Boolean.toString(!model.contains("step")), "--json");
            assertEquals(0, written.code(), written.err());
            String made = (String) written.json().get("text");
            assertTrue(made.startsWith("she sells s"), made);
            assertEquals(30, made.length());
            assertEquals(30, ((List<?>) written.json().get("ids")).size());
            assertEquals(Set.of("text", "ids", "tokens_per_second", "time_to_first_token_ms"), written.json().keySet());
        }
    }

    @Test
    void aVocabularyOfItsOwnIsLearntFromTheText() throws IOException {
        CommandLineRun run = train("bpe", "--steps", "150", "--tokenizer", "bpe", "--vocab-size", "270");
        assertEquals(0, run.code(), run.err());
        assertEquals(270, LanguageModel.load(dir.resolve("bpe")).tokenizer().vocabSize());
        CommandLineRun written = CommandLineRun.of("generate", "--model", dir.resolve("bpe").toString(), "--prompt",
            "she sells", "--tokens", "20", "--temperature", "0", "--json");
        assertTrue(written.json().get("text").toString().startsWith("she sells sea sh"), written.json().toString());
        assertError(2, train("no", "--tokenizer", "bpe", "--vocab-size", "256"), "256");
    }

    @Test
    void aResumedRunEndsWithTheBytesOfAnUnbrokenOne() throws IOException {
        assertEquals(0, train("whole", "--steps", "40", "--dropout", "0.1", "--checkpoint-every", "10").code());
        StopRequest stop = new StopRequest(false);
        stop.request();
        for (int i = 0; i < 3; i++) { // each stops after one more step
            assertEquals(130, Ricci.run(List.of(new TrainCommand()), stop, System.err, System.err, "train", "--preset", "tiny", "--text",
                text.toString(), "--out", dir.resolve("broken").toString(), "--steps", "40", "--dropout", "0.1",
                "--checkpoint-every", "10", "--resume"));
        }
        CommandLineRun last = train("broken", "--steps", "40", "--dropout", "0.1", "--checkpoint-every", "10", "--resume");
        assertEquals(0, last.code(), last.err());
        assertTrue(last.err().contains("going on after step 3"), last.err());
        assertEquals(CommandLineRun.lastCheckpoint(dir.resolve("whole")), CommandLineRun.lastCheckpoint(dir.resolve("broken")));
        assertEquals(40, Files.readAllLines(dir.resolve("broken/metrics.jsonl")).size());
    }

    @Test
    void theSeedDecidesAndARunIsSetAsideNotOverwritten() throws IOException {
        assertEquals(0, train("run", "--steps", "12", "--seed", "1").code());
        Map<String, String> first = CommandLineRun.lastCheckpoint(dir.resolve("run"));
        CommandLineRun second = train("run", "--steps", "12", "--seed", "2");
        assertEquals(0, second.code());
        assertTrue(second.err().contains("it is now run.1"), second.err());
        assertEquals(first, CommandLineRun.lastCheckpoint(dir.resolve("run.1")));
        assertNotEquals(first, CommandLineRun.lastCheckpoint(dir.resolve("run")));
        assertEquals(0, train("run", "--steps", "12", "--seed", "1").code());
        assertEquals(first, CommandLineRun.lastCheckpoint(dir.resolve("run")));
    }

    @Test
    void theWorkingFolderIsNotSetAside() throws IOException {
        Path run = dir.resolve("run");
        assertEquals(0, train("run", "--steps", "2").code());
        for (Path working : List.of(run, run.resolve("deeper"))) {
            String message = assertThrows(UsageException.class, () -> RunFolder.setAside(run, working, System.err))
                .getMessage();
            assertTrue(message.contains("working folder"), message);
        }
        assertTrue(Files.exists(run.resolve("step-00000002")));
        RunFolder.setAside(run, dir, System.err);
        assertTrue(Files.exists(dir.resolve("run.1/step-00000002")));
    }

    @Test
    void badInputIsOneMessage() throws IOException {
        assertError(2, CommandLineRun.of("train", "--preset", "huge", "--json"), "--preset: unknown 'huge'; one of quick");
        assertError(2, train("x", "--heads", "3", "--kv-heads", "3"), "width = 32 must be a multiple of heads = 3");
        assertError(2, train("x", "--learning-rate", "NaN"), "NaN");
        assertError(2, train("x", "--steps", "0"), "steps");
        assertError(2, train("x", "--layers", "2000000000"), "layers must not exceed");
        assertError(2, train("x", "--layers", "two"), "--layers");
        assertError(2, train("x", "--warmup", "1000"), "--warmup");
        assertError(2, train("x", "--family", "rnn"), "--family: unknown 'rnn'");
        assertError(2, train("x", "--device", "tpu"), "--device: must be cpu or gpu, got 'tpu'");
        // No test of this module runs on TornadoVM.
        assertError(1, train("x", "--device", "gpu"), "Device.gpu: no GPU backend here; tornadovm: ");
        assertError(1, train("x", "--context", "1000", "--steps", "1"), "must be longer than the context of 1000");
        Files.writeString(text, "");
        assertError(1, train("x"), "is empty");
        assertError(1, CommandLineRun.of("train", "--text", dir.toString(), "--json"), dir + ": is a folder");
        Files.write(text, new byte[] {(byte) 0xC3, 0x28});
        assertError(1, train("x"), "is not UTF-8");
        Files.delete(text);
        assertError(1, train("x"), "no such file");
        assertFalse(Files.exists(dir.resolve("x")), "a run that cannot start leaves nothing");
    }

    @Test
    void anotherModelOrTextIsNotResumed() throws IOException {
        assertEquals(0, train("run", "--steps", "2").code());
        assertError(2, train("run", "--steps", "4", "--resume", "--width", "64"), "has another ricci.decoder");
        CommandLineRun other = train("run", "--steps", "4", "--resume", "--clip", "0.5");
        assertEquals(0, other.code(), other.err());
        assertTrue(other.err().contains("--resume: --clip is 0.5 now, was 1.0"), other.err());
        Files.writeString(text, "sea shells she sells by the sea shore. ".repeat(60));
        assertError(2, train("run", "--steps", "6", "--resume"), "has another ricci.text");
        Files.writeString(text, "0123456789".repeat(300));
        assertError(2, train("run", "--steps", "6", "--resume"), "has another ricci.");
    }

    @Test
    void badModelsAreOneMessage() throws IOException {
        Path bad = Files.writeString(dir.resolve("bad.safetensors"), "not a model at all");
        assertError(1, CommandLineRun.of("generate", "--model", bad.toString(), "--json"), "bad.safetensors");
        assertError(1, CommandLineRun.of("generate", "--model", dir.resolve("none.safetensors").toString(), "--json"),
            "none.safetensors");
        assertError(1, CommandLineRun.of("generate", "--model", text.toString(), "--json"), "--tokenizer");
        assertError(2, CommandLineRun.of("generate", "--json"), "--model");
        assertEquals(0, train("run", "--steps", "2").code());
        String model = dir.resolve("run").toString();
        LanguageModel loaded = LanguageModel.load(dir.resolve("run"));
        for (String field : List.of("layers", "vocab_size", "mlp.hidden", "attention.head_width", "context_length")) {
            Map<String, Object> claimed = loaded.decoder().config().toMap();
            // Gigabytes, if they were made before they are looked for in the file.
            claim(claimed, field.split("\\."), field.equals("layers") ? 10_000L
                : field.equals("attention.head_width") ? 16_000_000L : 60_000_000L);
            Safetensors.save(bad, loaded.decoder().stateDict(), Map.of("ricci.decoder", Json.write(claimed),
                "ricci.tokenizer", Json.write(Tokenizers.toMap(loaded.tokenizer()))));
            assertError(1, CommandLineRun.of("generate", "--model", bad.toString(), "--prompt", "s", "--json"),
                field.equals("layers") ? "no more than" : "mismatched");
        }
        assertError(1, CommandLineRun.of("generate", "--model", model, "--prompt", "#", "--json"), "'#' (U+0023)");
        assertError(1, CommandLineRun.of("generate", "--model", model, "--prompt", "", "--json"), "prompt is empty");
        assertError(2, CommandLineRun.of("generate", "--model", model, "--prompt", "s", "--top-p", "2", "--json"), "top-p");
        assertError(2, CommandLineRun.of("generate", "--model", model, "--captured", "true", "--no-cache", "--json"), "cache");
        assertError(2, CommandLineRun.of("generate", "--model", model, "--device", "tpu", "--json"), "'tpu'");
        assertError(2, CommandLineRun.of("generate", "--model", model, "--prompt", "s", "--tokens", "-1", "--json"),
            "must not be negative");
    }

    @SuppressWarnings("unchecked")
    private static void claim(Map<String, Object> config, String[] path, long value) {
        Map<String, Object> at = path.length == 1 ? config : (Map<String, Object>) config.get(path[0]);
        at.put(path[path.length - 1], value);
    }

    private static void assertError(int code, CommandLineRun run, String message) {
        assertEquals(code, run.code(), run.err());
        assertTrue(((String) run.json().get("error")).contains(message), run.out());
        assertFalse(run.err().contains("\tat "), run.err());
    }

    @Test
    void everyHyperParameterIsAnOptionWithItsDefaults() {
        String help = CommandLineRun.of("train", "--help").out().replaceAll("\\s+", " ");
        for (String option : PresetOptions.toMap(TrainPreset.ALL.get("quick")).keySet()) {
            assertTrue(help.contains("--" + option + "="), option);
        }
        assertTrue(help.contains("Optimizer steps. (quick: 600, char-small: 2000,"), help);
    }
}
