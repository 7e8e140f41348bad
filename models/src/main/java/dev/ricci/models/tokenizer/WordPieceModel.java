package dev.ricci.models.tokenizer;

/**
 * WordPiece as BERT uses it: the longest token that begins the word, then the longest continuation, and so on; a word
 * that cannot be covered, or is too long, is unknown as a whole.
 */
final class WordPieceModel implements TokenModel {
    private final Vocabulary vocabulary;
    private final int unk;
    private final int longest;
    private final CharTrie starts;
    private final CharTrie continuations;

    /**
     * A model of a vocabulary.
     *
     * @param prefix what marks a token that continues a word
     * @param unk the id for the unknown
     * @param longest the most characters of a word
     */
    WordPieceModel(Vocabulary vocabulary, String prefix, int unk, int longest) {
        this.vocabulary = vocabulary;
        this.unk = unk;
        this.longest = longest;
        starts = new CharTrie(vocabulary.size());
        continuations = new CharTrie(vocabulary.size());
        for (int id = 0; id < vocabulary.size(); id++) {
            String token = vocabulary.token(id);
            if (token == null) {
                continue;
            }
            starts.add(token, id, true);
            if (token.startsWith(prefix)) {
                continuations.add(token.substring(prefix.length()), id, true);
            }
        }
    }

    @Override
    public void encode(char[] text, int from, int to, IdBuffer out) {
        int[] ids = out.scratch(0, to - from);
        int count = 0;
        boolean covered = Character.codePointCount(text, from, to - from) <= longest;
        for (int at = from; covered && at < to;) {
            CharTrie trie = at == from ? starts : continuations;
            int node = CharTrie.ROOT;
            int end = -1;
            for (int i = at; i < to; i++) {
                node = trie.child(node, text[i]);
                if (node == CharTrie.NONE) {
                    break;
                }
                if (trie.value(node) != CharTrie.NONE) {
                    ids[count] = trie.value(node);
                    end = i + 1;
                }
            }
            covered = end > 0;
            count++;
            at = end;
        }
        if (!covered) {
            out.add(unk);
            return;
        }
        for (int i = 0; i < count; i++) {
            out.add(ids[i]);
        }
    }

    @Override
    public Vocabulary vocabulary() {
        return vocabulary;
    }
}
