package dev.ricci.bench;

import dev.ricci.models.tokenizer.WordPattern;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** OpenAI's vocabularies, whose ranks the peer jtokkit carries, written as a tokenizer.json for everybody else. */
enum TiktokenVocabulary {
    /** 50,256 tokens. */
    GPT2("r50k_base", WordPattern.GPT2),
    /** 100,256 tokens. */
    GPT4("cl100k_base", WordPattern.LLAMA3);

    private final String encoding;
    private final WordPattern words;

    TiktokenVocabulary(String encoding, WordPattern words) {
        this.encoding = encoding;
        this.words = words;
    }

    private String resource() {
        return "/com/knuddels/jtokkit/" + encoding + ".tiktoken";
    }

    boolean isThere() {
        return TiktokenVocabulary.class.getResource(resource()) != null;
    }

    /** The name in jtokkit. */
    String encoding() {
        return encoding;
    }

    String title() {
        return "BPE of " + name().replace("T", "T-");
    }

    /** The content of a tokenizer.json: a token is the merge of those two that the merges of lower rank make of it. */
    Map<String, Object> json() throws IOException {
        Map<String, Integer> vocab = new LinkedHashMap<>();
        List<List<String>> merges = new ArrayList<>();
        try (InputStream in = TiktokenVocabulary.class.getResourceAsStream(resource())) {
            for (String line : new String(in.readAllBytes(), StandardCharsets.US_ASCII).split("\n")) {
                byte[] bytes = Base64.getDecoder().decode(line.substring(0, line.indexOf(' ')));
                StringBuilder token = new StringBuilder();
                for (byte b : bytes) {
                    token.append(letter(b & 0xFF));
                }
                int rank = Integer.parseInt(line.substring(line.indexOf(' ') + 1).strip());
                if (bytes.length > 1) {
                    merges.add(parts(token.toString(), vocab));
                }
                vocab.put(token.toString(), rank);
            }
        }
        Map<String, Object> byteLevel = Map.of("type", "ByteLevel", "add_prefix_space", false, "trim_offsets", true,
                "use_regex", false);
        Map<String, Object> split = Map.of("type", "Split", "pattern", Map.of("Regex", words.regex()), "behavior",
                "Isolated", "invert", false);
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("version", "1.0");
        json.put("added_tokens", List.of());
        json.put("pre_tokenizer", Map.of("type", "Sequence", "pretokenizers", List.of(split, byteLevel)));
        json.put("decoder", byteLevel);
        json.put("model", Map.of("type", "BPE", "vocab", vocab, "merges", merges));
        return json;
    }

    /** Printable bytes stand for themselves, the others for the characters from U+0100 on (Radford et al. 2019). */
    private static char letter(int b) {
        int others = 0;
        for (int i = 0; i <= b; i++) {
            boolean printable = i > ' ' && i < 0x7F || i > 0xA0 && i != 0xAD;
            if (i == b && printable) {
                return (char) b;
            }
            others += printable ? 0 : 1;
        }
        return (char) (0xFF + others);
    }

    private static List<String> parts(String token, Map<String, Integer> lower) {
        List<String> parts = new ArrayList<>(token.chars().mapToObj(Character::toString).toList());
        while (parts.size() > 2) {
            int best = 0;
            for (int i = 0; i + 1 < parts.size(); i++) {
                best = rank(parts, i, lower) < rank(parts, best, lower) ? i : best;
            }
            parts.set(best, parts.get(best) + parts.remove(best + 1));
        }
        return List.copyOf(parts);
    }

    private static int rank(List<String> parts, int i, Map<String, Integer> lower) {
        return lower.getOrDefault(parts.get(i) + parts.get(i + 1), Integer.MAX_VALUE);
    }
}
