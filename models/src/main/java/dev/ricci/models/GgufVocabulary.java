package dev.ricci.models;

import dev.ricci.models.tokenizer.EmbeddedVocabulary;
import dev.ricci.models.tokenizer.PipelineTokenizer;
import dev.ricci.models.weights.gguf.GgufMetadata;
import dev.ricci.models.weights.gguf.GgufValue;
import dev.ricci.tensor.FormatException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/** The vocabulary that the metadata of a GGUF file hold. Keys and defaults are llama.cpp's. */
public final class GgufVocabulary {
    private static final String KEY = "tokenizer.ggml.";
    /** Tokens that end a turn in one model or another; files need not say so. */
    private static final Set<String> ENDS = Set.of("<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>",
            "<|endoftext|>", "<|end_of_text|>", "<EOT>");

    private final GgufMetadata metadata;
    private final String source;
    private final List<String> tokens;

    /**
     * @param source the file that they are from, for errors
     * @throws FormatException if there is no vocabulary
     */
    public GgufVocabulary(GgufMetadata metadata, String source) {
        this.metadata = metadata;
        this.source = source;
        this.tokens = metadata.strings(KEY + "tokens").orElseThrow(
                () -> new FormatException("model " + source + ": it has no vocabulary, '" + KEY + "tokens'"));
    }

    /**
     * The tokenizer of this vocabulary.
     *
     * @throws FormatException if it is malformed or of a kind that is not supported
     */
    public PipelineTokenizer tokenizer() {
        return embedded().tokenizer(source);
    }

    EmbeddedVocabulary embedded() {
        String model = metadata.string(KEY + "model").orElseThrow(
                () -> new FormatException("model " + source + ": '" + KEY + "model' is missing"));
        String pre = metadata.string(KEY + "pre").orElse("default");
        boolean unigram = model.equals("t5");
        boolean pieces = model.equals("llama");
        EmbeddedVocabulary.Control control = new EmbeddedVocabulary.Control(id("bos_token_id"), id("eos_token_id"),
                metadata.truth(KEY + "add_bos_token").orElse(pieces || pre.equals("llama-bpe")),
                metadata.truth(KEY + "add_eos_token").orElse(unigram),
                metadata.truth(KEY + "add_space_prefix").orElse(pieces || unigram));
        return new EmbeddedVocabulary(model, tokens, scores(), types(),
                metadata.strings(KEY + "merges").orElse(List.of()), pre, control, charsMap());
    }

    private byte[] charsMap() {
        long[] values = metadata.integers(KEY + "precompiled_charsmap").orElse(new long[0]);
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    private OptionalInt id(String key) {
        if (metadata.integer(KEY + key).isEmpty()) {
            return OptionalInt.empty();
        }
        long id = metadata.integer(KEY + key).getAsLong();
        if (id < 0 || id >= tokens.size()) {
            throw new FormatException("model " + source + ": '" + KEY + key + "' = " + id
                    + " lies outside the vocabulary of " + tokens.size() + " tokens");
        }
        return OptionalInt.of((int) id);
    }

    private List<Float> scores() {
        List<Float> scores = new ArrayList<>();
        for (float s : metadata.floats(KEY + "scores").orElse(new float[0])) {
            scores.add(s);
        }
        return scores;
    }

    private List<Integer> types() {
        List<Integer> types = new ArrayList<>();
        for (long t : metadata.integers(KEY + "token_type").orElse(new long[0])) {
            types.add((int) Math.max(-1, Math.min(t, Integer.MAX_VALUE)));
        }
        return types;
    }

    /** What the file says ends a sequence, a turn or a message, and control tokens that are known to. */
    Set<Integer> endIds() {
        Set<Integer> ids = new TreeSet<>();
        for (String key : List.of("eos_token_id", "eot_token_id", "eom_token_id")) {
            id(key).ifPresent(ids::add);
        }
        long[] types = metadata.integers(KEY + "token_type").orElse(new long[0]);
        int control = EmbeddedVocabulary.Type.CONTROL.ordinal() + 1;
        for (int id = 0; id < Math.min(types.length, tokens.size()); id++) {
            if (types[id] == control && ENDS.contains(tokens.get(id))) {
                ids.add(id);
            }
        }
        return ids;
    }

    /** What a file says of a vocabulary and of conversations. */
    static GgufMetadata metadata(EmbeddedVocabulary v, LanguageModel model) {
        GgufMetadata m = GgufMetadata.empty().with(KEY + "model", GgufValue.of(v.model()))
                .with(KEY + "pre", GgufValue.of(v.preTokenizer())).with(KEY + "tokens", GgufValue.strings(v.tokens()));
        if (!v.scores().isEmpty()) {
            float[] scores = new float[v.scores().size()];
            for (int i = 0; i < scores.length; i++) {
                scores[i] = v.scores().get(i);
            }
            m = m.with(KEY + "scores", GgufValue.floats(scores));
        }
        m = m.with(KEY + "token_type", GgufValue.ints(v.types().stream().mapToLong(t -> t).toArray()));
        if (!v.merges().isEmpty()) {
            m = m.with(KEY + "merges", GgufValue.strings(v.merges()));
        }
        EmbeddedVocabulary.Control c = v.control();
        m = with(m, "bos_token_id", c.bos());
        m = with(m, "eos_token_id", c.eos());
        OptionalInt turn = model.endIds().stream().filter(id -> c.eos().isEmpty() || id != c.eos().getAsInt())
                .mapToInt(id -> id).findFirst();
        m = with(m, "eot_token_id", turn);
        m = m.with(KEY + "add_bos_token", GgufValue.of(c.addBos())).with(KEY + "add_eos_token", GgufValue.of(c.addEos()))
                .with(KEY + "add_space_prefix", GgufValue.of(c.addSpacePrefix()));
        return model.chatTemplate().isEmpty() ? m
                : m.with("tokenizer.chat_template", GgufValue.of(model.chatTemplate().get()));
    }

    private static GgufMetadata with(GgufMetadata m, String key, OptionalInt id) {
        return id.isEmpty() ? m : m.with(KEY + key, GgufValue.of(id.getAsInt()));
    }
}
