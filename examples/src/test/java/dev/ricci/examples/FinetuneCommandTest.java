package dev.ricci.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.lora.PeftFolder;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.io.Json;
import dev.ricci.tensor.io.Safetensors;
import dev.ricci.tensor.io.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FinetuneCommandTest {
    @TempDir
    private Path dir;
    private Path base;
    private Path text;
    private Path examples;

    @BeforeEach
    void trainBase() throws IOException {
        Path shells = Files.writeString(dir.resolve("shells.txt"), "she sells sea shells by the sea shore. ".repeat(60));
        CommandLineRun run = CommandLineRun.of("train", "--preset", "tiny", "--steps", "60", "--text", shells.toString(),
            "--out", dir.resolve("base").toString());
        assertEquals(0, run.code(), run.err());
        base = dir.resolve("base/model.safetensors");
        text = Files.writeString(dir.resolve("text.txt"), "the shore by the shells she sells sees. ".repeat(60));
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 20; i++) {
            lines.append(Json.write(Map.of("prompt", i % 2 == 0 ? "she " : "the ", "completion", i % 2 == 0 ? "sea" : "shore")))
                .append('\n');
        }
        examples = Files.writeString(dir.resolve("examples.jsonl"), lines);
    }

    private CommandLineRun finetune(Path data, String out, String... more) {
        List<String> args = new ArrayList<>(List.of("finetune", base.toString(), "--data", data.toString(), "--out",
            dir.resolve(out).toString(), "--json"));
        args.addAll(List.of(more));
        args.addAll(args.contains("--steps") ? List.of() : List.of("--steps", "40"));
        return CommandLineRun.of(args.toArray(String[]::new));
    }

    private String written(String prompt, String... more) {
        List<String> args = new ArrayList<>(List.of("generate", "--prompt", prompt, "--tokens", "12", "--temperature", "0",
            "--json", "--model"));
        args.addAll(List.of(more));
        CommandLineRun run = CommandLineRun.of(args.toArray(String[]::new));
        assertEquals(0, run.code(), run.err());
        return (String) run.json().get("text");
    }

    @Test
    void trainsAnAdapterOnATextAndMergesIt() throws IOException {
        CommandLineRun run = finetune(text, "lora", "--targets", "all-linear", "--learning-rate", "0.02", "--merge");
        assertEquals(0, run.code(), run.err());
        Map<String, Object> results = run.json();
        assertEquals(Set.of("steps", "train_loss", "val_loss", "val_loss_before", "tokens_per_second", "seconds",
            "peak_memory_mb", "adapter", "checkpoint"), results.keySet());
        assertTrue((double) results.get("val_loss") < (double) results.get("val_loss_before") - 0.3, run.out());
        assertTrue(Files.readString(dir.resolve("lora/curve.svg")).contains("<polyline"));
        Path adapter = dir.resolve("lora/adapter");
        assertTrue(Files.exists(adapter.resolve(PeftFolder.CONFIG)));
        String with = written("the shore ", base.toString(), "--adapter", adapter.toString());
        assertNotEquals(written("the shore ", base.toString()), with);
        assertEquals(with, written("the shore ", dir.resolve("lora").toString()));
        assertTrue(Files.size(dir.resolve("lora/step-00000040/model.safetensors")) < Files.size(base),
            "checkpoints hold the adapter alone");
    }

    @Test
    void capturedStepsWriteTheSameAdapter() throws IOException {
        for (String captured : List.of("false", "true")) {
            CommandLineRun run = finetune(text, captured, "--captured", captured, "--steps", "12", "--as-stored");
            assertEquals(0, run.code(), run.err());
        }
        for (String file : List.of("model.safetensors", "optimizer.safetensors")) {
            assertEquals(-1, Files.mismatch(dir.resolve("false/step-00000012").resolve(file),
                dir.resolve("true/step-00000012").resolve(file)), file);
        }
    }

    /** The head sees all tokens of a captured batch, so the losses agree but for rounding. */
    @Test
    void capturedStepsLearnAnswersAsWell() {
        double[] losses = List.of("false", "true").stream().mapToDouble(captured -> {
            CommandLineRun run = finetune(examples, captured, "--captured", captured, "--steps", "12");
            assertEquals(0, run.code(), run.err());
            return (double) run.json().get("val_loss");
        }).toArray();
        assertEquals(losses[0], losses[1], 1e-4);
    }

    @Test
    void learnsAnswers() {
        CommandLineRun run = finetune(examples, "qa", "--full", "--learning-rate", "0.01", "--steps", "80", "--batch", "2");
        assertEquals(0, run.code(), run.err());
        assertTrue(run.err().contains("18 training and 2 validation examples"), run.err());
        assertTrue((double) run.json().get("val_loss") < 0.1, run.out());
        String model = dir.resolve("qa").toString();
        assertTrue(written("she ", model).startsWith("she sea"));
        assertTrue(written("the ", model).startsWith("the shore"));
    }

    @Test
    void aBaseKeptAsStoredGivesTheSameAdapter() throws IOException {
        Path halves = dir.resolve("halves.safetensors");
        try (SafetensorsFile whole = SafetensorsFile.open(base)) {
            Map<String, Tensor> state = new LinkedHashMap<>();
            whole.names().forEach(name -> state.put(name, whole.tensor(name).to(DType.F16)));
            Safetensors.save(halves, state, whole.metadata());
        }
        base = halves;
        assertEquals(0, finetune(text, "plain", "--steps", "4").code());
        CommandLineRun stored = finetune(text, "stored", "--steps", "4", "--as-stored");
        assertEquals(0, stored.code(), stored.err());
        assertEquals(-1, Files.mismatch(dir.resolve("plain/adapter/adapter_model.safetensors"),
            dir.resolve("stored/adapter/adapter_model.safetensors")));
        assertError(2, finetune(text, "x", "--as-stored", "--merge"), "never change");
    }

    @Test
    void trainsAllWeights() {
        CommandLineRun run = finetune(text, "full", "--full", "--learning-rate", "0.003");
        assertEquals(0, run.code(), run.err());
        assertTrue((double) run.json().get("val_loss") < (double) run.json().get("val_loss_before") - 0.5, run.out());
        assertFalse(run.json().containsKey("adapter"));
        String model = dir.resolve("full").toString();
        assertEquals(written("the shore ", model), written("the shore ", dir.resolve("full/step-00000040").toString()));
    }

    @Test
    void aResumedRunEndsWithTheBytesOfAnUnbrokenOne() throws IOException {
        String[] options = {"--dropout", "0.1", "--steps", "20", "--checkpoint-every", "5"};
        assertEquals(0, finetune(examples, "whole", options).code());
        StopRequest stop = new StopRequest(false);
        stop.request();
        for (int i = 0; i < 2; i++) { // each stops after one more step
            assertEquals(130, Ricci.run(List.of(new FinetuneCommand()), stop, System.err, System.err, "finetune",
                base.toString(), "--data", examples.toString(), "--out", dir.resolve("broken").toString(), "--dropout", "0.1",
                "--steps", "20", "--checkpoint-every", "5", "--resume"));
        }
        CommandLineRun last = finetune(examples, "broken", "--dropout", "0.1", "--steps", "20", "--checkpoint-every", "5",
            "--resume");
        assertEquals(0, last.code(), last.err());
        assertTrue(last.err().contains("going on after step 2"), last.err());
        assertEquals(CommandLineRun.lastCheckpoint(dir.resolve("whole")), CommandLineRun.lastCheckpoint(dir.resolve("broken")));
        assertEquals(-1, Files.mismatch(dir.resolve("whole/adapter/adapter_model.safetensors"),
            dir.resolve("broken/adapter/adapter_model.safetensors")));
        assertError(2, finetune(examples, "broken", "--alpha", "3", "--resume"), "another ricci.lora");
        assertError(2, finetune(text, "broken", "--dropout", "0.1", "--resume"), "another ricci.text");
        base = dir.resolve("base/step-00000050/model.safetensors");
        assertError(2, finetune(examples, "broken", "--dropout", "0.1", "--resume"), "another ricci.base");
    }

    @Test
    void badInputIsOneMessage() throws IOException {
        assertError(2, finetune(text, "x", "--full", "--rank", "4"), "--full trains all weights");
        assertError(2, finetune(text, "x", "--full", "--merge"), "--full trains all weights");
        assertError(2, finetune(text, "x", "--rank", "0"), "rank must be 1 or more");
        assertError(2, finetune(text, "x", "--dropout", "1"), "dropout");
        assertError(2, finetune(text, "x", "--targets", "("), "no regular expression");
        assertError(2, finetune(text, "x", "--context", "33"), "reads 32 tokens at most");
        assertError(2, finetune(text, "x", "--warmup", "50"), "--warmup");
        assertError(1, finetune(text, "x", "--targets", "w_proj"), "no linear layer", "model.layers.1.mlp.fc_in");
        assertError(1, finetune(dir.resolve("none.txt"), "x"), "no such file");
        assertError(1, finetune(text, "x", "--validation", examples.toString()), "'{'");
        Files.writeString(examples, "{\"prompt\": \"she\"}\n");
        assertError(1, finetune(examples, "x"), "examples.jsonl, line 1: 'completion' must be a text");
        Files.writeString(examples, "{\"text\": \"she\"}\n");
        assertError(1, finetune(examples, "x"), "--validation");
        assertFalse(Files.exists(dir.resolve("x")), "a run that cannot start leaves nothing");
    }

    private static void assertError(int code, CommandLineRun run, String... parts) {
        assertEquals(code, run.code(), run.err());
        for (String part : parts) {
            assertTrue(((String) run.json().get("error")).contains(part), run.out());
        }
        assertFalse(run.err().contains("\tat "), run.err());
    }
}
