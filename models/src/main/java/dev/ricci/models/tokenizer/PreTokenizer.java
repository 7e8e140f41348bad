package dev.ricci.models.tokenizer;

import java.util.Arrays;
import java.util.List;

/** Cuts a text into words, which the model encodes one by one: the second step of encoding. */
sealed interface PreTokenizer {
    /** Takes the words, in order; none is empty. */
    @FunctionalInterface
    interface Words {
        /**
         * The next word.
         *
         * @param text holds the word in {@code [from, to)}; not to be changed
         * @param first whether the word begins where the text that is encoded begins
         */
        void word(char[] text, int from, int to, boolean first);
    }

    /** Cuts {@code text[from, to)}, which is not empty; {@code first} as for {@link Words#word}. */
    void split(char[] text, int from, int to, boolean first, Words words);

    /** A word for each match of an expression that leaves no character out. */
    record Pattern(WordPattern pattern) implements PreTokenizer {
        @Override
        public void split(char[] text, int from, int to, boolean first, Words words) {
            for (int at = from; at < to;) {
                int end = pattern.next(text, at, to);
                words.word(text, at, end, first && at == from);
                at = end;
            }
        }
    }

    /** Puts a space before words that have none. */
    record PrefixSpace() implements PreTokenizer {
        @Override
        public void split(char[] text, int from, int to, boolean first, Words words) {
            if (text[from] == ' ') {
                words.word(text, from, to, first);
            } else {
                char[] longer = prefixed(' ', text, from, to);
                words.word(longer, 0, longer.length, first);
            }
        }
    }

    /** Runs of word characters and runs of other characters, without the spaces. */
    record Whitespace() implements PreTokenizer {
        @Override
        public void split(char[] text, int from, int to, boolean first, Words words) {
            int start = from;
            int kind = -1;
            for (int at = from; at < to;) {
                int c = CharClasses.codePointAt(text, at);
                int next = CharClasses.isWord(c) ? 1 : CharClasses.isSpace(c) ? 0 : 2;
                if (next != kind && kind > 0) {
                    words.word(text, start, at, first && start == from);
                }
                if (next != kind) {
                    start = at;
                    kind = next;
                }
                at += Character.charCount(c);
            }
            if (kind > 0) {
                words.word(text, start, to, first && start == from);
            }
        }
    }

    /** Cut where a delimiter is found. */
    record Split(Delimiter delimiter, Delimiter.Behavior behavior) implements PreTokenizer {
        @Override
        public void split(char[] text, int from, int to, boolean first, Words words) {
            behavior.split(delimiter, text, from, to, first, words);
        }
    }

    /** Writes spaces as another character, puts one before the text, and cuts before each, as SentencePiece does. */
    record Metaspace(char replacement, Prepend prepend, boolean split) implements PreTokenizer {
        /** Where a space is put before a text that has none: nowhere, where the whole text begins, or everywhere. */
        enum Prepend { NEVER, FIRST, ALWAYS }

        @Override
        public void split(char[] text, int from, int to, boolean first, Words words) {
            boolean needed = text[from] != ' ' && text[from] != replacement;
            boolean prefix = needed && (prepend == Prepend.ALWAYS || prepend == Prepend.FIRST && first);
            char[] s = prefix ? prefixed(replacement, text, from, to) : Arrays.copyOfRange(text, from, to);
            for (int i = 0; i < s.length; i++) {
                s[i] = s[i] == ' ' ? replacement : s[i];
            }
            if (split) {
                Delimiter.Behavior.MERGED_WITH_NEXT.split(new Delimiter.Literal(String.valueOf(replacement)), s, 0,
                        s.length, first, words);
            } else {
                words.word(s, 0, s.length, first);
            }
        }
    }

    /**
     * Cuts before the first of each run of a character: for models without a pre-tokenizer whose merges never cross such
     * a place, where it changes nothing but the time that long texts take.
     */
    record BeforeRuns(char c) implements PreTokenizer {
        @Override
        public void split(char[] text, int from, int to, boolean first, Words words) {
            int start = from;
            for (int at = from + 1; at < to; at++) {
                if (text[at] == c && text[at - 1] != c) {
                    words.word(text, start, at, first && start == from);
                    start = at;
                }
            }
            words.word(text, start, to, first && start == from);
        }
    }

    /** One after the other, each on the words of the one before; none at all gives the text as one word. */
    record Sequence(List<PreTokenizer> steps) implements PreTokenizer {
        @Override
        public void split(char[] text, int from, int to, boolean first, Words words) {
            run(0, text, from, to, first, words);
        }

        private void run(int step, char[] text, int from, int to, boolean first, Words words) {
            if (step == steps.size()) {
                words.word(text, from, to, first);
            } else if (step == steps.size() - 1) {
                steps.get(step).split(text, from, to, first, words);
            } else {
                steps.get(step).split(text, from, to, first, (t, f, e, one) -> run(step + 1, t, f, e, one, words));
            }
        }
    }

    private static char[] prefixed(char c, char[] text, int from, int to) {
        char[] longer = new char[to - from + 1];
        longer[0] = c;
        System.arraycopy(text, from, longer, 1, to - from);
        return longer;
    }
}
