package dev.ricci.models.tokenizer;

import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Tokens beside the model's, found in a text before anything else happens to it: at each place the longest, from left to
 * right. First those that are looked for in the text as it is, then, in what is left and after the normalizer, the others.
 */
final class AddedTokens {
    private final Map<Integer, AddedToken> byId = new LinkedHashMap<>();
    private final Map<String, Integer> ids = new HashMap<>();
    private final BitSet special = new BitSet();
    private final CharTrie raw = new CharTrie(64);
    private final CharTrie normalized = new CharTrie(64);
    /** For texts of which a stranger wrote a part: the special tokens are here as they are written, whatever they say. */
    private final CharTrie guarded = new CharTrie(64);
    private boolean anyRaw;
    private boolean anyNormalized;

    /**
     * One token.
     *
     * @param id its id
     * @param content how it is written
     * @param singleWord not inside a word
     * @param lstrip takes the spaces before it along
     * @param rstrip takes the spaces after it along
     * @param normalized looked for after the normalizer
     * @param special left out when ids become text
     */
    record AddedToken(int id, String content, boolean singleWord, boolean lstrip, boolean rstrip, boolean normalized,
            boolean special) {
    }

    /** Takes what lies between tokens, as text, and the tokens, as ids; in order. */
    interface Parts {
        /** A stretch of text, which is not empty; {@code first} if the text begins with it. */
        void text(String text, boolean first);

        /** A token. */
        void token(int id);
    }

    AddedTokens(List<AddedToken> tokens, Normalizer normalizer) {
        for (AddedToken t : tokens) {
            byId.put(t.id, t);
            ids.put(t.content, t.id);
            special.set(t.id, t.special);
            if (!t.content.isEmpty() && (t.special || !t.normalized)) {
                guarded.add(t.content, t.id, false);
            }
            String sought = t.normalized ? normalizer.apply(t.content) : t.content;
            if (sought.isEmpty()) {
                continue;
            }
            if (t.normalized) {
                anyNormalized = true;
                normalized.add(sought, t.id, false);
            } else {
                anyRaw = true;
                raw.add(sought, t.id, false);
            }
        }
    }

    /** The token of an id, or null. */
    String content(int id) {
        AddedToken t = byId.get(id);
        return t == null ? null : t.content;
    }

    /** The id of a token, or -1. */
    int id(String content) {
        return ids.getOrDefault(content, -1);
    }

    boolean isSpecial(int id) {
        return special.get(id);
    }

    /** One more than the largest id; 0 if there is no token. */
    int size() {
        return byId.keySet().stream().mapToInt(id -> id + 1).max().orElse(0);
    }

    /** Cuts a text into tokens and normalized stretches between them. */
    void split(String text, Normalizer normalizer, Parts parts) {
        if (text.isEmpty()) {
            return;
        }
        if (!anyRaw) {
            splitNormalized(normalizer.apply(text), true, null, parts);
            return;
        }
        split(text, raw, null, true, normalizer, parts);
    }

    /**
     * As {@link #split(String, Normalizer, Parts)}, but a special token is found only where none of its characters is
     * foreign.
     */
    void split(String text, BitSet foreign, Normalizer normalizer, Parts parts) {
        if (!text.isEmpty()) {
            split(text, guarded, foreign, true, normalizer, parts);
        }
    }

    private void split(String text, CharTrie trie, BitSet foreign, boolean first, Normalizer normalizer, Parts parts) {
        split(text, trie, foreign, first, new Parts() {
            @Override
            public void text(String stretch, boolean start) {
                String changed = normalizer.apply(stretch);
                BitSet all = null;
                if (foreign != null) {
                    // The special tokens were found before; what looks like one now does so by the normalizer's doing.
                    all = new BitSet();
                    all.set(0, changed.length());
                }
                splitNormalized(changed, start, all, parts);
            }

            @Override
            public void token(int id) {
                parts.token(id);
            }
        });
    }

    private void splitNormalized(String text, boolean first, BitSet foreign, Parts parts) {
        if (text.isEmpty()) {
            return;
        }
        if (anyNormalized) {
            split(text, normalized, foreign, first, parts);
        } else {
            parts.text(text, first);
        }
    }

    private void split(String text, CharTrie trie, BitSet foreign, boolean first, Parts parts) {
        int done = 0;
        for (int at = 0; at < text.length();) {
            int end = trie.startsWith(text.charAt(at)) ? longest(trie, text, foreign, at) : -1;
            if (end < 0) {
                at++;
                continue;
            }
            AddedToken t = byId.get(find(trie, text, at, end));
            if (!t.singleWord || isWhole(text, at, end)) {
                int from = at;
                int to = end;
                // Not back into spaces that the token before took along; that may leave nothing.
                while (t.lstrip && from > done && CharClasses.isSpace(text.charAt(from - 1))) {
                    from--;
                }
                from = t.lstrip ? Math.max(from, done) : from;
                while (t.rstrip && to < text.length() && CharClasses.isSpace(text.charAt(to))) {
                    to++;
                }
                if (done < from) {
                    parts.text(text.substring(done, from), first && done == 0);
                }
                if (from < to) {
                    parts.token(t.id);
                }
                done = to;
            }
            at = end;
        }
        if (done < text.length()) {
            parts.text(done == 0 ? text : text.substring(done), first && done == 0);
        }
    }

    private int longest(CharTrie trie, String text, BitSet foreign, int at) {
        int stranger = foreign == null ? -1 : foreign.nextSetBit(at);
        int node = CharTrie.ROOT;
        int end = -1;
        for (int i = at; i < text.length(); i++) {
            node = trie.child(node, text.charAt(i));
            if (node == CharTrie.NONE) {
                break;
            }
            int id = trie.value(node);
            if (id != CharTrie.NONE && !(stranger >= 0 && stranger <= i && special.get(id))) {
                end = i + 1;
            }
        }
        return end;
    }

    private static int find(CharTrie trie, String text, int from, int to) {
        int node = CharTrie.ROOT;
        for (int i = from; i < to; i++) {
            node = trie.child(node, text.charAt(i));
        }
        return trie.value(node);
    }

    private static boolean isWhole(String text, int from, int to) {
        return (from == 0 || !CharClasses.isWord(text.codePointBefore(from)))
                && (to == text.length() || !CharClasses.isWord(text.codePointAt(to)));
    }
}
