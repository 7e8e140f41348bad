package dev.ricci.models.tokenizer;

import dev.ricci.tensor.io.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Vocabularies of real models, made into tokenizer.json from what the tests' dependencies carry. */
final class TestVocabularies {
    private TestVocabularies() {
    }

    /** A byte-level vocabulary: its tokens by rank, and its merges, which the ranks imply. */
    record Ranked(List<String> tokens, List<List<String>> merges) {
    }

    /** Ranks as tiktoken writes them: a token in base 64 and its rank, a line each. */
    static Ranked ranked(String name) {
        Map<String, Integer> ranks = new LinkedHashMap<>();
        try (InputStream in = TestVocabularies.class.getResourceAsStream("/com/knuddels/jtokkit/" + name + ".tiktoken")) {
            for (String line : new String(in.readAllBytes(), StandardCharsets.US_ASCII).split("\n")) {
                int space = line.indexOf(' ');
                ranks.put(ByteAlphabet.toText(Base64.getDecoder().decode(line.substring(0, space))),
                        Integer.parseInt(line.substring(space + 1).strip()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<String> tokens = new ArrayList<>(ranks.keySet());
        tokens.sort(Comparator.comparing(ranks::get));
        List<List<String>> merges = new ArrayList<>();
        for (String token : tokens) {
            if (token.length() > 1) {
                merges.add(lastMerge(token, ranks));
            }
        }
        return new Ranked(tokens, merges);
    }

    /** The two tokens that earlier merges make of a token. */
    private static List<String> lastMerge(String token, Map<String, Integer> ranks) {
        List<String> parts = new ArrayList<>(token.chars().mapToObj(c -> String.valueOf((char) c)).toList());
        while (parts.size() > 2) {
            int best = -1;
            int bestRank = ranks.get(token);
            for (int i = 0; i + 1 < parts.size(); i++) {
                int rank = ranks.getOrDefault(parts.get(i) + parts.get(i + 1), Integer.MAX_VALUE);
                if (rank < bestRank) {
                    best = i;
                    bestRank = rank;
                }
            }
            parts.set(best, parts.get(best) + parts.remove(best + 1));
        }
        return List.copyOf(parts);
    }

    /** The tokenizer.json of GPT-2. */
    static Map<String, Object> gpt2() {
        Ranked r = ranked("r50k_base");
        Map<String, Object> json = json(null, byteLevel(true), bpe(r), byteLevel(true));
        json.put("added_tokens", List.of(added(50256, "<|endoftext|>", Map.of())));
        return json;
    }

    /** The vocabulary of GPT-4 with the parts of Llama 3 or Qwen 2. */
    static Map<String, Object> cl100k(WordPattern pattern, boolean nfc, boolean ignoreMerges) {
        Map<String, Object> model = bpe(ranked("cl100k_base"));
        model.put("ignore_merges", ignoreMerges);
        Map<String, Object> split = Map.of("type", "Split", "pattern", Map.of("Regex", pattern.regex()), "behavior",
                "Isolated", "invert", false);
        Map<String, Object> json = json(nfc ? Map.of("type", "NFC") : null,
                Map.of("type", "Sequence", "pretokenizers", List.of(split, byteLevel(false))), model,
                byteLevel(true));
        json.put("added_tokens", List.of(added(100256, "<|endoftext|>", Map.of()), added(100257, "<|im_start|>", Map.of()),
                added(100258, "<|im_end|>", Map.of())));
        json.put("post_processor", template("<|endoftext|>", 100256));
        return json;
    }

    /** The section ByteLevel, of all kinds of parts. */
    static Map<String, Object> byteLevel(boolean regex) {
        return Map.of("type", "ByteLevel", "add_prefix_space", false, "trim_offsets", true, "use_regex", regex);
    }

    private static Map<String, Object> template(String bos, int id) {
        return Map.of("type", "Sequence", "processors", List.of(
                byteLevel(true),
                Map.of("type", "TemplateProcessing",
                        "single", List.of(Map.of("SpecialToken", Map.of("id", bos, "type_id", 0)),
                                Map.of("Sequence", Map.of("id", "A", "type_id", 0))),
                        "pair", List.of(Map.of("Sequence", Map.of("id", "A", "type_id", 0)),
                                Map.of("Sequence", Map.of("id", "B", "type_id", 1))),
                        "special_tokens", Map.of(bos, Map.of("id", bos, "ids", List.of(id), "tokens", List.of(bos))))));
    }

    private static Map<String, Object> bpe(Ranked r) {
        Map<String, Object> vocab = new LinkedHashMap<>();
        for (int id = 0; id < r.tokens.size(); id++) {
            vocab.put(r.tokens.get(id), id);
        }
        return bpe(vocab, r.merges);
    }

    /** A model of type BPE. */
    static Map<String, Object> bpe(Map<String, Object> vocab, List<List<String>> merges) {
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("type", "BPE");
        model.put("dropout", null);
        model.put("unk_token", null);
        model.put("continuing_subword_prefix", null);
        model.put("end_of_word_suffix", null);
        model.put("fuse_unk", false);
        model.put("byte_fallback", false);
        model.put("vocab", vocab);
        model.put("merges", merges);
        return model;
    }

    /** A tokenizer.json of these sections, without added tokens and post-processor. */
    static Map<String, Object> json(Object normalizer, Object preTokenizer, Object model, Object decoder) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("version", "1.0");
        json.put("truncation", null);
        json.put("padding", null);
        json.put("added_tokens", List.of());
        json.put("normalizer", normalizer);
        json.put("pre_tokenizer", preTokenizer);
        json.put("post_processor", null);
        json.put("decoder", decoder);
        json.put("model", model);
        return json;
    }

    /** An added token, special unless the flags say otherwise. */
    static Map<String, Object> added(int id, String content, Map<String, Boolean> flags) {
        Map<String, Object> token = new LinkedHashMap<>(Map.of("id", id, "content", content, "single_word", false,
                "lstrip", false, "rstrip", false, "normalized", false, "special", true));
        token.putAll(flags);
        return token;
    }

    /** The tokenizer.json of all-MiniLM-L6-v2, without the truncation and padding that would hide most of a text. */
    static Map<String, Object> miniLm() {
        try (InputStream in = TestVocabularies.class.getResourceAsStream("/all-minilm-l6-v2-tokenizer.json")) {
            Map<String, Object> json = new LinkedHashMap<>(
                    Json.parseObject(new String(in.readAllBytes(), StandardCharsets.UTF_8), "all-minilm-l6-v2"));
            json.put("truncation", null);
            json.put("padding", null);
            return json;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The pieces and scores of a vocabulary of llama2.c. */
    record Pieces(List<String> tokens, List<Double> scores) {
        static Pieces read(Path file) throws IOException {
            ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            in.getInt();
            Pieces pieces = new Pieces(new ArrayList<>(), new ArrayList<>());
            while (in.hasRemaining()) {
                pieces.scores.add((double) in.getFloat());
                byte[] utf8 = new byte[in.getInt()];
                in.get(utf8);
                String piece = new String(utf8, StandardCharsets.UTF_8).replace(' ', '\u2581');
                // llama2.c writes the control pieces with line feeds around them.
                pieces.tokens.add(pieces.tokens.size() < 3 ? List.of("<unk>", "<s>", "</s>").get(pieces.tokens.size())
                        : piece);
            }
            return pieces;
        }

        /** The vocabulary as JSON has it. */
        Map<String, Object> vocab() {
            Map<String, Object> vocab = new LinkedHashMap<>();
            for (int id = 0; id < tokens.size(); id++) {
                vocab.put(tokens.get(id), id);
            }
            return vocab;
        }

        /** Every way to make a token of two others, the best score first. */
        List<List<String>> merges() {
            Map<String, Double> score = new HashMap<>();
            for (int id = 0; id < tokens.size(); id++) {
                score.put(tokens.get(id), scores.get(id));
            }
            List<List<String>> merges = new ArrayList<>();
            for (String token : tokens) {
                for (int i = 1; i < token.length(); i++) {
                    if (score.containsKey(token.substring(0, i)) && score.containsKey(token.substring(i))) {
                        merges.add(List.of(token.substring(0, i), token.substring(i)));
                    }
                }
            }
            merges.sort(Comparator.comparing(m -> -score.get(m.get(0) + m.get(1))));
            return merges;
        }
    }

    /** SentencePiece's byte-pair encoding as Llama 2 has it. */
    static Map<String, Object> sentencePieceBpe(Pieces pieces) {
        Map<String, Object> model = bpe(pieces.vocab(), pieces.merges());
        model.put("unk_token", "<unk>");
        model.put("fuse_unk", true);
        model.put("byte_fallback", true);
        Map<String, Object> normalizer = Map.of("type", "Sequence", "normalizers", List.of(
                Map.of("type", "Prepend", "prepend", "\u2581"),
                Map.of("type", "Replace", "pattern", Map.of("String", " "), "content", "\u2581")));
        Map<String, Object> decoder = Map.of("type", "Sequence", "decoders", List.of(
                Map.of("type", "Replace", "pattern", Map.of("String", "\u2581"), "content", " "),
                Map.of("type", "ByteFallback"), Map.of("type", "Fuse"),
                Map.of("type", "Strip", "content", " ", "start", 1, "stop", 0)));
        Map<String, Object> json = json(normalizer, null, model, decoder);
        json.put("added_tokens", List.of(added(0, "<unk>", Map.of()), added(1, "<s>", Map.of()),
                added(2, "</s>", Map.of())));
        return json;
    }
}
