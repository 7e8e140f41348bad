package dev.ricci.models.tokenizer;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.weights.Mutations;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Files from strangers: whatever their bytes, they are read or refused, and what is read encodes or refuses texts. */
class TokenizerFuzzProperties {
    private static final String[] SPLICES = {"null", "-1", "1e9", "99999999999", "\"\"", "[]", "{}", "true", "\"\\u2581\"",
        "\"<0x41>\"", "0", "\"type\"", "\"Sequence\"", "\"BPE\"", "\"Unigram\"", "\"WordPiece\"", "\"Metaspace\"",
        "\"Replace\"", "\"normalized\":true", "\"lstrip\":true", "[\"a\",\"b\"]"};
    private static final String[] TEXTS = {"ab abab <s> x\u2581  \ud83d\ude00", "", "the 1234 'LL\n\n"};
    private static final List<String> FILES = List.of(bpe(), unigram(), wordPiece());

    private static final byte[] LLAMA2C = llama2c();

    /** Control pieces, bytes and two letters with a pair of them. */
    private static byte[] llama2c() {
        ByteBuffer out = ByteBuffer.allocate(8192).order(ByteOrder.LITTLE_ENDIAN).putInt(6);
        for (int id = 0; id < 262; id++) {
            String piece = id < 3 ? "<" + id + ">" : id < 259 ? "<0x%02X>".formatted(id - 3) : List.of("a", "b", "ab").get(id - 259);
            out.putFloat(-id).putInt(piece.length()).put(piece.getBytes(StandardCharsets.US_ASCII));
        }
        return Arrays.copyOf(out.array(), out.position());
    }

    private static String bpe() {
        Map<String, Object> json = TestVocabularies.json(Map.of("type", "Sequence", "normalizers", List.of(
                Map.of("type", "NFKC"), Map.of("type", "Replace", "pattern", Map.of("String", "x"), "content", "y"))),
                Map.of("type", "Sequence", "pretokenizers", List.of(Map.of("type", "Split", "pattern",
                        Map.of("Regex", WordPattern.QWEN2.regex()), "behavior", "Isolated", "invert", false),
                        TestVocabularies.byteLevel(false))),
                TestVocabularies.bpe(new LinkedHashMap<>(Map.of("a", 0, "b", 1, "ab", 2, "abab", 3)),
                        List.of(List.of("a", "b"), List.of("ab", "ab"))), TestVocabularies.byteLevel(true));
        json.put("added_tokens", List.of(TestVocabularies.added(4, "<s>", Map.of("rstrip", true))));
        json.put("post_processor", Map.of("type", "BertProcessing", "cls", List.of("<s>", 4), "sep", List.of("a", 0)));
        return Json.write(json);
    }

    private static String unigram() {
        return Json.write(TestVocabularies.json(null, Map.of("type", "Metaspace", "replacement", "\u2581",
                "prepend_scheme", "first", "split", true), Map.of("type", "Unigram", "unk_id", 0, "byte_fallback", true,
                "vocab", List.of(List.of("<unk>", 0.0), List.of("a", -1.5), List.of("ab", -2.0), List.of("<0x41>", -3))),
                Map.of("type", "Sequence", "decoders", List.of(Map.of("type", "ByteFallback"), Map.of("type", "Fuse"),
                        Map.of("type", "Strip", "content", " ", "start", 1, "stop", 1)))));
    }

    private static String wordPiece() {
        return Json.write(TestVocabularies.json(Map.of("type", "BertNormalizer", "lowercase", true),
                Map.of("type", "BertPreTokenizer"), Map.of("type", "WordPiece", "unk_token", "[UNK]",
                "continuing_subword_prefix", "##", "max_input_chars_per_word", 10, "vocab",
                new LinkedHashMap<>(Map.of("[UNK]", 0, "a", 1, "##b", 2, "<", 3))),
                Map.of("type", "WordPiece", "prefix", "##", "cleanup", true)));
    }

    @Property(tries = 4000)
    void tokenizerJson(@ForAll(supplier = Mutations.Seeds.class) long seed) {
        Random random = new Random(seed);
        for (int round = Mutations.rounds(4000); round > 0; round--) {
            String text = mutated(FILES.get(random.nextInt(FILES.size())), random);
            try {
                use(TokenizerJson.of(Json.parseObject(text, "fuzz"), "fuzz"));
            } catch (TensorException refused) {
                assertTrue(refused.getMessage() != null && !refused.getMessage().isBlank());
            }
        }
    }

    private static void use(PipelineTokenizer t) {
        for (String text : TEXTS) {
            try {
                t.decode(t.encodePrompt(text));
            } catch (TensorException cannotBeExpressed) {
                assertTrue(cannotBeExpressed.getMessage().startsWith("encode:"), cannotBeExpressed.getMessage());
            }
        }
        for (int id = 0; id < Math.min(t.vocabSize(), 50); id++) {
            t.piece(id);
            t.token(id);
        }
    }

    /** A few values, keys or characters exchanged, doubled or cut. */
    private static String mutated(String json, Random random) {
        StringBuilder s = new StringBuilder(json);
        for (int n = random.nextInt(3); n >= 0 && s.length() > 4; n--) {
            int at = random.nextInt(s.length());
            switch (random.nextInt(5)) {
                case 0 -> s.setCharAt(at, json.charAt(random.nextInt(json.length())));
                case 1 -> s.deleteCharAt(at);
                case 2 -> s.insert(at, json, 0, Math.min(json.length(), random.nextInt(40)));
                default -> {
                    // A whole value, so that most files stay JSON.
                    int colon = s.indexOf(":", at);
                    int end = colon < 0 ? -1 : valueEnd(s, colon + 1);
                    if (end > 0) {
                        s.replace(colon + 1, end, SPLICES[random.nextInt(SPLICES.length)]);
                    }
                }
            }
        }
        return s.toString();
    }

    private static int valueEnd(CharSequence s, int from) {
        int depth = 0;
        for (int i = from; i < s.length(); i++) {
            char c = s.charAt(i);
            depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
            if (depth < 0 || depth == 0 && c == ',') {
                return i;
            }
        }
        return -1;
    }

    @Property(tries = 200)
    void gpt2Files(@ForAll(supplier = Mutations.Seeds.class) long seed) throws IOException {
        Random random = new Random(seed);
        for (int round = Mutations.rounds(200); round > 0; round--) {
            gpt2(random);
        }
    }

    private static void gpt2(Random random) throws IOException {
        byte[] vocab = "{\"a\":0,\"b\":1,\"ab\":2,\"\u0120\":3,\"\u0120a\":4}".getBytes(StandardCharsets.UTF_8);
        byte[] merges = "#version: 0.2\na b\n\u0120 a\n".getBytes(StandardCharsets.UTF_8);
        byte[] changed = random.nextBoolean() ? vocab : merges;
        for (int n = random.nextInt(3); n >= 0; n--) {
            changed[random.nextInt(changed.length)] = (byte) random.nextInt();
        }
        Path v = Files.createTempFile("vocab", ".json");
        Path m = Files.createTempFile("merges", ".txt");
        try {
            use(Gpt2Files.load(Files.write(v, vocab), Files.write(m, merges)));
        } catch (TensorException refused) {
            assertTrue(refused.getMessage() != null);
        } finally {
            Files.delete(v);
            Files.delete(m);
        }
    }

    @Property(tries = 300)
    void embeddedVocabularies(@ForAll(supplier = Mutations.Seeds.class) long seed) {
        Random random = new Random(seed);
        for (int round = Mutations.rounds(300); round > 0; round--) {
            embedded(random);
        }
    }

    private static void embedded(Random random) {
        List<String> tokens = List.of("<unk>", "a", "b", "ab", "", "\u2581", "\u2581a", "a");
        List<Integer> types = random.ints(random.nextInt(4) == 0 ? 3 : tokens.size(), 0, 8).boxed().toList();
        List<Float> scores = random.doubles(tokens.size()).mapToObj(d -> d < 0.05 ? Float.NaN : (float) -d).toList();
        EmbeddedVocabulary v = new EmbeddedVocabulary(random.nextBoolean() ? "gpt2" : "llama", tokens, scores, types,
                random.nextBoolean() ? List.of("a b") : List.of("a  b", "x y"), random.nextBoolean() ? "qwen2" : "other",
                new EmbeddedVocabulary.Control(OptionalInt.of(random.nextInt(20) - 2), OptionalInt.empty(), true, true,
                        random.nextBoolean()));
        try {
            use(v.tokenizer("fuzz"));
        } catch (TensorException refused) {
            assertTrue(refused.getMessage() != null);
        }
    }

    @Property(tries = 200)
    void llama2c(@ForAll(supplier = Mutations.Seeds.class) long seed) {
        Mutations.readsOrRefuses(LLAMA2C, seed, Mutations.rounds(200), 200, bytes -> {
            Tokenizer t = Llama2cTokenizer.read(bytes, "changed");
            for (String text : TEXTS) {
                t.decode(t.encode(text));
            }
        });
    }

    /** Forty doublings would make a terabyte of one character. */
    @Example
    void replacementsThatMultiplyAreRefused() {
        Map<String, Object> twice = Map.of("type", "Replace", "pattern", Map.of("String", "a"), "content", "aa");
        List<Object> forty = Collections.nCopies(40, twice);
        Object model = TestVocabularies.bpe(Map.of("a", 0), List.of());
        assertThrows(FormatException.class, () -> TokenizerJson.of(TestVocabularies.json(
                Map.of("type", "Sequence", "normalizers", forty), null, model, null), "fuzz"));
        assertThrows(FormatException.class, () -> TokenizerJson.of(TestVocabularies.json(null, null, model,
                Map.of("type", "Sequence", "decoders", forty)), "fuzz"));
    }

    /** A list of a thousand ids, a thousand times. */
    @Example
    void templatesThatMultiplyAreRefused() {
        Map<String, Object> json = TestVocabularies.json(null, null, TestVocabularies.bpe(Map.of("a", 0), List.of()), null);
        json.put("post_processor", Map.of("type", "TemplateProcessing",
                "single", Collections.nCopies(1000, Map.of("SpecialToken", Map.of("id", "x", "type_id", 0))),
                "pair", List.of(), "special_tokens", Map.of("x", Map.of("id", "x", "ids",
                        Collections.nCopies(1000, 0), "tokens", List.of()))));
        assertThrows(FormatException.class, () -> TokenizerJson.of(json, "fuzz"));
    }

    /** An id far beyond the number of tokens would cost memory that the file does not pay for. */
    @Example
    void hugeIdsAreRefusedBeforeAnythingIsAllocated() {
        String json = bpe().replace("\"abab\":3", "\"abab\":2000000000");
        try {
            TokenizerJson.of(Json.parseObject(json, "fuzz"), "fuzz");
            throw new AssertionError("accepted");
        } catch (TensorException refused) {
            assertTrue(refused.getMessage().contains("2000000000"), refused.getMessage());
        }
    }
}
