package dev.ricci.models.tokenizer;

import dev.ricci.tensor.FormatException;
import java.util.List;
import java.util.OptionalInt;

/**
 * Byte-pair encoding (Sennrich et al. 2016): a word starts as its bytes or characters, and the pair that comes first in
 * the list of merges is joined, the leftmost of equals, until no pair is in the list.
 */
final class BpeModel implements TokenModel {
    /** What SentencePiece writes for a space. */
    static final char SPACE = '\u2581';

    private final Vocabulary vocabulary;
    private final Merges merges;
    private final Options options;
    /** The id of each byte: in the byte alphabet, or of the tokens {@code <0x00>} to {@code <0xFF>}; -1 if absent. */
    private final int[] byteIds = new int[256];
    /** The id of each character that is a token. */
    private final LongIntMap characters;
    private final CharTrie whole;

    /**
     * How words start, and what becomes of characters that are not in the vocabulary.
     *
     * @param byteLevel words start as bytes, and tokens are written in the byte alphabet; else as characters
     * @param unk the id for the unknown, if there is one
     * @param fuseUnk unknown characters side by side become one id
     * @param byteFallback unknown characters become their bytes, {@code <0x00>} to {@code <0xFF>}
     * @param ignoreMerges a word that is a token is that token, whatever the merges make of it
     */
    record Options(boolean byteLevel, OptionalInt unk, boolean fuseUnk, boolean byteFallback, boolean ignoreMerges) {
    }

    /**
     * A model of these merges.
     *
     * @throws FormatException if byte tokens are promised and one is absent
     */
    BpeModel(Vocabulary vocabulary, Merges merges, Options options, String where) {
        this.vocabulary = vocabulary;
        this.merges = merges;
        this.options = options;
        for (int b = 0; b < 256; b++) {
            if (options.byteFallback && !options.byteLevel) {
                byteIds[b] = vocabulary.require(String.format("<0x%02X>", b), "byte token", where);
            } else {
                byteIds[b] = vocabulary.id(String.valueOf(ByteAlphabet.toChar(b)));
            }
        }
        this.characters = new LongIntMap(256);
        this.whole = options.ignoreMerges ? new CharTrie(vocabulary.size()) : null;
        for (int id = 0; id < vocabulary.size(); id++) {
            String token = vocabulary.token(id);
            if (token == null || token.isEmpty() || vocabulary.id(token) != id) {
                continue;
            }
            int first = token.codePointAt(0);
            if (token.length() == Character.charCount(first)) {
                characters.put(first, id);
            }
            if (whole != null) {
                whole.add(token, id, true);
            }
        }
    }

    /**
     * The merges of a list, the first first. A pair becomes the token of both strings joined.
     *
     * @param pairs two tokens each
     * @throws FormatException if a token or the joined one is not in the vocabulary
     */
    static Merges merges(Vocabulary vocabulary, List<String[]> pairs, String where) {
        long[] keys = new long[pairs.size()];
        int[] results = new int[keys.length];
        for (int i = 0; i < keys.length; i++) {
            String[] pair = pairs.get(i);
            String role = "token of merge " + i;
            keys[i] = LongIntMap.pair(vocabulary.require(pair[0], role, where),
                    vocabulary.require(pair[1], role, where));
            results[i] = vocabulary.require(pair[0] + pair[1], "result of merge " + i, where);
        }
        return new Merges(keys, results, null);
    }

    /**
     * Whether a text may be cut before every run of a character without changing its ids: no merge may reach across such a
     * place, and the character itself must be a token, or unknown characters could be fused across.
     *
     * @param pairs the merges, two tokens each
     */
    boolean mayCutBefore(char c, List<String[]> pairs) {
        String run = String.valueOf(c);
        return !options.byteLevel && !options.ignoreMerges && characters.get(c) != LongIntMap.ABSENT
                && pairs.stream().noneMatch(p -> p[1].startsWith(run) && !p[0].endsWith(run));
    }

    @Override
    public void encode(char[] text, int from, int to, IdBuffer out) {
        if (whole != null) {
            int id = findWhole(text, from, to, out);
            if (id >= 0) {
                out.add(id);
                return;
            }
        }
        int n = options.byteLevel ? startAsBytes(text, from, to, out) : startAsCharacters(text, from, to, out);
        merges.apply(n, out);
    }

    private int findWhole(char[] text, int from, int to, IdBuffer out) {
        if (!options.byteLevel) {
            return whole.find(text, from, to);
        }
        int n = Utf8.encode(text, from, to, out);
        byte[] bytes = out.bytes(n);
        int node = CharTrie.ROOT;
        for (int i = 0; i < n && node != CharTrie.NONE; i++) {
            node = whole.child(node, ByteAlphabet.toChar(bytes[i] & 0xFF));
        }
        return node == CharTrie.NONE ? CharTrie.NONE : whole.value(node);
    }

    private int startAsBytes(char[] text, int from, int to, IdBuffer out) {
        int n = Utf8.encode(text, from, to, out);
        byte[] bytes = out.bytes(n);
        int[] ids = out.scratch(0, n);
        int count = 0;
        boolean afterUnknown = false;
        for (int i = 0; i < n; i++) {
            int id = byteIds[bytes[i] & 0xFF];
            boolean unknown = id < 0;
            if (!unknown) {
                ids[count++] = id;
            } else if (!(afterUnknown && options.fuseUnk)) {
                ids[count++] = TokenModel.unknown(options.unk, ByteAlphabet.toChar(bytes[i] & 0xFF));
            }
            afterUnknown = unknown;
        }
        return count;
    }

    private int startAsCharacters(char[] text, int from, int to, IdBuffer out) {
        // A UTF-16 unit is at most three bytes.
        int[] ids = out.scratch(0, options.byteFallback ? 3 * (to - from) : to - from);
        int count = 0;
        boolean afterUnknown = false;
        for (int at = from; at < to;) {
            int c = CharClasses.codePointAt(text, at);
            int end = at + Character.charCount(c);
            int id = characters.get(c);
            boolean unknown = id == LongIntMap.ABSENT && !options.byteFallback;
            if (id != LongIntMap.ABSENT) {
                ids[count++] = id;
            } else if (options.byteFallback) {
                int n = Utf8.encode(text, at, end, out);
                byte[] bytes = out.bytes(n);
                for (int i = 0; i < n; i++) {
                    ids[count++] = byteIds[bytes[i] & 0xFF];
                }
            } else if (!(afterUnknown && options.fuseUnk)) {
                ids[count++] = TokenModel.unknown(options.unk, c);
            }
            afterUnknown = unknown;
            at = end;
        }
        return count;
    }

    @Override
    public Vocabulary vocabulary() {
        return vocabulary;
    }
}
