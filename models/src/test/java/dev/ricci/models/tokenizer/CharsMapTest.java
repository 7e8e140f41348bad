package dev.ricci.models.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ricci.models.tokenizer.TestVocabularies.Pieces;
import dev.ricci.tensor.FormatException;
import dev.ricci.testkit.TestData;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** SentencePiece's map of characters, and the vocabularies that use it. */
class CharsMapTest {
    private static final byte[] MAP = CharsMapBytes.of(CharsMapBytes.likeNmtNfkc());
    private static final int COUNT = Integer.getInteger("ricci.tokenizer.texts", 20_000);

    private static final Map<String, Object> METASPACE = Map.of("type", "Metaspace", "replacement", "\u2581",
            "prepend_scheme", "always", "split", true);

    /** The tokenizer.json of XLM-RoBERTa, with the pieces of a small vocabulary and all characters that occur often. */
    private static Map<String, Object> unigram(Pieces pieces) {
        List<List<Object>> vocab = new ArrayList<>();
        for (int id = 0; id < pieces.tokens().size(); id++) {
            vocab.add(List.of(pieces.tokens().get(id), id < 3 ? 0.0 : Math.min(-1, pieces.scores().get(id) / 20 - 4)));
        }
        for (String s : List.of("\u00e9", "\u4e16", "\u754c", "ab", "\ud83d\ude00", "\u304c", "\u0439", "\u2581\u4e16")) {
            vocab.add(List.of(s, -9.5));
        }
        Map<String, Object> normalizer = Map.of("type", "Sequence", "normalizers", List.of(
                Map.of("type", "Precompiled", "precompiled_charsmap", Base64.getEncoder().encodeToString(MAP)),
                Map.of("type", "Strip", "strip_left", false, "strip_right", true),
                Map.of("type", "Replace", "pattern", Map.of("Regex", " {2,}"), "content", "\u2581")));
        Map<String, Object> json = TestVocabularies.json(normalizer, METASPACE, Map.of("type", "Unigram", "unk_id", 0,
                "vocab", vocab), METASPACE);
        json.put("added_tokens", List.of(TestVocabularies.added(1, "<s>", Map.of()),
                TestVocabularies.added(2, "</s>", Map.of())));
        json.put("post_processor", Map.of("type", "RobertaProcessing", "sep", List.of("</s>", 2), "cls", List.of("<s>", 1),
                "trim_offsets", true, "add_prefix_space", false));
        return json;
    }

    /** What has changed stands alone in a text, so that nothing is hidden; a part of the entries, or all of them. */
    @Test
    void entriesEqualHf() throws IOException {
        List<List<Object>> vocab = new ArrayList<>(List.of(List.of("<unk>", 0.0)));
        Map<String, String> map = CharsMapBytes.likeNmtNfkc();
        map.values().stream().flatMapToInt(String::codePoints).distinct()
                .forEach(c -> vocab.add(List.of(Character.toString(c), -1.0)));
        Map<String, Object> json = TestVocabularies.json(Map.of("type", "Precompiled", "precompiled_charsmap",
                Base64.getEncoder().encodeToString(MAP)), null, Map.of("type", "Unigram", "unk_id", 0, "vocab", vocab), null);
        String[] all = map.keySet().toArray(String[]::new);
        int step = Math.max(1, all.length / COUNT * 4);
        HfOracle.assertEqual(json, IntStream.iterate(0, i -> i < all.length, i -> i + step).mapToObj(i -> all[i])
                .toArray(String[]::new));
    }

    @Test
    void unigramWithAMapEqualsHf() throws IOException {
        Pieces pieces = Pieces.read(TestData.require("stories260K/tok512.bin"));
        HfOracle.assertEqual(unigram(pieces), UnicodeTexts.of(COUNT / 4, 31));
    }

    @Test
    void theSameVocabularyEmbeddedGivesTheSameIds() throws IOException {
        Pieces pieces = Pieces.read(TestData.require("stories260K/tok512.bin"));
        Map<String, Object> json = unigram(pieces);
        List<?> vocab = (List<?>) ((Map<?, ?>) json.get("model")).get("vocab");
        List<String> tokens = vocab.stream().map(e -> (String) ((List<?>) e).get(0)).toList();
        List<Float> scores = vocab.stream().map(e -> ((Double) ((List<?>) e).get(1)).floatValue()).toList();
        List<Integer> types = new ArrayList<>();
        for (int id = 0; id < tokens.size(); id++) {
            types.add(id == 0 ? 2 : id < 3 ? 3 : 1);
        }
        PipelineTokenizer expected = TokenizerJson.of(json, "test");
        PipelineTokenizer embedded = new EmbeddedVocabulary("t5", tokens, scores, types, List.of(), "default",
                new EmbeddedVocabulary.Control(OptionalInt.of(1), OptionalInt.of(2), true, true, true), MAP)
                .tokenizer("x.gguf");
        for (String text : UnicodeTexts.of(1000, 32)) {
            // The file's originals differ in what they do with white space at the beginning, and with tokens in a text.
            String plain = text.strip().replaceAll("<[a-z/]+>|\u2581|[\\s\\p{Cc}\\p{Cf}]+", " ").strip();
            assertArrayEquals(expected.encodePrompt(plain), embedded.encodePrompt(plain), () -> HfOracle.escaped(plain));
        }
        assertArrayEquals(expected.encoderInput("a", "b", 9).ids(), embedded.encoderInput("a", "b", 9).ids());
    }

    @Test
    void damagedMapsAreRefusedOrHarmless() {
        for (int length : new int[] {0, 3, 4, 7}) {
            assertThrows(FormatException.class, () -> new CharsMap(Arrays.copyOf(MAP, length), "map"));
        }
        Random random = new Random(33);
        String[] texts = UnicodeTexts.of(20, 34);
        for (int i = 0; i < 50; i++) {
            byte[] damaged = MAP.clone();
            for (int n = 0; n < 2000; n++) {
                damaged[4 + random.nextInt(damaged.length - 4)] = (byte) random.nextInt();
            }
            CharsMap map = new CharsMap(damaged, "map");
            for (String text : texts) {
                map.apply(text);
            }
        }
        assertEquals("a b", new CharsMap(MAP, "map").apply("\uff41\u00a0b\u0007"));
    }

    @Test
    void bertsVocabularyEmbeddedGivesTheSameIds() {
        Map<String, Object> json = TestVocabularies.miniLm();
        PipelineTokenizer expected = TokenizerJson.of(json, "test");
        List<String> tokens = new ArrayList<>();
        List<Integer> types = new ArrayList<>();
        for (int id = 0; id < expected.vocabSize(); id++) {
            String token = expected.token(id);
            boolean special = List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]").contains(token);
            boolean bracketed = token.length() > 1 && token.startsWith("[") && token.endsWith("]");
            tokens.add(bracketed ? token : token.startsWith("##") ? token.substring(2) : "\u2581" + token);
            types.add(special ? 3 : 1);
        }
        PipelineTokenizer embedded = new EmbeddedVocabulary("bert", tokens, List.of(), types, List.of(), "jina-v2-en",
                new EmbeddedVocabulary.Control(OptionalInt.empty(), OptionalInt.empty(), false, false, false))
                .tokenizer("x.gguf");
        for (String text : UnicodeTexts.of(1000, 35)) {
            assertArrayEquals(expected.encodePrompt(text), embedded.encodePrompt(text), () -> HfOracle.escaped(text));
            assertEquals(expected.decode(expected.encode(text)), embedded.decode(embedded.encode(text)));
        }
        assertArrayEquals(expected.encoderInput("a", "b", 9).types(), embedded.encoderInput("a", "b", 9).types());
    }
}
