package dev.ricci.models.tokenizer;

import dev.ricci.models.tokenizer.PreTokenizer.Words;

/** What separates words: single characters of a class, or a string. */
sealed interface Delimiter {
    /** The end of the delimiter that begins at a place, or -1 if none does. */
    int match(char[] text, int at, int to);

    /** A character of a class. */
    enum Class implements Delimiter {
        /** White space. */
        SPACE,
        /** Punctuation, and the symbols of ASCII. */
        PUNCTUATION,
        /** Numbers of any script. */
        NUMBER;

        @Override
        public int match(char[] text, int at, int to) {
            int c = CharClasses.codePointAt(text, at);
            boolean is = switch (this) {
                case SPACE -> CharClasses.isSpace(c);
                case PUNCTUATION -> CharClasses.isPunctuation(c);
                case NUMBER -> CharClasses.isNumber(c);
            };
            return is ? at + Character.charCount(c) : -1;
        }
    }

    /** A string, which is not empty. */
    record Literal(String string) implements Delimiter {
        @Override
        public int match(char[] text, int at, int to) {
            int n = string.length();
            if (to - at < n) {
                return -1;
            }
            for (int i = 0; i < n; i++) {
                if (text[at + i] != string.charAt(i)) {
                    return -1;
                }
            }
            return at + n;
        }
    }

    /** What becomes of delimiters. */
    enum Behavior {
        /** They are left out. */
        REMOVED,
        /** Each is a word. */
        ISOLATED,
        /** Each ends the word before it; a second one in a row is a word. */
        MERGED_WITH_PREVIOUS,
        /** Each begins the word after it; of two in a row the first is a word. */
        MERGED_WITH_NEXT,
        /** Those in a row are one word. */
        CONTIGUOUS;

        /** Cuts {@code text[from, to)} at the delimiters. */
        void split(Delimiter delimiter, char[] text, int from, int to, boolean first, Words words) {
            // The word that is being collected, and whether what it ends in so far is a delimiter.
            int start = from;
            boolean after = false;
            for (int at = from; at < to;) {
                int end = delimiter.match(text, at, to);
                boolean match = end > 0;
                if (!match) {
                    end = at + (Character.isHighSurrogate(text[at]) ? 2 : 1);
                }
                if (at > start && cuts(after, match)) {
                    if (!(this == REMOVED && after)) {
                        words.word(text, start, at, first && start == from);
                    }
                    start = at;
                }
                after = match;
                at = end;
            }
            if (start < to && !(this == REMOVED && after)) {
                words.word(text, start, to, first && start == from);
            }
        }

        /** Whether a word ends between two neighbours, of which either may be a delimiter. */
        private boolean cuts(boolean leftMatch, boolean rightMatch) {
            return switch (this) {
                case REMOVED, ISOLATED -> leftMatch || rightMatch;
                case MERGED_WITH_PREVIOUS -> leftMatch;
                case MERGED_WITH_NEXT -> rightMatch;
                case CONTIGUOUS -> leftMatch != rightMatch;
            };
        }
    }
}
