package dev.ricci.models.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.TensorException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Each part of a tokenizer.json alone, against Hugging Face's tokenizers. */
class TokenizerPartsTest {
    private static final String[] TEXTS = UnicodeTexts.of(1500, 11);

    /** Every character of the texts and some pairs: a vocabulary that hides nothing of what the parts before it did. */
    private static Map<String, Object> characters(String... more) {
        Set<String> tokens = new LinkedHashSet<>(List.of("<unk>"));
        tokens.addAll(List.of(more));
        for (String text : TEXTS) {
            for (String form : List.of(text, text.toLowerCase(java.util.Locale.ROOT),
                    java.text.Normalizer.normalize(text, java.text.Normalizer.Form.NFKD),
                    java.text.Normalizer.normalize(text, java.text.Normalizer.Form.NFKC))) {
                form.codePoints().forEach(c -> tokens.add(Character.toString(c)));
            }
        }
        tokens.add("\u2581");
        List<List<String>> merges = new ArrayList<>();
        for (String pair : List.of("t h", "th e", "  \u2581", "l l", "e r", ". .", "1 2", "a \u0301")) {
            String[] two = pair.strip().split(" ");
            if (two.length == 2) {
                merges.add(List.of(two));
                tokens.add(two[0]);
                tokens.add(two[1]);
                tokens.add(two[0] + two[1]);
            }
        }
        Map<String, Object> vocab = new LinkedHashMap<>();
        tokens.forEach(t -> vocab.put(t, vocab.size()));
        Map<String, Object> model = TestVocabularies.bpe(vocab, merges);
        model.put("unk_token", "<unk>");
        return model;
    }

    private static DynamicTest equal(String name, Map<String, Object> json) {
        return DynamicTest.dynamicTest(name, () -> HfOracle.assertEqual(json, TEXTS));
    }

    @TestFactory
    List<DynamicTest> normalizers() {
        List<Map<String, Object>> parts = new ArrayList<>();
        for (String type : List.of("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents")) {
            parts.add(Map.of("type", type));
        }
        for (int bits = 0; bits < 8; bits++) {
            Map<String, Object> bert = new LinkedHashMap<>(Map.of("type", "BertNormalizer", "clean_text", (bits & 1) != 0,
                    "handle_chinese_chars", (bits & 2) != 0, "lowercase", (bits & 4) != 0));
            bert.put("strip_accents", bits == 3 ? Boolean.TRUE : null);
            parts.add(bert);
        }
        parts.add(Map.of("type", "Prepend", "prepend", "\u2581"));
        parts.add(Map.of("type", "Replace", "pattern", Map.of("String", "the"), "content", "ab"));
        parts.add(Map.of("type", "Replace", "pattern", Map.of("Regex", " {2,}"), "content", "\u2581"));
        parts.add(Map.of("type", "Strip", "strip_left", true, "strip_right", false));
        parts.add(Map.of("type", "Strip", "strip_left", false, "strip_right", true));
        parts.add(Map.of("type", "Sequence", "normalizers", List.of(Map.of("type", "NFD"), Map.of("type", "StripAccents"),
                Map.of("type", "Lowercase"))));
        List<DynamicTest> tests = new ArrayList<>();
        parts.forEach(p -> tests.add(equal(p.toString(), TestVocabularies.json(p, null, characters(), null))));
        return tests;
    }

    @TestFactory
    List<DynamicTest> preTokenizers() {
        List<Map<String, Object>> parts = new ArrayList<>();
        for (String type : List.of("Whitespace", "WhitespaceSplit", "BertPreTokenizer")) {
            parts.add(Map.of("type", type));
        }
        for (String behavior : List.of("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous")) {
            parts.add(Map.of("type", "Punctuation", "behavior", behavior));
            parts.add(Map.of("type", "Split", "pattern", Map.of("String", " "), "behavior", behavior, "invert", false));
        }
        parts.add(Map.of("type", "Digits", "individual_digits", true));
        parts.add(Map.of("type", "Digits", "individual_digits", false));
        for (String scheme : List.of("always", "first", "never")) {
            for (boolean split : new boolean[] {true, false}) {
                parts.add(Map.of("type", "Metaspace", "replacement", "\u2581", "prepend_scheme", scheme, "split", split));
            }
        }
        for (WordPattern pattern : WordPattern.values()) {
            parts.add(Map.of("type", "Split", "pattern", Map.of("Regex", pattern.regex()), "behavior", "Isolated", "invert",
                    false));
            parts.add(Map.of("type", "Split", "pattern", Map.of("Regex", pattern.regex()), "behavior", "Removed", "invert",
                    true));
        }
        parts.add(Map.of("type", "Sequence", "pretokenizers", List.of(Map.of("type", "WhitespaceSplit"),
                Map.of("type", "Metaspace", "replacement", "\u2581", "prepend_scheme", "first", "split", true))));
        parts.add(Map.of("type", "Sequence", "pretokenizers", List.of(Map.of("type", "Digits", "individual_digits", true),
                Map.of("type", "Punctuation", "behavior", "Contiguous"))));
        List<DynamicTest> tests = new ArrayList<>();
        parts.forEach(p -> {
            // A word that is a token shows where words begin and end.
            Map<String, Object> model = characters("the", "Hello", "world", " world", "42", "...", "don't", "\u2581the", "   ");
            model.put("ignore_merges", true);
            tests.add(equal(p.toString(), TestVocabularies.json(null, p, model, null)));
        });
        return tests;
    }

    @Test
    void byteLevelWithPrefixSpace() throws IOException {
        Map<String, Object> json = TestVocabularies.gpt2();
        Map<String, Object> prefix = new LinkedHashMap<>(TestVocabularies.byteLevel(true));
        prefix.put("add_prefix_space", true);
        json.put("pre_tokenizer", prefix);
        json.put("post_processor", Map.of("type", "RobertaProcessing", "sep", List.of("a", 64), "cls", List.of("b", 65),
                "trim_offsets", true, "add_prefix_space", true));
        HfOracle.assertEqual(json, TEXTS);
    }

    @TestFactory
    List<DynamicTest> unknownCharacters() {
        List<DynamicTest> tests = new ArrayList<>();
        for (boolean fuse : new boolean[] {true, false}) {
            Map<String, Object> model = TestVocabularies.bpe(new LinkedHashMap<>(Map.of("<unk>", 0, "t", 1, "h", 2, "e", 3,
                    "th", 4, "the", 5, " ", 6, "\u2581", 7)), List.of(List.of("t", "h"), List.of("th", "e")));
            model.put("unk_token", "<unk>");
            model.put("fuse_unk", fuse);
            tests.add(equal("fuse " + fuse, TestVocabularies.json(null, null, model, null)));
        }
        return tests;
    }

    @TestFactory
    List<DynamicTest> unigrams() {
        List<DynamicTest> tests = new ArrayList<>();
        for (boolean bytes : new boolean[] {true, false}) {
            List<List<Object>> vocab = new ArrayList<>(List.of(List.of("<unk>", 0.0), List.of("\u2581", -3.1),
                    List.of("\u2581the", -2.5), List.of("he", -4.0), List.of("t", -5.5), List.of("e", -5.25),
                    List.of("\u2581t", -4.5), List.of("l", -6.0), List.of("ll", -5.0), List.of("Hello", -7.5),
                    List.of("o", -5.75), List.of("tok", -8.0), List.of("en", -5.5), List.of("token", -9.0),
                    List.of("ization", -9.5), List.of("1", -6.5), List.of("...", -7.0), List.of(".", -5.0),
                    List.of("\ud83d\ude00", -8.5), List.of("\u4e16", -8.25)));
            for (int b = 0; bytes && b < 256; b++) {
                vocab.add(List.of(String.format("<0x%02X>", b), -20.0));
            }
            Map<String, Object> metaspace = Map.of("type", "Metaspace", "replacement", "\u2581", "prepend_scheme", "always",
                    "split", true);
            Map<String, Object> json = TestVocabularies.json(null, metaspace,
                    Map.of("type", "Unigram", "unk_id", 0, "vocab", vocab, "byte_fallback", bytes),
                    bytes ? Map.of("type", "Sequence", "decoders", List.of(Map.of("type", "ByteFallback"), metaspace))
                            : metaspace);
            tests.add(equal("bytes " + bytes, json));
        }
        return tests;
    }

    @TestFactory
    List<DynamicTest> decoders() {
        Map<String, Object> replace = Map.of("type", "Replace", "pattern", Map.of("String", "e "), "content", "<>");
        Map<String, Object> strip = Map.of("type", "Strip", "content", "a", "start", 2, "stop", 0);
        List<Map<String, Object>> parts = List.of(TestVocabularies.byteLevel(true), replace, strip,
                Map.of("type", "WordPiece", "prefix", "th", "cleanup", true),
                Map.of("type", "WordPiece", "prefix", "##", "cleanup", false),
                Map.of("type", "Metaspace", "replacement", "e", "prepend_scheme", "always", "split", true),
                Map.of("type", "Metaspace", "replacement", "\u2581", "prepend_scheme", "never", "split", true),
                Map.of("type", "Fuse"), Map.of("type", "ByteFallback"),
                Map.of("type", "Sequence", "decoders", List.of(Map.of("type", "Fuse"), replace, strip)),
                Map.of("type", "Sequence", "decoders", List.of(Map.of("type", "Fuse"), TestVocabularies.byteLevel(true))));
        List<DynamicTest> tests = new ArrayList<>();
        parts.forEach(p -> tests.add(equal(p.toString(), TestVocabularies.json(null, null, characters(), p))));
        return tests;
    }

    @TestFactory
    List<DynamicTest> addedTokens() {
        List<DynamicTest> tests = new ArrayList<>();
        for (int bits = 0; bits < 32; bits++) {
            Map<String, Boolean> flags = Map.of("single_word", (bits & 1) != 0, "lstrip", (bits & 2) != 0, "rstrip",
                    (bits & 4) != 0, "normalized", (bits & 8) != 0, "special", (bits & 16) != 0);
            Map<String, Object> model = characters();
            Map<?, ?> vocab = (Map<?, ?>) model.get("vocab");
            int id = vocab.size();
            Map<String, Object> json = TestVocabularies.json(Map.of("type", "Lowercase"), Map.of("type", "WhitespaceSplit"),
                    model, null);
            json.put("added_tokens", List.of(TestVocabularies.added((Integer) vocab.get("the"), "the", Map.of()),
                    TestVocabularies.added((Integer) vocab.get("x"), "x", flags),
                    TestVocabularies.added((Integer) vocab.get("e"), "e", Map.of("special", false, "normalized", true)),
                    TestVocabularies.added(id, "<|endoftext|>", flags), TestVocabularies.added(id + 1, "Hello", flags),
                    TestVocabularies.added(id + 2, "Hello w", flags), TestVocabularies.added(id + 3, "  ", flags)));
            tests.add(equal(flags.toString(), json));
        }
        return tests;
    }

    /** Small letters make no control token of what a stranger wrote in capitals. */
    @Test
    void theNormalizerMakesNoTokenOfForeignText() {
        Map<String, Object> model = characters();
        int id = ((Map<?, ?>) model.get("vocab")).size();
        Map<String, Object> json = TestVocabularies.json(Map.of("type", "Lowercase"), Map.of("type", "WhitespaceSplit"),
                model, null);
        json.put("added_tokens", List.of(TestVocabularies.added(id, "<end>", Map.of("normalized", true))));
        PipelineTokenizer t = TokenizerJson.of(json, "test");
        BitSet all = new BitSet();
        all.set(0, 5);
        assertTrue(Arrays.stream(t.encode("<END>")).anyMatch(i -> i == id));
        assertTrue(Arrays.stream(t.encode("<END>", all)).noneMatch(i -> i == id));
    }

    @Test
    void refusesWhatItDoesNotKnowByName() {
        Map<String, Object> model = characters();
        assertRefused("'Nmt'", TestVocabularies.json(Map.of("type", "Nmt"), null, model, null));
        assertRefused("character map of 1 bytes", TestVocabularies.json(Map.of("type", "Precompiled", "precompiled_charsmap", "AA=="),
                null, model, null));
        assertRefused("'UnicodeScripts'", TestVocabularies.json(null, Map.of("type", "UnicodeScripts"), model, null));
        assertRefused("'CTC'", TestVocabularies.json(null, null, model, Map.of("type", "CTC")));
        assertRefused("'WordLevel'", TestVocabularies.json(null, null, Map.of("type", "WordLevel"), null));
        assertRefused("\\d+", TestVocabularies.json(null, Map.of("type", "Split", "pattern", Map.of("Regex", "\\d+"),
                "behavior", "Isolated", "invert", false), model, null));
        assertRefused("unknown key 'surprise'", TestVocabularies.json(Map.of("type", "NFC", "surprise", 1), null, model,
                null));
        Map<String, Object> dropout = new LinkedHashMap<>(model);
        dropout.put("dropout", 0.1);
        assertRefused("'dropout'", TestVocabularies.json(null, null, dropout, null));
        Map<String, Object> json = TestVocabularies.json(null, null, model, null);
        json.put("surprise", true);
        assertRefused("unknown key 'surprise'", json);
    }

    private static void assertRefused(String name, Map<String, Object> json) {
        String message = assertThrows(FormatException.class, () -> TokenizerJson.of(json, "x.json")).getMessage();
        assertTrue(message.contains(name) && message.contains("x.json"), message);
    }

    @Test
    void refusesLoneSurrogatesAndUnknownCharacters() {
        PipelineTokenizer t = TokenizerJson.of(TestVocabularies.json(null, null,
                TestVocabularies.bpe(Map.of("a", 0), List.of()), null), "x.json");
        assertArrayEquals(new int[] {0, 0}, t.encode("aa"));
        for (String text : List.of("\ud83d", "a\ude00", "\ud83da", "\ude00\ud83d")) {
            String message = assertThrows(TensorException.class, () -> t.encode(text)).getMessage();
            assertTrue(message.contains("lone surrogate"), message);
        }
        String message = assertThrows(TensorException.class, () -> t.encode("ab")).getMessage();
        assertTrue(message.contains("'b' (U+0062)"), message);
        assertEquals("a", t.token(0));
    }
}
