package dev.ricci.models.tokenizer;

import java.util.Arrays;
import java.util.OptionalInt;

/**
 * The unigram language model of SentencePiece (Kudo 2018): of all ways to cut a word into tokens the one whose scores
 * (log probabilities) sum to the most, found by Viterbi's algorithm. A character that no token covers costs ten less than
 * the worst token; such characters side by side are one unknown.
 */
final class UnigramModel implements TokenModel {
    private static final double UNKNOWN_PENALTY = 10;

    private final Vocabulary vocabulary;
    private final double[] scores;
    private final double unknownScore;
    private final OptionalInt unk;
    private final int[] byteIds;
    private final CharTrie trie;

    /**
     * A model of tokens and their scores.
     *
     * @param unk the id for the unknown, if there is one
     * @param byteFallback unknown characters become their bytes, if all the bytes that they need are tokens
     */
    UnigramModel(Vocabulary vocabulary, double[] scores, OptionalInt unk, boolean byteFallback) {
        this.vocabulary = vocabulary;
        this.scores = scores;
        this.unk = unk;
        double worst = Double.POSITIVE_INFINITY;
        trie = new CharTrie(scores.length);
        for (int id = 0; id < scores.length; id++) {
            worst = Math.min(worst, scores[id]);
            trie.add(vocabulary.token(id), id, true);
        }
        unknownScore = worst - UNKNOWN_PENALTY;
        byteIds = byteFallback ? new int[256] : null;
        for (int b = 0; byteFallback && b < 256; b++) {
            byteIds[b] = vocabulary.id(String.format("<0x%02X>", b));
        }
    }

    @Override
    public void encode(char[] text, int from, int to, IdBuffer out) {
        int n = to - from;
        // For each end of a token on the best way: the sum of scores, the token's start and its id, -1 for an unknown one.
        double[] best = new double[n + 1];
        int[] start = out.scratch(0, n + 1);
        int[] id = out.scratch(1, n + 1);
        Arrays.fill(start, 0, n + 1, -1);
        for (int at = 0; at < n;) {
            int length = Character.charCount(CharClasses.codePointAt(text, from + at));
            boolean single = false;
            int node = CharTrie.ROOT;
            for (int end = at + 1; end <= n; end++) {
                node = trie.child(node, text[from + end - 1]);
                if (node == CharTrie.NONE) {
                    break;
                }
                int token = trie.value(node);
                if (token != CharTrie.NONE) {
                    relax(best, start, id, at, end, token, scores[token]);
                    single |= end - at == length;
                }
            }
            if (!single) {
                relax(best, start, id, at, at + length, -1, unknownScore);
            }
            at += length;
        }
        collect(text, from, n, start, id, out);
    }

    private static void relax(double[] best, int[] start, int[] id, int at, int end, int token, double score) {
        double sum = best[at] + score;
        if (start[end] < 0 || sum > best[end]) {
            best[end] = sum;
            start[end] = at;
            id[end] = token;
        }
    }

    private void collect(char[] text, int from, int n, int[] start, int[] id, IdBuffer out) {
        int[] ends = out.scratch(2, n);
        int count = 0;
        for (int end = n; end > 0; end = start[end]) {
            ends[count++] = end;
        }
        while (count > 0) {
            int end = ends[--count];
            int token = id[end];
            if (!isUnknown(token)) {
                out.add(token);
                continue;
            }
            int begin = start[end];
            while (count > 0 && isUnknown(id[ends[count - 1]])) {
                end = ends[--count];
            }
            addUnknown(text, from + begin, from + end, out);
        }
    }

    private boolean isUnknown(int token) {
        return token < 0 || unk.isPresent() && unk.getAsInt() == token;
    }

    private void addUnknown(char[] text, int from, int to, IdBuffer out) {
        int whole = trie.find(text, from, to);
        if (whole != CharTrie.NONE) {
            out.add(whole);
            return;
        }
        if (byteIds != null) {
            int n = Utf8.encode(text, from, to, out);
            byte[] bytes = out.bytes(n);
            boolean all = true;
            for (int i = 0; i < n; i++) {
                all &= byteIds[bytes[i] & 0xFF] >= 0;
            }
            for (int i = 0; all && i < n; i++) {
                out.add(byteIds[bytes[i] & 0xFF]);
            }
            if (all) {
                return;
            }
        }
        out.add(TokenModel.unknown(unk, CharClasses.codePointAt(text, from)));
    }

    @Override
    public Vocabulary vocabulary() {
        return vocabulary;
    }
}
