package dev.ricci.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.tokenizer.ByteTokenizer;
import dev.ricci.models.tokenizer.CharTokenizer;
import dev.ricci.models.tokenizer.Llama2cTokenizer;
import dev.ricci.models.tokenizer.StreamingDecoder;
import dev.ricci.models.tokenizer.Tokenizer;
import dev.ricci.models.tokenizer.Tokenizers;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {
    private static final String TEXT = "na\u00efve \u4e16\u754c \ud83d\ude00\n";

    /** Pieces a, b, ab, abab, space and so on, on top of the control and byte pieces. */
    private static byte[] vocabulary(String... pieces) {
        List<String> all = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
        for (int b = 0; b < 256; b++) {
            all.add(String.format("<0x%02X>", b));
        }
        all.addAll(List.of(pieces));
        ByteBuffer out = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(16);
        for (int id = 0; id < all.size(); id++) {
            byte[] utf8 = all.get(id).getBytes(StandardCharsets.UTF_8);
            out.putFloat(-id).putInt(utf8.length).put(utf8);
        }
        byte[] bytes = new byte[out.flip().remaining()];
        out.get(bytes);
        return bytes;
    }

    private static Llama2cTokenizer load(Path dir, byte[] bytes) throws IOException {
        return Llama2cTokenizer.load(Files.write(dir.resolve("tok.bin"), bytes));
    }

    @Test
    void bytesAndCharactersComeBack() {
        for (Tokenizer t : List.of(new ByteTokenizer(), CharTokenizer.of(TEXT))) {
            assertEquals(TEXT, t.decode(t.encode(TEXT)));
            assertEquals(0, t.encode("").length);
            assertThrows(IndexOutOfRangeException.class, () -> t.decode(t.vocabSize()));
        }
        assertEquals(TEXT.codePoints().distinct().count(), CharTokenizer.of(TEXT).vocabSize());
        assertArrayEquals(new int[] {1, 0, 2}, CharTokenizer.of("bac").encode("bac"));
    }

    @Test
    void anUnknownCharacterIsNamed() {
        String message = assertThrows(TensorException.class, () -> CharTokenizer.of("ab").encode("ax")).getMessage();
        assertTrue(message.contains("'x' (U+0078)"), message);
        assertThrows(TensorException.class, () -> CharTokenizer.of(""));
    }

    @Test
    void streamingNeverBreaksACharacter() {
        Tokenizer bytes = new ByteTokenizer();
        StreamingDecoder decoder = new StreamingDecoder(bytes);
        StringBuilder out = new StringBuilder();
        for (int id : bytes.encode(TEXT)) {
            String piece = decoder.next(id);
            assertTrue(piece.isEmpty() || Character.isValidCodePoint(piece.codePointAt(0))
                    && piece.codePointCount(0, piece.length()) == 1 && !piece.contains("\ufffd"), piece);
            out.append(piece);
        }
        assertEquals(TEXT, out.append(decoder.end()).toString());
        StreamingDecoder cut = new StreamingDecoder(bytes);
        assertEquals("", cut.next(0xE4));
        assertEquals("\ufffd", cut.end());
    }

    @Test
    void joinsTheBestScoredPairFirst(@TempDir Path dir) throws IOException {
        Llama2cTokenizer t = load(dir, vocabulary(" ", "a", "b", "ab", "ba", "abab", " ab"));
        // Ids from 259 on; the earlier scores better: "ab" (262) goes before "ba" and " ab", then "abab" (264).
        assertArrayEquals(new int[] {259, 264, 262}, t.encode("ababab"));
    }

    @Test
    void aFastMergeEqualsTheObviousOne(@TempDir Path dir) throws IOException {
        Llama2cTokenizer t = load(dir, vocabulary(" ", "a", "b", "c", "ab", "bc", "ca", "abc", "aa", "aab", "bcab"));
        Random random = new Random(1);
        for (int i = 0; i < 500; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(30); n >= 0; n--) {
                text.append("abc \u00e9".charAt(random.nextInt(5)));
            }
            assertArrayEquals(obvious(t, text.toString()), t.encode(text.toString()), text.toString());
            assertEquals(text.toString(), t.decode(t.encode(text.toString())));
        }
    }

    /** llama2.c's own loop: look at every pair, join the best, start over. */
    private static int[] obvious(Llama2cTokenizer t, String text) {
        List<String> pieces = new ArrayList<>();
        for (int id = 0; id < t.vocabSize(); id++) {
            pieces.add(id < 259 ? "#" : new String(t.piece(id), StandardCharsets.UTF_8));
        }
        List<Integer> ids = new ArrayList<>();
        (" " + text).codePoints().forEach(c -> {
            int id = pieces.indexOf(Character.toString(c));
            if (id >= 0) {
                ids.add(id);
            } else {
                for (byte b : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
                    ids.add(3 + (b & 0xFF));
                }
            }
        });
        while (true) {
            int at = -1;
            int best = Integer.MAX_VALUE;
            for (int i = 0; i + 1 < ids.size(); i++) {
                int joined = ids.get(i) < 259 || ids.get(i + 1) < 259 ? -1
                        : pieces.indexOf(pieces.get(ids.get(i)) + pieces.get(ids.get(i + 1)));
                if (joined >= 0 && joined < best) {
                    best = joined;
                    at = i;
                }
            }
            if (at < 0) {
                return ids.stream().mapToInt(Integer::intValue).toArray();
            }
            ids.set(at, best);
            ids.remove(at + 1);
        }
    }

    @Test
    void aModelsFileCanKeepIt(@TempDir Path dir) throws IOException {
        Llama2cTokenizer original = load(dir, vocabulary(" ", "a", "b", "ab", "\u00e9"));
        Map<String, Object> kept = Tokenizers.toMap(original);
        Tokenizer back = Tokenizers.fromMap(Json.parseObject(Json.write(kept), "kept"));
        assertEquals(original.vocabSize(), back.vocabSize());
        for (String text : List.of("", "abba", "b\u00e9\u4e16 a")) {
            assertArrayEquals(original.encode(text), back.encode(text), text);
        }
        assertEquals(kept, Tokenizers.toMap(back));
        kept.put("file", "*");
        assertThrows(TensorException.class, () -> Tokenizers.fromMap(kept));
        kept.put("file", "AAAA");
        assertThrows(FormatException.class, () -> Tokenizers.fromMap(kept));
    }

    @Test
    void refusesFilesThatAreNoVocabulary(@TempDir Path dir) throws IOException {
        byte[] good = vocabulary("a");
        load(dir, good);
        for (int cut : new int[] {0, 3, 4, 100, good.length - 1}) {
            assertThrows(FormatException.class, () -> load(dir, Arrays.copyOf(good, cut)), "cut at " + cut);
        }
        Random random = new Random(2);
        for (int i = 0; i < 2000; i++) {
            byte[] bad = good.clone();
            for (int n = random.nextInt(4); n >= 0; n--) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt();
            }
            try {
                load(dir, bad);
            } catch (FormatException e) {
                assertTrue(e.getMessage().contains("tok.bin"), e.getMessage());
            }
        }
    }
}
