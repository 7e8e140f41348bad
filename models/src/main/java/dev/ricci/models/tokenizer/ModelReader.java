package dev.ricci.models.tokenizer;

import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.io.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** Reads the section {@code model} of a tokenizer.json. */
final class ModelReader {
    private ModelReader() {
    }

    /**
     * What a section describes.
     *
     * @param model the model
     * @param runs the character before whose runs texts may be cut without changing ids, or 0
     */
    record Result(TokenModel model, char runs) {
    }

    /**
     * Reads a section.
     *
     * @param byteLevel whether the pre-tokenizer makes bytes of words
     * @throws FormatException if it is of another type, has unknown keys or does not fit itself
     */
    static Result read(JsonObject s, boolean byteLevel) {
        // Old files leave the type out.
        String type = s.text("type", s.has("merges") ? "BPE" : "");
        if (byteLevel && !type.equals("BPE")) {
            throw s.error("the model '" + type + "' with the pre-tokenizer ByteLevel is not supported");
        }
        Result model = switch (type) {
            case "BPE" -> bpe(s, byteLevel);
            case "Unigram" -> new Result(unigram(s), '\0');
            case "WordPiece" -> new Result(wordPiece(s), '\0');
            default -> throw s.error("the model '" + type + "' is not supported; supported are BPE, Unigram, WordPiece");
        };
        s.end();
        return model;
    }

    private static Result bpe(JsonObject s, boolean byteLevel) {
        s.refuse("dropout", "it makes ids random");
        s.refuse("continuing_subword_prefix", "only vocabularies without a prefix are");
        s.refuse("end_of_word_suffix", "only vocabularies without a suffix are");
        Vocabulary vocabulary = Vocabulary.of(ids(s.map("vocab"), s.where() + ".vocab"), s.where() + ".vocab");
        List<String[]> pairs = merges(s.list("merges"), s.where() + ".merges");
        int unk = s.has("unk_token") ? vocabulary.id(s.text("unk_token")) : -1;
        BpeModel.Options options = new BpeModel.Options(byteLevel, unk < 0 ? OptionalInt.empty() : OptionalInt.of(unk),
                s.flag("fuse_unk", false), s.flag("byte_fallback", false), s.flag("ignore_merges", false));
        BpeModel model = new BpeModel(vocabulary, BpeModel.merges(vocabulary, pairs, s.where()), options, s.where());
        return new Result(model, model.mayCutBefore(BpeModel.SPACE, pairs) ? BpeModel.SPACE : '\0');
    }

    /** Ids by token. */
    static Map<String, Integer> ids(Map<?, ?> vocab, String where) {
        Map<String, Integer> ids = HashMap.newHashMap(vocab.size());
        vocab.forEach((token, id) -> {
            String name = (String) token;
            long n = JsonObject.index(id);
            if (n < 0) {
                throw new FormatException(where + ": the id of " + Vocabulary.quoted(name)
                        + " must be an integer from 0 on, is " + id);
            }
            Vocabulary.checkId(name, n, vocab.size(), where);
            ids.put(name, (int) n);
        });
        return ids;
    }

    private static List<String[]> merges(List<?> merges, String where) {
        List<String[]> pairs = new ArrayList<>(merges.size());
        for (Object merge : merges) {
            if (merge instanceof String line) {
                pairs.add(pair(line, where, pairs.size()));
            } else if (merge instanceof List<?> two && two.size() == 2 && two.get(0) instanceof String a
                    && two.get(1) instanceof String b) {
                pairs.add(new String[] {a, b});
            } else {
                throw new FormatException(where + ": merge " + pairs.size() + " must be two tokens, is " + merge);
            }
        }
        return pairs;
    }

    /** Two tokens with a space between them. */
    static String[] pair(String line, String where, int number) {
        int space = line.indexOf(' ');
        if (space < 0 || line.indexOf(' ', space + 1) >= 0) {
            throw new FormatException(where + ": merge " + number + " must be two tokens with one space between them, is "
                    + Vocabulary.quoted(line));
        }
        return new String[] {line.substring(0, space), line.substring(space + 1)};
    }

    private static TokenModel unigram(JsonObject s) {
        List<?> entries = s.list("vocab");
        String[] tokens = new String[entries.size()];
        double[] scores = new double[tokens.length];
        for (int id = 0; id < tokens.length; id++) {
            if (!(entries.get(id) instanceof List<?> two && two.size() == 2 && two.get(0) instanceof String token
                    && two.get(1) instanceof Number score)) {
                throw s.error("'vocab' must be pairs of a token and its score; entry " + id + " is not");
            }
            tokens[id] = token;
            scores[id] = score.doubleValue();
        }
        OptionalInt unk = s.has("unk_id") ? OptionalInt.of(s.index("unk_id")) : OptionalInt.empty();
        if (tokens.length == 0 || unk.isPresent() && unk.getAsInt() >= tokens.length) {
            throw s.error("'unk_id' is " + unk.orElse(0) + ", the vocabulary has " + tokens.length + " tokens");
        }
        return new UnigramModel(Vocabulary.of(tokens), scores, unk, s.flag("byte_fallback", false));
    }

    private static TokenModel wordPiece(JsonObject s) {
        Vocabulary vocabulary = Vocabulary.of(ids(s.map("vocab"), s.where() + ".vocab"), s.where() + ".vocab");
        int unk = vocabulary.require(s.text("unk_token", "[UNK]"), "unk_token", s.where());
        int longest = s.has("max_input_chars_per_word") ? s.index("max_input_chars_per_word") : 100;
        return new WordPieceModel(vocabulary, s.text("continuing_subword_prefix", "##"), unk, longest);
    }
}
