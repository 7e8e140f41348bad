package dev.ricci.models.tokenizer;

import java.text.Normalizer.Form;
import java.util.List;
import java.util.function.IntPredicate;

/** Rewrites a text before it is cut into words: the first step of encoding. */
sealed interface Normalizer {
    /** The text that the model sees in place of this one. */
    String apply(String text);

    /** How many times as long a text may become: a file from a stranger must not make gigabytes of it. */
    default double growth() {
        return 1;
    }

    /** One of Unicode's normal forms. */
    record Unicode(Form form) implements Normalizer {
        @Override
        public String apply(String text) {
            // Below U+0300 nothing composes, below U+0080 nothing decomposes: most texts need no look at the tables.
            int plain = form == Form.NFC ? 0x300 : 0x80;
            for (int i = 0; i < text.length(); i++) {
                if (text.charAt(i) >= plain) {
                    return java.text.Normalizer.normalize(text, form);
                }
            }
            return text;
        }
    }

    /** Each character in lower case, whatever stands beside it. */
    record Lowercase() implements Normalizer {
        @Override
        public String apply(String text) {
            StringBuilder out = new StringBuilder(text.length());
            text.codePoints().forEach(c -> {
                if (c == 0x130) {
                    // The only character whose lower case is two characters.
                    out.append("i\u0307");
                } else {
                    out.appendCodePoint(Character.toLowerCase(c));
                }
            });
            return out.toString();
        }
    }

    /** SentencePiece's own, as its models carry it. */
    record Precompiled(CharsMap map) implements Normalizer {
        @Override
        public String apply(String text) {
            return map.apply(text);
        }

        @Override
        public double growth() {
            return map.longest();
        }
    }

    /** Without combining marks; characters are not decomposed before. */
    record StripAccents() implements Normalizer {
        @Override
        public String apply(String text) {
            return without(text, CharClasses::isMark);
        }
    }

    /** What BERT does: clean, put spaces around ideographs, strip accents, lower case. */
    record Bert(boolean cleanText, boolean chineseChars, boolean stripAccents, boolean lowercase) implements Normalizer {
        @Override
        public String apply(String text) {
            String s = text;
            if (cleanText || chineseChars) {
                s = cleaned(s);
            }
            if (stripAccents) {
                s = without(new Unicode(Form.NFD).apply(s), CharClasses::isNonSpacingMark);
            }
            return lowercase ? new Lowercase().apply(s) : s;
        }

        private String cleaned(String text) {
            StringBuilder out = new StringBuilder(text.length() + 16);
            text.codePoints().forEach(c -> {
                boolean space = CharClasses.isSpace(c);
                if (cleanText && (c == 0 || c == 0xFFFD || CharClasses.isOther(c) && c != '\t' && c != '\n' && c != '\r')) {
                    return;
                }
                if (cleanText && space) {
                    out.append(' ');
                } else if (chineseChars && isIdeograph(c)) {
                    out.append(' ').appendCodePoint(c).append(' ');
                } else {
                    out.appendCodePoint(c);
                }
            });
            return out.toString();
        }

        /** The blocks of CJK ideographs that BERT's own tokenizer names. */
        private static boolean isIdeograph(int c) {
            return c >= 0x4E00 && c <= 0x9FFF || c >= 0x3400 && c <= 0x4DBF || c >= 0x20000 && c <= 0x2A6DF
                    || c >= 0x2A700 && c <= 0x2B73F || c >= 0x2B740 && c <= 0x2B81F || c >= 0x2B920 && c <= 0x2CEAF
                    || c >= 0xF900 && c <= 0xFAFF || c >= 0x2F800 && c <= 0x2FA1F;
        }
    }

    /** A string before the text, unless that is empty. */
    record Prepend(String prefix) implements Normalizer {
        @Override
        public String apply(String text) {
            return text.isEmpty() ? text : prefix + text;
        }

        @Override
        public double growth() {
            return 1.0 + prefix.length();
        }
    }

    /** Every occurrence of a string replaced, from left to right. */
    record Replace(String from, String to) implements Normalizer {
        @Override
        public String apply(String text) {
            return text.replace(from, to);
        }

        @Override
        public double growth() {
            return Math.max(1, (double) to.length() / from.length());
        }
    }

    /** Every run of two or more spaces replaced. */
    record ReplaceSpaces(String to) implements Normalizer {
        /** How files write it. */
        static final String REGEX = " {2,}";

        @Override
        public String apply(String text) {
            StringBuilder out = new StringBuilder(text.length());
            int n = text.length();
            for (int i = 0; i < n;) {
                int end = i;
                while (end < n && text.charAt(end) == ' ') {
                    end++;
                }
                if (end - i >= 2) {
                    out.append(to);
                    i = end;
                } else {
                    out.append(text.charAt(i++));
                }
            }
            return out.toString();
        }

        @Override
        public double growth() {
            return Math.max(1, to.length() / 2.0);
        }
    }

    /** Without spaces at its ends. */
    record Strip(boolean left, boolean right) implements Normalizer {
        @Override
        public String apply(String text) {
            int from = 0;
            int to = text.length();
            while (left && from < to && CharClasses.isSpace(text.charAt(from))) {
                from++;
            }
            while (right && to > from && CharClasses.isSpace(text.charAt(to - 1))) {
                to--;
            }
            return text.substring(from, to);
        }
    }

    /** One after the other; none at all leaves the text as it is. */
    record Sequence(List<Normalizer> steps) implements Normalizer {
        @Override
        public String apply(String text) {
            String s = text;
            for (Normalizer step : steps) {
                s = step.apply(s);
            }
            return s;
        }

        @Override
        public double growth() {
            return steps.stream().mapToDouble(Normalizer::growth).reduce(1, (a, b) -> a * b);
        }
    }

    private static String without(String text, IntPredicate dropped) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().filter(c -> !dropped.test(c)).forEach(out::appendCodePoint);
        return out.toString();
    }
}
