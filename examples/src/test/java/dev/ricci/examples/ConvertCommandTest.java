package dev.ricci.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.LanguageModel;
import dev.ricci.testkit.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models from one kind of file to another, and what is said of them. */
class ConvertCommandTest {
    @TempDir
    private Path folder;

    private String path(String name) {
        return folder.resolve(name).toString();
    }

    private void convert(String from, String to, String... options) {
        List<String> args = new ArrayList<>(List.of("convert", from, path(to)));
        args.addAll(List.of(options));
        CommandLineRun run = CommandLineRun.of(args.toArray(String[]::new));
        assertEquals(0, run.code(), run.err());
    }

    private static Object answer(String model) {
        CommandLineRun run = CommandLineRun.of("run", model, "--prompt", "low <|im_end|> 12", "--tokens", "12", "--temperature", "0",
            "--json");
        assertEquals(0, run.code(), run.err());
        return ((Map<?, ?>) ((List<?>) run.json().get("turns")).getFirst()).get("text");
    }

    @Test
    void everyWayKeepsWhatAModelSays() throws IOException {
        String original = TinyChat.save(folder.resolve("hf")).toString();
        Object said = answer(original);
        convert(original, "a.gguf");
        convert(path("a.gguf"), "hf2");
        convert(path("hf2"), "b.safetensors");
        convert(path("b.safetensors"), "c.gguf");
        convert(path("c.gguf"), "hf3");
        LanguageModel first = LanguageModel.load(Path.of(original));
        for (String name : List.of("a.gguf", "hf2", "b.safetensors", "c.gguf", "hf3")) {
            assertEquals(said, answer(path(name)), name);
            LanguageModel model = LanguageModel.load(folder.resolve(name));
            assertEquals(first.chatTemplate(), model.chatTemplate(), name);
            assertEquals(first.endIds(), model.endIds(), name);
            assertArrayEquals(first.tokenizer().encode("12 <|im_end|>\n"),
                LanguageModel.tokenizer(folder.resolve(name)).encode("12 <|im_end|>\n"), name);
        }
        convert(original, "half", "--type", "F16");
        assertEquals("F16", Map.copyOf((Map<?, ?>) CommandLineRun.of("inspect", path("half"), "--json").json().get("types"))
            .keySet().iterator().next());
    }

    @Test
    void quantises() throws IOException {
        String original = TinyChat.save(folder.resolve("hf")).toString();
        convert(original, "a.gguf", "--type", "F16");
        for (String type : List.of("Q8_0", "Q4_0")) {
            CommandLineRun run = CommandLineRun.of("quantize", path("a.gguf"), path(type + ".gguf"), "--type", type, "--json");
            assertEquals(0, run.code(), run.err());
            Map<?, ?> tensors = (Map<?, ?>) run.json().get("tensors");
            assertEquals(5L, tensors.get("F32"), "the norms");
            assertEquals(16L, tensors.get(type), "matrices of rows of 64 and 96");
            assertTrue((Long) run.json().get("bytes") < (Long) run.json().get("bytes_before"));
            assertEquals(0, CommandLineRun.of("run", path(type + ".gguf"), "--prompt", "low", "--tokens", "3").code());
        }
        CommandLineRun again = CommandLineRun.of("quantize", path("Q8_0.gguf"), path("x.gguf"), "--type", "Q4_0");
        assertEquals(1, again.code());
        assertTrue(again.err().contains("is Q8_0 already"), again.err());
        assertTrue(again.err().contains("--requantize"), again.err());
        assertFalse(Files.exists(folder.resolve("x.gguf")));
        assertEquals(0, CommandLineRun.of("quantize", path("Q8_0.gguf"), path("x.gguf"), "--type", "Q4_0", "--requantize").code());
        CommandLineRun taken = CommandLineRun.of("quantize", path("a.gguf"), path("x.gguf"));
        assertEquals(2, taken.code());
        assertTrue(taken.err().contains("--force"), taken.err());
        assertEquals(0, CommandLineRun.of("quantize", path("a.gguf"), path("x.gguf"), "--force").code());
        assertEquals(2, CommandLineRun.of("quantize", path("x.gguf"), path("x.gguf"), "--force").code(), "onto itself");
        assertEquals(2, CommandLineRun.of("quantize", path("a.gguf"), path("y.gguf"), "--type", "Q9").code());
        assertEquals(1, CommandLineRun.of("quantize", path("no.gguf"), path("y.gguf")).code());
        CommandLineRun folderGiven = CommandLineRun.of("quantize", original, path("y.gguf"));
        assertEquals(1, folderGiven.code());
        assertTrue(folderGiven.err().contains(original + ": a folder, not a GGUF file"), folderGiven.err());
    }

    @Test
    void refusesWhatHasNoForm() throws IOException {
        String tiny = TinyModel.save(folder).toString();
        CommandLineRun run = CommandLineRun.of("convert", tiny, path("x.gguf"));
        assertEquals(1, run.code());
        assertTrue(run.err().contains("CharTokenizer"), run.err());
        assertEquals(1, CommandLineRun.of("convert", tiny, path("x")).code());
        assertEquals(1, CommandLineRun.of("convert", tiny, path("y.safetensors"), "--type", "Q8_0").code());
        assertFalse(Files.exists(folder.resolve("x.gguf")));
        assertEquals(0, CommandLineRun.of("convert", tiny, path("y.safetensors"), "--type", "BF16").code());
        assertEquals(2, CommandLineRun.of("convert", tiny, path("y.safetensors")).code());
        assertEquals(1, CommandLineRun.of("convert", path("no"), path("z.gguf")).code());
    }

    @Test
    void inspects() throws IOException {
        String tiny = TinyModel.save(folder).toString();
        CommandLineRun run = CommandLineRun.of("inspect", tiny, "--tensors", "--context", "100", "--json");
        assertEquals(0, run.code(), run.err());
        Map<String, Object> json = run.json();
        assertEquals("safetensors of ricci", json.get("format"));
        assertEquals(json.get("tensors"), (long) ((List<?>) json.get("table")).size());
        assertEquals((Long) json.get("parameters") * Float.BYTES, json.get("bytes"));
        // Keys and values of one layer with one head of 16 numbers, in F32.
        assertEquals(100L * 2 * 16 * 4, json.get("cache_bytes"));
        TinyChat.save(folder.resolve("hf"));
        Map<String, Object> hf = CommandLineRun.of("inspect", path("hf"), "--json").json();
        assertEquals("llama", hf.get("architecture"));
        assertEquals(true, hf.get("chat_template"));
        assertEquals("llama", ((Map<?, ?>) hf.get("settings")).get("model_type"));
        Files.writeString(folder.resolve("hf/config.json"), "{\"model_type\":\"mamba\"}");
        assertTrue(((String) CommandLineRun.of("inspect", path("hf"), "--json").json().get("not_supported")).contains("mamba"));
        assertEquals(2, CommandLineRun.of("inspect", tiny, "--context", "-1").code());
        assertEquals(1, CommandLineRun.of("inspect", path("no.gguf")).code());
        assertEquals(1, CommandLineRun.of("inspect", Files.writeString(folder.resolve("x.bin"), "text").toString()).code());
    }

    @Test
    void aPublishedModelTellsItsStoryFromEveryFile() throws IOException {
        String model = TestData.require("stories260K/stories260K.bin").toString();
        String vocabulary = TestData.require("stories260K/tok512.bin").toString();
        convert(model, "s.gguf", "--tokenizer", vocabulary);
        convert(model, "s", "--tokenizer", vocabulary, "--type", "F16");
        convert(path("s.gguf"), "s.safetensors");
        for (String name : List.of("s.gguf", "s", "s.safetensors")) {
            CommandLineRun run = CommandLineRun.of("run", path(name), "--prompt", "Once upon a time", "--tokens", "30",
                "--temperature", "0");
            assertTrue(run.out().startsWith("Once upon a time, there was a little girl named Lily. She loved to play outside"),
                name + ": " + run.out() + run.err());
        }
    }
}
