package dev.ricci.models.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BpeTrainerTest {
    private static String randomText(long seed, int words) {
        Random random = new Random(seed);
        StringBuilder s = new StringBuilder();
        for (int w = 0; w < words; w++) {
            for (int n = random.nextInt(6); n >= 0; n--) {
                s.append("abcd\u00e9".charAt((int) Math.min(4, Math.abs(random.nextGaussian()) * 2)));
            }
            s.append(random.nextInt(4) == 0 ? "\n" : " ");
        }
        return s.toString();
    }

    @Test
    void learnsTheMostFrequentPairFirst() {
        PipelineTokenizer t = new BpeTrainer(259, 2, WordPattern.GPT2, List.of()).train("abab abab ab cd cd cd cd x");
        // "ab" occurs five times, " c" and "cd" four times; of these the smaller left id is that of 'c'.
        assertEquals(List.of("ab", "cd", "\u0120cd"), List.of(t.token(256), t.token(257), t.token(258)));
    }

    @Test
    void equalsTheObviousTrainer() {
        for (long seed = 0; seed < 10; seed++) {
            String text = randomText(seed, 300);
            PipelineTokenizer t = new BpeTrainer(330, 2, WordPattern.GPT2, List.of("<s>")).train(text);
            assertEquals(obvious(text, 330), merges(t), "seed " + seed);
        }
    }

    private static List<?> merges(PipelineTokenizer t) {
        return (List<?>) ((Map<?, ?>) t.definition().orElseThrow().get("model")).get("merges");
    }

    /** Counts all pairs of all words anew for each merge. */
    private static List<List<String>> obvious(String text, int size) {
        PipelineTokenizer bytes = new BpeTrainer(257, 1, WordPattern.GPT2, List.of("<s>")).train("");
        List<List<Integer>> words = new ArrayList<>();
        char[] chars = text.toCharArray();
        for (int at = 0; at < chars.length;) {
            int end = WordPattern.GPT2.next(chars, at, chars.length);
            words.add(new ArrayList<>());
            for (int id : bytes.encode(text.substring(at, end))) {
                words.getLast().add(id);
            }
            at = end;
        }
        List<String> tokens = new ArrayList<>();
        for (int id = 0; id < 257; id++) {
            tokens.add(bytes.token(id));
        }
        List<List<String>> merges = new ArrayList<>();
        while (tokens.size() < size) {
            Map<List<Integer>, Integer> counts = new HashMap<>();
            for (List<Integer> w : words) {
                for (int i = 0; i + 1 < w.size(); i++) {
                    counts.merge(List.of(w.get(i), w.get(i + 1)), 1, Integer::sum);
                }
            }
            List<Integer> best = counts.keySet().stream().filter(p -> counts.get(p) >= 2)
                    .min(Comparator.<List<Integer>>comparingInt(p -> -counts.get(p)).thenComparingInt(List::getFirst)
                            .thenComparingInt(List::getLast)).orElse(null);
            if (best == null) {
                break;
            }
            String left = tokens.get(best.getFirst());
            String right = tokens.get(best.getLast());
            merges.add(List.of(left, right));
            if (!tokens.contains(left + right)) {
                tokens.add(left + right);
            }
            int id = tokens.indexOf(left + right);
            for (List<Integer> w : words) {
                for (int i = 0; i + 1 < w.size(); i++) {
                    if (w.get(i).equals(best.getFirst()) && w.get(i + 1).equals(best.getLast())) {
                        w.set(i, id);
                        w.remove(i + 1);
                    }
                }
            }
        }
        return merges;
    }

    @Test
    void isReadBackAndEqualsHf(@TempDir Path dir) throws IOException {
        for (WordPattern pattern : WordPattern.values()) {
            PipelineTokenizer trained = new BpeTrainer(500, 2, pattern, List.of("<|endoftext|>", "<|im_end|>"))
                    .train(List.of(randomText(5, 2000), "The cat's 1234 mats, they'll see.\n\n".repeat(5)));
            Path file = dir.resolve(TokenizerJson.FILE);
            TokenizerJson.save(file, trained);
            PipelineTokenizer read = TokenizerJson.load(dir);
            String[] texts = UnicodeTexts.of(300, 8);
            for (String text : texts) {
                assertArrayEquals(trained.encode(text), read.encode(text));
                assertEquals(text.replace("<|endoftext|>", "").replace("<|im_end|>", ""), read.decode(read.encode(text)));
            }
            assertThrows(TensorException.class, () -> TokenizerJson.save(file, read));
            Tokenizer kept = Tokenizers.fromMap(Json.parseObject(Json.write(Tokenizers.toMap(trained)), "map"));
            assertArrayEquals(trained.encode(texts[0]), kept.encode(texts[0]));
            HfOracle.assertEqual(Json.read(file), read, texts);
        }
    }

    @Test
    void theConfigurationBesideSaysWhatEndsASequence(@TempDir Path dir) throws IOException {
        TokenizerJson.save(dir.resolve(TokenizerJson.FILE), BpeTrainer.of(300).train("a text, a text"));
        assertTrue(TokenizerJson.load(dir).eos().isEmpty());
        Path config = dir.resolve("tokenizer_config.json");
        Files.writeString(config, "{\"bos_token\":null,\"eos_token\":{\"content\":\"<|endoftext|>\"}}");
        assertEquals(0, TokenizerJson.load(dir).eos().getAsInt());
        Files.writeString(config, "{\"eos_token\":\"<none>\"}");
        assertThrows(TensorException.class, () -> TokenizerJson.load(dir));
    }

    @Test
    void refusesSizesThatCannotBe() {
        assertThrows(TensorException.class, () -> BpeTrainer.of(256));
        assertThrows(TensorException.class, () -> new BpeTrainer(300, 0, WordPattern.GPT2, List.of()));
        assertThrows(TensorException.class, () -> new BpeTrainer(300, 1, WordPattern.GPT2, List.of("a", "a")));
        assertThrows(TensorException.class, () -> BpeTrainer.of(300).train("\ud800"));
        assertEquals(257, BpeTrainer.of(5000).train("").vocabSize());
    }
}
