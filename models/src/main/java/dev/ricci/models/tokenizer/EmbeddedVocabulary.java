package dev.ricci.models.tokenizer;

import dev.ricci.models.tokenizer.AddedTokens.AddedToken;
import dev.ricci.tensor.FormatException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * A vocabulary as GGUF files embed it, held in memory. {@link #tokenizer} makes the tokenizer that it stands for.
 *
 * @param model the kind, {@code tokenizer.ggml.model}: {@code gpt2} for byte-level BPE, {@code llama} for SentencePiece's
 *     BPE, {@code t5} for its Unigram, {@code bert} for WordPiece
 * @param tokens the tokens in the order of their ids, {@code tokenizer.ggml.tokens}
 * @param scores a score for each token, {@code tokenizer.ggml.scores}; may be empty for {@code gpt2} and
 *     {@code bert}
 * @param types a {@link Type} for each token, by its code, {@code tokenizer.ggml.token_type}; if empty, all are normal
 * @param merges two tokens with a space between them, the first merge first, {@code tokenizer.ggml.merges}; empty
 *     for all but {@code gpt2}
 * @param preTokenizer how texts are cut into words, {@code tokenizer.ggml.pre}: {@code gpt-2}, {@code llama-bpe},
 *     {@code qwen2} or {@code smollm}; read for {@code gpt2} alone
 * @param control the ids with a meaning and how they are used
 * @param charsMap what {@code t5} does to characters first, {@code tokenizer.ggml.precompiled_charsmap}; empty for nothing
 */
public record EmbeddedVocabulary(String model, List<String> tokens, List<Float> scores, List<Integer> types,
        List<String> merges, String preTokenizer, Control control, byte[] charsMap) {
    /** Longer tokens have too many ways to be made of two others; no vocabulary needs them. */
    private static final int LONGEST_PIECE = 512;
    /** Longer words are unknown to BERT. */
    private static final int LONGEST_WORD = 100;

    /**
     * The ids with a meaning.
     *
     * @param bos begins a sequence, {@code tokenizer.ggml.bos_token_id}
     * @param eos ends a sequence, {@code tokenizer.ggml.eos_token_id}
     * @param addBos whether prompts begin with {@code bos}, {@code tokenizer.ggml.add_bos_token}
     * @param addEos whether prompts end with {@code eos}, {@code tokenizer.ggml.add_eos_token}
     * @param addSpacePrefix whether {@code llama} and {@code t5} put a space before texts,
     *     {@code tokenizer.ggml.add_space_prefix}
     */
    public record Control(OptionalInt bos, OptionalInt eos, boolean addBos, boolean addEos, boolean addSpacePrefix) {
    }

    /** What a token is; its code is one more than its place here. */
    public enum Type {
        /** A piece of text. */
        NORMAL,
        /** The one for the unknown. */
        UNKNOWN,
        /** A token with a meaning and no text. */
        CONTROL,
        /** A piece of text that is always found whole. */
        USER_DEFINED,
        /** A place that is kept free. */
        UNUSED,
        /** A byte, {@code <0x00>} to {@code <0xFF>}. */
        BYTE
    }

    /** Takes the lists as they are; {@link #tokenizer} checks them. */
    public EmbeddedVocabulary {
        tokens = List.copyOf(tokens);
        scores = List.copyOf(scores);
        types = List.copyOf(types);
        merges = List.copyOf(merges);
    }

    /** Without a map of characters. */
    public EmbeddedVocabulary(String model, List<String> tokens, List<Float> scores, List<Integer> types,
            List<String> merges, String preTokenizer, Control control) {
        this(model, tokens, scores, types, merges, preTokenizer, control, new byte[0]);
    }

    /**
     * The tokenizer of this vocabulary.
     *
     * @param source the file that it is from, for errors
     * @throws FormatException if the lists do not fit each other, or the kind or the pre-tokenizer is not supported
     */
    public PipelineTokenizer tokenizer(String source) {
        String where = "tokenizer " + source;
        if (tokens.isEmpty() || !types.isEmpty() && types.size() != tokens.size()) {
            throw new FormatException(where + ": it has " + tokens.size() + " tokens and " + types.size() + " types");
        }
        Vocabulary vocabulary = Vocabulary.of(tokens.toArray(String[]::new));
        PipelineTokenizer.Parts parts = switch (model) {
            case "gpt2" -> byteLevel(vocabulary, where);
            case "llama" -> sentencePiece(vocabulary, where);
            case "t5" -> unigram(vocabulary, where);
            case "bert" -> wordPiece(where);
            default -> throw new FormatException(where + ": the model '" + model
                    + "' is not supported; supported are gpt2, llama, t5, bert");
        };
        PipelineTokenizer tokenizer = new PipelineTokenizer(parts, where);
        return model.equals("bert") ? tokenizer : tokenizer.with(known(control.bos, where), known(control.eos, where));
    }

    private OptionalInt known(OptionalInt id, String where) {
        if (id.isPresent() && (id.getAsInt() < 0 || id.getAsInt() >= tokens.size())) {
            throw new FormatException(where + ": the id " + id.getAsInt() + " lies outside the vocabulary of "
                    + tokens.size() + " tokens");
        }
        return id;
    }

    private SpecialFrame frame(String where) {
        return SpecialFrame.of(ids(control.addBos, known(control.bos, where)), ids(control.addEos, known(control.eos, where)));
    }

    private static int[] ids(boolean add, OptionalInt id) {
        return add && id.isPresent() ? new int[] {id.getAsInt()} : new int[0];
    }

    private Type type(int id, String where) {
        int code = types.isEmpty() ? 1 : types.get(id);
        if (code < 1 || code > Type.values().length) {
            throw new FormatException(where + ": the token " + id + " has the unknown type " + code);
        }
        return Type.values()[code - 1];
    }

    /** What is found in texts before the model sees them. */
    private AddedTokens added(Normalizer normalizer, String where) {
        List<AddedToken> added = new ArrayList<>();
        for (int id = 0; id < tokens.size(); id++) {
            Type type = type(id, where);
            boolean special = type == Type.CONTROL || type == Type.UNKNOWN;
            if ((special || type == Type.USER_DEFINED) && !tokens.get(id).isEmpty()) {
                added.add(new AddedToken(id, tokens.get(id), false, false, false, false, special));
            }
        }
        return new AddedTokens(added, normalizer);
    }

    private PipelineTokenizer.Parts byteLevel(Vocabulary vocabulary, String where) {
        Normalizer asItIs = new Normalizer.Sequence(List.of());
        Normalizer normalizer = asItIs;
        PreTokenizer words;
        switch (preTokenizer) {
            case "gpt-2" -> words = new PreTokenizer.Pattern(WordPattern.GPT2);
            case "llama-bpe" -> words = new PreTokenizer.Pattern(WordPattern.LLAMA3);
            case "qwen2" -> {
                words = new PreTokenizer.Pattern(WordPattern.QWEN2);
                normalizer = new Normalizer.Unicode(java.text.Normalizer.Form.NFC);
            }
            case "smollm" -> words = new PreTokenizer.Sequence(List.of(
                    new PreTokenizer.Split(Delimiter.Class.NUMBER, Delimiter.Behavior.ISOLATED),
                    new PreTokenizer.Pattern(WordPattern.GPT2)));
            default -> throw new FormatException(where + ": the pre-tokenizer '" + preTokenizer
                    + "' is not supported; supported are gpt-2, llama-bpe, qwen2, smollm");
        }
        List<String[]> pairs = new ArrayList<>(merges.size());
        for (String merge : merges) {
            pairs.add(ModelReader.pair(merge, where, pairs.size()));
        }
        // Llama 3 has words that its merges do not reach.
        BpeModel.Options options = new BpeModel.Options(true, OptionalInt.empty(), false, false,
                preTokenizer.equals("llama-bpe"));
        return new PipelineTokenizer.Parts(added(normalizer, where), normalizer, words,
                new BpeModel(vocabulary, BpeModel.merges(vocabulary, pairs, where), options, where),
                new TokenDecoder.ByteLevel(), frame(where));
    }

    /** SentencePiece's Unigram, its white space always merged. */
    private PipelineTokenizer.Parts unigram(Vocabulary vocabulary, String where) {
        checkScores(where);
        List<Normalizer> steps = new ArrayList<>();
        if (charsMap.length > 0) {
            steps.add(new Normalizer.Precompiled(new CharsMap(charsMap, where)));
        }
        steps.addAll(List.of(new Normalizer.Strip(true, true), new Normalizer.ReplaceSpaces(" ")));
        Normalizer normalizer = new Normalizer.Sequence(List.copyOf(steps));
        OptionalInt unk = IntStream.range(0, tokens.size()).filter(id -> type(id, where) == Type.UNKNOWN).findFirst();
        PreTokenizer words = new PreTokenizer.Metaspace(BpeModel.SPACE, control.addSpacePrefix
                ? PreTokenizer.Metaspace.Prepend.ALWAYS : PreTokenizer.Metaspace.Prepend.NEVER, true);
        SpecialFrame frame = control.addBos && control.addEos && control.bos.isPresent() && control.eos.isPresent()
                ? SpecialFrame.roberta(control.bos.getAsInt(), control.eos.getAsInt()) : frame(where);
        return new PipelineTokenizer.Parts(added(normalizer, where), normalizer, words,
                new UnigramModel(vocabulary, scores.stream().mapToDouble(Float::doubleValue).toArray(), unk, false),
                new TokenDecoder.Metaspace(BpeModel.SPACE, control.addSpacePrefix), frame);
    }

    /**
     * BERT's. The file marks tokens that begin a word, where the original marks those that continue one. It does not say
     * whether letters are made small: they are if no token has a capital one.
     */
    private PipelineTokenizer.Parts wordPiece(String where) {
        String[] originals = tokens.stream().map(EmbeddedVocabulary::original).toArray(String[]::new);
        Vocabulary vocabulary = Vocabulary.of(originals);
        boolean lower = IntStream.range(0, originals.length).filter(id -> type(id, where) == Type.NORMAL)
                .noneMatch(id -> !isBracketed(originals[id]) && originals[id].chars().anyMatch(c -> c >= 'A' && c <= 'Z'));
        Normalizer normalizer = new Normalizer.Bert(true, true, lower, lower);
        PreTokenizer words = new PreTokenizer.Sequence(List.of(
                new PreTokenizer.Split(Delimiter.Class.SPACE, Delimiter.Behavior.REMOVED),
                new PreTokenizer.Split(Delimiter.Class.PUNCTUATION, Delimiter.Behavior.ISOLATED)));
        int cls = control.bos.orElseGet(() -> vocabulary.require("[CLS]", "first token", where));
        int sep = control.eos.orElseGet(() -> vocabulary.require("[SEP]", "last token", where));
        return new PipelineTokenizer.Parts(added(normalizer, where), normalizer, words,
                new WordPieceModel(vocabulary, "##", vocabulary.require("[UNK]", "token for the unknown", where),
                        LONGEST_WORD), new TokenDecoder.WordPiece("##", true), SpecialFrame.bert(cls, sep));
    }

    private static String original(String token) {
        return isBracketed(token) ? token : token.startsWith(String.valueOf(BpeModel.SPACE)) ? token.substring(1)
                : "##" + token;
    }

    private static boolean isBracketed(String token) {
        return token.length() > 1 && token.startsWith("[") && token.endsWith("]");
    }

    private void checkScores(String where) {
        if (scores.size() != tokens.size()) {
            throw new FormatException(where + ": it has " + tokens.size() + " tokens and " + scores.size() + " scores");
        }
        int nan = IntStream.range(0, scores.size()).filter(id -> Float.isNaN(scores.get(id))).findFirst().orElse(-1);
        if (nan >= 0) {
            throw new FormatException(where + ": the token " + nan + " has the score NaN");
        }
    }

    private PipelineTokenizer.Parts sentencePiece(Vocabulary vocabulary, String where) {
        checkScores(where);
        String mark = String.valueOf(BpeModel.SPACE);
        List<Normalizer> steps = new ArrayList<>();
        List<TokenDecoder> decoders = new ArrayList<>(List.of(new TokenDecoder.Replace(mark, " "),
                new TokenDecoder.ByteFallback(), new TokenDecoder.Fuse()));
        if (control.addSpacePrefix) {
            steps.add(new Normalizer.Prepend(mark));
            decoders.add(new TokenDecoder.Strip(' ', 1, 0));
        }
        steps.add(new Normalizer.Replace(" ", mark));
        Normalizer normalizer = new Normalizer.Sequence(List.copyOf(steps));
        List<String[]> pairs = new ArrayList<>();
        BpeModel model = new BpeModel(vocabulary, scoredMerges(vocabulary, pairs, where),
                new BpeModel.Options(false, OptionalInt.empty(), false, true, false), where);
        PreTokenizer words = model.mayCutBefore(BpeModel.SPACE, pairs) ? new PreTokenizer.BeforeRuns(BpeModel.SPACE)
                : new PreTokenizer.Sequence(List.of());
        return new PipelineTokenizer.Parts(added(normalizer, where), normalizer, words, model,
                new TokenDecoder.Sequence(List.copyOf(decoders)), frame(where));
    }

    /** The pairs that {@code llama} joins, the first one first. */
    List<String[]> scoredPairs() {
        List<String[]> pairs = new ArrayList<>();
        scoredMerges(Vocabulary.of(tokens.toArray(String[]::new)), pairs, "tokenizer");
        return pairs;
    }

    /** SentencePiece joins two neighbours if they are a token together, the one of the best score first. */
    private Merges scoredMerges(Vocabulary vocabulary, List<String[]> pairs, String where) {
        int[] order = IntStream.range(0, tokens.size()).filter(id -> isPiece(id, vocabulary, where)).boxed()
                .sorted((a, b) -> Float.compare(scores.get(b), scores.get(a))).mapToInt(id -> id).toArray();
        List<int[]> found = new ArrayList<>();
        int rank = 0;
        for (int i = 0; i < order.length; i++) {
            String token = tokens.get(order[i]);
            if (i > 0 && scores.get(order[i]) < scores.get(order[i - 1])) {
                rank++;
            }
            if (token.length() > LONGEST_PIECE) {
                throw new FormatException(where + ": the token " + order[i] + " has " + token.length()
                        + " characters; supported are " + LONGEST_PIECE);
            }
            for (int cut = 1; cut < token.length(); cut++) {
                int left = vocabulary.id(token.substring(0, cut));
                int right = vocabulary.id(token.substring(cut));
                if (left >= 0 && right >= 0 && isPiece(left, vocabulary, where) && isPiece(right, vocabulary, where)) {
                    found.add(new int[] {left, right, order[i], rank});
                    pairs.add(new String[] {tokens.get(left), tokens.get(right)});
                }
            }
        }
        return new Merges(found.stream().mapToLong(m -> LongIntMap.pair(m[0], m[1])).toArray(),
                found.stream().mapToInt(m -> m[2]).toArray(), found.stream().mapToInt(m -> m[3]).toArray());
    }

    private boolean isPiece(int id, Vocabulary vocabulary, String where) {
        Type type = type(id, where);
        return (type == Type.NORMAL || type == Type.USER_DEFINED) && vocabulary.id(tokens.get(id)) == id;
    }
}
