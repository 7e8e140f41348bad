package dev.ricci.models.tokenizer;

import dev.ricci.models.tokenizer.EmbeddedVocabulary.Control;
import dev.ricci.models.tokenizer.EmbeddedVocabulary.Type;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Vocabularies of one kind of file as those of another. What is made is compared with what it was made of, over texts of
 * many of its tokens, and refused where the ids differ.
 */
public final class VocabularyConverter {
    private static final int FIRST_BYTE = 3;
    private static final int SAMPLE_TOKENS = 4000;
    private static final int AT_ONCE = 50;
    private static final String SAMPLE = "The quick brown fox jumps over 13 lazy dogs, doesn't it?\n\n\tna\u00efve caf\u00e9 \u4e2d\u6587 \ud83d\ude00   "
            + "int main() { return 0x1F; }\r\n";

    private VocabularyConverter() {
    }

    /**
     * A tokenizer as a GGUF file embeds it.
     *
     * @param tokenizer of a {@code tokenizer.json} of byte-level BPE or BPE with byte fallback that is kept with it, or of
     *     llama2.c
     * @throws TensorException if it is another one, or is not the same there
     */
    public static EmbeddedVocabulary embedded(Tokenizer tokenizer) {
        EmbeddedVocabulary made = switch (tokenizer) {
            case Llama2cTokenizer t -> embedded(t);
            case PipelineTokenizer t when t.definition().isPresent() -> embedded(t.definition().get(), t);
            default -> throw new TensorException("convert: a vocabulary of the kind " + tokenizer.getClass().getSimpleName()
                    + " has no form in GGUF files; BPE vocabularies have");
        };
        checkSame(tokenizer, made.tokenizer("converted"));
        return made;
    }

    private static EmbeddedVocabulary embedded(Llama2cTokenizer t) {
        List<String> tokens = new ArrayList<>();
        List<Float> scores = new ArrayList<>();
        List<Integer> types = new ArrayList<>();
        for (int id = 0; id < t.vocabSize(); id++) {
            boolean isByte = id >= FIRST_BYTE && id < FIRST_BYTE + 256;
            tokens.add(id == 0 ? "<unk>" : id == 1 ? "<s>" : id == 2 ? "</s>"
                    : isByte ? String.format("<0x%02X>", id - FIRST_BYTE)
                    : new String(t.piece(id), StandardCharsets.UTF_8).replace(' ', BpeModel.SPACE));
            scores.add(t.score(id));
            types.add(code(id == 0 ? Type.UNKNOWN : id < FIRST_BYTE ? Type.CONTROL : isByte ? Type.BYTE : Type.NORMAL));
        }
        return new EmbeddedVocabulary("llama", tokens, scores, types, List.of(), "default",
                new Control(t.bos(), t.eos(), true, false, true));
    }

    private static int code(Type type) {
        return type.ordinal() + 1;
    }

    private static EmbeddedVocabulary embedded(Map<String, ?> definition, PipelineTokenizer t) {
        JsonObject json = JsonObject.ofAll(definition, "the tokenizer", "change the ids");
        JsonObject model = json.object("model");
        if (!model.text("type", "BPE").equals("BPE")) {
            throw new TensorException("convert: a vocabulary of the kind " + model.text("type")
                    + " is not written into GGUF files; BPE is");
        }
        boolean fallback = model.flag("byte_fallback", false);
        String[] tokens = new String[t.vocabSize()];
        Integer[] types = new Integer[tokens.length];
        Arrays.fill(types, code(Type.NORMAL));
        for (int id = 0; id < tokens.length; id++) {
            tokens[id] = t.token(id);
            if (tokens[id].isEmpty()) {
                tokens[id] = "[PAD" + id + "]";
                types[id] = code(Type.UNUSED);
            } else if (fallback && ByteFallbackStage.byteOf(tokens[id]) >= 0) {
                types[id] = code(Type.BYTE);
            }
        }
        if (json.has("added_tokens")) {
            for (JsonObject added : json.objects("added_tokens")) {
                types[added.index("id")] = code(added.flag("special", false) ? Type.CONTROL : Type.USER_DEFINED);
            }
        }
        List<String> merges = new ArrayList<>();
        for (Object merge : model.list("merges")) {
            merges.add(merge instanceof List<?> two ? two.get(0) + " " + two.get(1) : (String) merge);
        }
        int[] plain = t.encode("");
        int[] framed = t.encodePrompt("");
        boolean addBos = t.bos().isPresent() && framed.length > plain.length && framed[0] == t.bos().getAsInt();
        boolean addEos = t.eos().isPresent() && framed.length > plain.length + (addBos ? 1 : 0)
                && framed[framed.length - 1] == t.eos().getAsInt();
        Control control = new Control(t.bos(), t.eos(), addBos, addEos, fallback && t.encode("a").length > 0
                && t.token(t.encode("a")[0]).startsWith(String.valueOf(BpeModel.SPACE)));
        if (fallback) {
            return new EmbeddedVocabulary("llama", List.of(tokens), scores(tokens, merges), List.of(types), List.of(),
                    "default", control);
        }
        return new EmbeddedVocabulary("gpt2", List.of(tokens), List.of(), List.of(types), merges,
                words(String.valueOf(definition.get("pre_tokenizer"))), control);
    }

    /** A token's score is higher, the sooner a merge makes it. */
    private static List<Float> scores(String[] tokens, List<String> merges) {
        Map<String, Integer> first = new LinkedHashMap<>();
        for (int i = 0; i < merges.size(); i++) {
            first.putIfAbsent(merges.get(i).replaceFirst(" ", ""), i);
        }
        List<Float> scores = new ArrayList<>();
        for (String token : tokens) {
            scores.add(-(float) first.getOrDefault(token, merges.size()));
        }
        return scores;
    }

    /** What GGUF files call the expression that cuts texts into words. */
    private static String words(String cut) {
        if (cut.contains("Digits")) {
            return "smollm";
        }
        for (WordPattern p : WordPattern.values()) {
            if (cut.contains(p.regex()) && p != WordPattern.GPT2) {
                return p == WordPattern.LLAMA3 ? "llama-bpe" : "qwen2";
            }
        }
        return "gpt-2";
    }

    /**
     * A vocabulary as {@code tokenizer.json} describes it.
     *
     * @throws TensorException if it is of a kind that is not written there, has a token twice, or is not the same there
     */
    public static PipelineTokenizer defined(EmbeddedVocabulary v, String source) {
        Map<String, Integer> ids = new LinkedHashMap<>();
        for (int id = 0; id < v.tokens().size(); id++) {
            if (ids.put(v.tokens().get(id), id) != null) {
                throw new TensorException("convert: " + source + ": the token " + Vocabulary.quoted(v.tokens().get(id))
                        + " is there twice, which a tokenizer.json cannot say");
            }
        }
        PipelineTokenizer original = v.tokenizer(source);
        boolean bytes = v.model().equals("gpt2");
        if (!bytes && !v.model().equals("llama")) {
            throw new TensorException("convert: " + source + ": a vocabulary of the kind " + v.model()
                    + " is not written as a tokenizer.json; gpt2 and llama are");
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("version", "1.0");
        json.put("truncation", null);
        json.put("padding", null);
        json.put("added_tokens", added(v));
        json.put("normalizer", bytes ? v.preTokenizer().equals("qwen2") ? Map.of("type", "NFC") : null : spaces(v));
        json.put("pre_tokenizer", bytes ? byteLevelWords(v.preTokenizer()) : null);
        json.put("post_processor", frame(v));
        json.put("decoder", bytes ? byteLevel(true) : pieces(v));
        json.put("model", model(v, ids, bytes));
        PipelineTokenizer made = TokenizerJson.defined(json, source).with(original.bos(), original.eos());
        checkSame(original, made);
        return made;
    }

    /** That of llama2.c as {@code tokenizer.json} describes it. */
    public static PipelineTokenizer defined(Llama2cTokenizer tokenizer, String source) {
        PipelineTokenizer made = defined(embedded(tokenizer), source);
        checkSame(tokenizer, made);
        return made;
    }

    private static List<Object> added(EmbeddedVocabulary v) {
        List<Object> added = new ArrayList<>();
        for (int id = 0; id < v.types().size(); id++) {
            Type type = Type.values()[v.types().get(id) - 1];
            if (type == Type.CONTROL || type == Type.UNKNOWN || type == Type.USER_DEFINED) {
                Map<String, Object> entry = new LinkedHashMap<>();
                entry.put("id", id);
                entry.put("content", v.tokens().get(id));
                entry.put("single_word", false);
                entry.put("lstrip", false);
                entry.put("rstrip", false);
                entry.put("normalized", false);
                entry.put("special", type != Type.USER_DEFINED);
                added.add(entry);
            }
        }
        return added;
    }

    private static Map<String, Object> model(EmbeddedVocabulary v, Map<String, Integer> ids, boolean bytes) {
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("type", "BPE");
        model.put("dropout", null);
        model.put("unk_token", null);
        model.put("continuing_subword_prefix", null);
        model.put("end_of_word_suffix", null);
        model.put("fuse_unk", false);
        model.put("byte_fallback", !bytes);
        model.put("ignore_merges", v.preTokenizer().equals("llama-bpe"));
        model.put("vocab", ids);
        model.put("merges", bytes ? v.merges().stream().map(m -> List.of(m.split(" ", 2))).toList()
                : v.scoredPairs().stream().map(List::of).toList());
        return model;
    }

    private static Map<String, Object> part(String type, Object... fields) {
        Map<String, Object> part = new LinkedHashMap<>();
        part.put("type", type);
        for (int i = 0; i < fields.length; i += 2) {
            part.put((String) fields[i], fields[i + 1]);
        }
        return part;
    }

    private static Map<String, Object> byteLevel(boolean regex) {
        return part("ByteLevel", "add_prefix_space", false, "trim_offsets", true, "use_regex", regex);
    }

    private static Map<String, Object> byteLevelWords(String name) {
        return switch (name) {
            case "gpt-2" -> byteLevel(true);
            case "smollm" -> part("Sequence", "pretokenizers",
                    List.of(part("Digits", "individual_digits", true), byteLevel(true)));
            default -> part("Sequence", "pretokenizers", List.of(part("Split", "pattern", Map.of("Regex",
                    (name.equals("llama-bpe") ? WordPattern.LLAMA3 : WordPattern.QWEN2).regex()), "behavior", "Isolated",
                    "invert", false), byteLevel(false)));
        };
    }

    private static Map<String, Object> spaces(EmbeddedVocabulary v) {
        String mark = String.valueOf(BpeModel.SPACE);
        List<Object> steps = new ArrayList<>();
        if (v.control().addSpacePrefix()) {
            steps.add(part("Prepend", "prepend", mark));
        }
        steps.add(part("Replace", "pattern", Map.of("String", " "), "content", mark));
        return part("Sequence", "normalizers", steps);
    }

    private static Map<String, Object> pieces(EmbeddedVocabulary v) {
        List<Object> steps = new ArrayList<>(List.of(
                part("Replace", "pattern", Map.of("String", String.valueOf(BpeModel.SPACE)), "content", " "),
                part("ByteFallback"), part("Fuse")));
        if (v.control().addSpacePrefix()) {
            steps.add(part("Strip", "content", " ", "start", 1, "stop", 0));
        }
        return part("Sequence", "decoders", steps);
    }

    private static Map<String, Object> frame(EmbeddedVocabulary v) {
        Map<String, Object> special = new LinkedHashMap<>();
        List<Object> single = framed(v, "A", 0, special);
        List<Object> pair = new ArrayList<>(single);
        pair.addAll(framed(v, "B", 1, special));
        return special.isEmpty() ? null
                : part("TemplateProcessing", "single", single, "pair", pair, "special_tokens", special);
    }

    private static List<Object> framed(EmbeddedVocabulary v, String text, int type, Map<String, Object> special) {
        List<Object> template = new ArrayList<>();
        if (v.control().addBos()) {
            special(v, v.control().bos(), type, template, special);
        }
        template.add(Map.of("Sequence", Map.of("id", text, "type_id", type)));
        if (v.control().addEos()) {
            special(v, v.control().eos(), type, template, special);
        }
        return template;
    }

    private static void special(EmbeddedVocabulary v, OptionalInt id, int type, List<Object> template,
            Map<String, Object> special) {
        if (id.isPresent()) {
            String token = v.tokens().get(id.getAsInt());
            template.add(Map.of("SpecialToken", Map.of("id", token, "type_id", type)));
            special.put(token, Map.of("id", token, "ids", List.of(id.getAsInt()), "tokens", List.of(token)));
        }
    }

    private static void checkSame(Tokenizer a, Tokenizer b) {
        List<String> texts = new ArrayList<>(List.of(SAMPLE, ""));
        int step = Math.max(1, a.vocabSize() / SAMPLE_TOKENS);
        StringBuilder text = new StringBuilder();
        int count = 0;
        for (int id = 0; id < a.vocabSize(); id += step) {
            text.append(a.decode(id).replace("\ufffd", "")).append(id % 3 == 0 ? " " : "");
            if (++count % AT_ONCE == 0) {
                texts.add(text.toString());
                text.setLength(0);
            }
        }
        texts.add(text.toString());
        for (String t : texts) {
            if (!Arrays.equals(a.encodePrompt(t), b.encodePrompt(t)) || a.vocabSize() != b.vocabSize()) {
                throw new TensorException("convert: the vocabulary is not the same after conversion: its ids differ for the"
                        + " text " + Vocabulary.quoted(t));
            }
        }
    }
}
