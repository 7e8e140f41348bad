package dev.ricci.models.tokenizer;

import dev.ricci.tensor.TensorException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Learns a byte-level BPE vocabulary from text (Sennrich et al. 2016, on bytes as in GPT-2): the special tokens, the 256
 * bytes, and then the most frequent pair of neighbours inside words, again and again. Of equally frequent pairs the one
 * with the smaller left id goes first, then the one with the smaller right id, so that the same text gives the same
 * vocabulary everywhere.
 *
 * @param vocabSize how many ids to have in all; fewer if the text has no pair that is frequent enough
 * @param minFrequency how often a pair must occur to become a token
 * @param words how texts are cut into words
 * @param specialTokens tokens with a meaning, whose ids come first
 */
public record BpeTrainer(int vocabSize, int minFrequency, WordPattern words, List<String> specialTokens) {
    /**
     * Checks the sizes.
     *
     * @throws TensorException if there is no room for the bytes and the special tokens, or one of these is empty or given
     *     twice
     */
    public BpeTrainer {
        specialTokens = List.copyOf(specialTokens);
        int least = 256 + specialTokens.size();
        if (vocabSize < least || minFrequency < 1) {
            throw new TensorException("BpeTrainer: a vocabulary of " + vocabSize + " with pairs that occur " + minFrequency
                    + " times; the bytes and the special tokens need " + least + " ids, and a pair must occur once");
        }
        if (specialTokens.stream().distinct().count() != specialTokens.size() || specialTokens.contains("")
                || specialTokens.stream().anyMatch(t -> t.length() == 1 && ByteAlphabet.toByte(t.charAt(0)) >= 0)) {
            throw new TensorException("BpeTrainer: special tokens must be different, not empty, and no single byte; they are "
                    + specialTokens);
        }
    }

    /** A trainer of GPT-2's words, for pairs that occur at least twice, with the special token {@code <|endoftext|>}. */
    public static BpeTrainer of(int vocabSize) {
        return new BpeTrainer(vocabSize, 2, WordPattern.GPT2, List.of("<|endoftext|>"));
    }

    /**
     * Learns from texts. {@link TokenizerJson#save} writes the result to a file that Hugging Face's tokenizers read too.
     *
     * @throws TensorException if a text has a lone surrogate
     */
    public PipelineTokenizer train(Iterable<String> texts) {
        Map<String, Integer> counts = new HashMap<>();
        for (String text : texts) {
            Utf8.check(text);
            char[] chars = text.toCharArray();
            for (int at = 0; at < chars.length;) {
                int end = words.next(chars, at, chars.length);
                counts.merge(new String(chars, at, end - at), 1, (a, b) -> (int) Math.min((long) a + b, Integer.MAX_VALUE));
                at = end;
            }
        }
        List<String> tokens = new ArrayList<>(specialTokens);
        int[] byteIds = new int[256];
        for (char c = 0; c < 0x144; c++) {
            if (ByteAlphabet.toByte(c) >= 0) {
                byteIds[ByteAlphabet.toByte(c)] = tokens.size();
                tokens.add(String.valueOf(c));
            }
        }
        MergeSearch search = new MergeSearch(counts, byteIds);
        List<List<String>> merges = new ArrayList<>();
        Map<String, Integer> ids = new LinkedHashMap<>();
        tokens.forEach(token -> ids.put(token, ids.size()));
        while (ids.size() < vocabSize && search.next(minFrequency)) {
            String left = tokens.get(search.left());
            String right = tokens.get(search.right());
            // Two pairs may make the same token; it has one id then.
            Integer known = ids.putIfAbsent(left + right, tokens.size());
            if (known == null) {
                tokens.add(left + right);
            }
            merges.add(List.of(left, right));
            search.join(known == null ? tokens.size() - 1 : known);
        }
        return TokenizerJson.defined(definition(ids, merges), "BpeTrainer");
    }

    /** As {@link #train(Iterable)}, from one text. */
    public PipelineTokenizer train(String text) {
        return train(List.of(text));
    }

    private Map<String, Object> definition(Map<String, Integer> ids, List<List<String>> merges) {
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("type", "BPE");
        model.put("dropout", null);
        model.put("unk_token", null);
        model.put("continuing_subword_prefix", null);
        model.put("end_of_word_suffix", null);
        model.put("fuse_unk", false);
        model.put("byte_fallback", false);
        model.put("ignore_merges", false);
        model.put("vocab", ids);
        model.put("merges", merges);
        Map<String, Object> split = new LinkedHashMap<>();
        split.put("type", "Split");
        split.put("pattern", Map.of("Regex", words.regex()));
        split.put("behavior", "Isolated");
        split.put("invert", false);
        Map<String, Object> sequence = new LinkedHashMap<>();
        sequence.put("type", "Sequence");
        sequence.put("pretokenizers", List.of(split, byteLevel(false)));
        List<Object> added = new ArrayList<>();
        for (String token : specialTokens) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("id", ids.get(token));
            entry.put("content", token);
            entry.put("single_word", false);
            entry.put("lstrip", false);
            entry.put("rstrip", false);
            entry.put("normalized", false);
            entry.put("special", true);
            added.add(entry);
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("version", "1.0");
        json.put("truncation", null);
        json.put("padding", null);
        json.put("added_tokens", added);
        json.put("normalizer", null);
        json.put("pre_tokenizer", words == WordPattern.GPT2 ? byteLevel(true) : sequence);
        json.put("post_processor", null);
        json.put("decoder", byteLevel(true));
        json.put("model", model);
        return json;
    }

    private static Map<String, Object> byteLevel(boolean regex) {
        Map<String, Object> part = new LinkedHashMap<>();
        part.put("type", "ByteLevel");
        part.put("add_prefix_space", false);
        part.put("trim_offsets", true);
        part.put("use_regex", regex);
        return part;
    }
}
