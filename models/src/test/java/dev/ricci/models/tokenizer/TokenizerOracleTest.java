package dev.ricci.models.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import dev.ricci.models.tokenizer.TestVocabularies.Pieces;
import dev.ricci.testkit.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Ids and texts equal those of Hugging Face's tokenizers and of jtokkit. */
class TokenizerOracleTest {
    private static final int COUNT = Integer.getInteger("ricci.tokenizer.texts", 20_000);

    /** Generated texts, and this file as an example of code. */
    private static String[] texts(int count, long seed) throws IOException {
        List<String> texts = new ArrayList<>(List.of(UnicodeTexts.of(count, seed)));
        texts.add(Files.readString(Path.of(System.getProperty("ricci.root"),
                "models/src/test/java/dev/ricci/models/tokenizer/TokenizerOracleTest.java")));
        texts.add("");
        return texts.toArray(String[]::new);
    }

    @Test
    void gpt2EqualsHf() throws IOException {
        HfOracle.assertEqual(TestVocabularies.gpt2(), texts(COUNT, 1));
    }

    @Test
    void gpt2EqualsJtokkit() throws IOException {
        Encoding jtokkit = Encodings.newDefaultEncodingRegistry().getEncoding(EncodingType.R50K_BASE);
        Map<String, Object> json = TestVocabularies.gpt2();
        json.put("added_tokens", List.of());
        PipelineTokenizer ours = TokenizerJson.of(json, "gpt2");
        for (String text : texts(COUNT, 2)) {
            assertArrayEquals(jtokkit.encodeOrdinary(text).toArray(), ours.encode(text), () -> HfOracle.escaped(text));
        }
    }

    @Test
    void llama3EqualsHf() throws IOException {
        HfOracle.assertEqual(TestVocabularies.cl100k(WordPattern.LLAMA3, false, true), texts(COUNT / 2, 3));
        HfOracle.assertEqual(TestVocabularies.cl100k(WordPattern.LLAMA3, false, false), texts(COUNT / 2, 4));
    }

    @Test
    void qwenEqualsHf() throws IOException {
        HfOracle.assertEqual(TestVocabularies.cl100k(WordPattern.QWEN2, true, false), texts(COUNT, 5));
    }

    @Test
    void wordPieceEqualsHf() throws IOException {
        HfOracle.assertEqual(TestVocabularies.miniLm(), texts(COUNT, 6));
    }

    @Test
    void sentencePieceBpeEqualsHf() throws IOException {
        Pieces pieces = Pieces.read(TestData.require("stories260K/tok512.bin"));
        HfOracle.assertEqual(TestVocabularies.sentencePieceBpe(pieces), texts(COUNT, 7));
    }

    @Test
    void realTextEqualsHf() throws IOException {
        String text = Files.readString(TestData.require("text/tinyshakespeare.txt"));
        HfOracle.assertEqual(TestVocabularies.gpt2(), text);
        HfOracle.assertEqual(TestVocabularies.cl100k(WordPattern.QWEN2, true, false), text);
        HfOracle.assertEqual(TestVocabularies.miniLm(), text);
        // The original takes half a minute for the whole text in one word.
        Pieces pieces = Pieces.read(TestData.require("stories260K/tok512.bin"));
        HfOracle.assertEqual(TestVocabularies.sentencePieceBpe(pieces), text.substring(0, 100_000));
    }
}
