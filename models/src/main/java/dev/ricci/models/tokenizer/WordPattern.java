package dev.ricci.models.tokenizer;

import dev.ricci.tensor.FormatException;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The regular expressions by which byte-level vocabularies cut a text into words, each with a scanner written by hand:
 * every character belongs to exactly one word. A pattern that is not here is refused, because regular expressions of
 * different engines differ in what they match.
 */
public enum WordPattern {
    /** Of GPT-2 and of the ByteLevel pre-tokenizer. */
    GPT2("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+", 0),
    /** Of Llama 3 and, written otherwise, of GPT-4: numbers in groups of up to three digits. */
    LLAMA3("(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
            + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+", 3),
    /** Of Qwen 2 and 3: each digit is a word. */
    QWEN2("(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
            + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+", 1);

    private final String regex;
    /** The longest run of digits in one word; 0 for GPT-2, whose rules differ. */
    private final int digits;

    WordPattern(String regex, int digits) {
        this.regex = regex;
        this.digits = digits;
    }

    /** The expression as files write it. */
    public String regex() {
        return regex;
    }

    /**
     * The pattern that a file names by its expression.
     *
     * @throws FormatException if it is none of these
     */
    static WordPattern of(String regex, String where) {
        for (WordPattern p : values()) {
            if (p.regex.equals(regex)) {
                return p;
            }
        }
        throw new FormatException(where + ": the expression " + regex + " is not supported; supported are those of "
                + Arrays.stream(values()).map(Enum::name).collect(Collectors.joining(", ")));
    }

    /** The end of the word that begins at {@code from}; more than {@code from}, at most {@code to}. */
    int next(char[] text, int from, int to) {
        return this == GPT2 ? nextGpt2(text, from, to) : nextLlama3(text, from, to);
    }

    private static int nextGpt2(char[] text, int from, int to) {
        char c = text[from];
        if (c == '\'') {
            int end = contraction(text, from, to, false);
            if (end > 0) {
                return end;
            }
        }
        int at = c == ' ' && from + 1 < to ? from + 1 : from;
        byte kind = classAt(text, at);
        return kind == CharClasses.SPACE ? spaces(text, from, to) : run(text, at, to, kind);
    }

    private int nextLlama3(char[] text, int from, int to) {
        char c = text[from];
        if (c == '\'') {
            int end = contraction(text, from, to, true);
            if (end > 0) {
                return end;
            }
        }
        byte kind = classAt(text, from);
        if (kind == CharClasses.LETTER) {
            return run(text, from, to, kind);
        }
        if (kind == CharClasses.NUMBER) {
            int at = from;
            for (int n = 0; n < digits && at < to && classAt(text, at) == CharClasses.NUMBER; n++) {
                at = after(text, at);
            }
            return at;
        }
        int second = after(text, from);
        byte next = second < to ? classAt(text, second) : CharClasses.SPACE;
        if (next == CharClasses.LETTER && c != '\r' && c != '\n') {
            return run(text, second, to, next);
        }
        if (kind == CharClasses.OTHER || c == ' ' && next == CharClasses.OTHER) {
            int at = run(text, kind == CharClasses.OTHER ? from : second, to, CharClasses.OTHER);
            while (at < to && (text[at] == '\r' || text[at] == '\n')) {
                at++;
            }
            return at;
        }
        int lastBreak = -1;
        for (int at = from; at < to && CharClasses.of(text[at]) == CharClasses.SPACE; at++) {
            if (text[at] == '\r' || text[at] == '\n') {
                lastBreak = at;
            }
        }
        return lastBreak >= 0 ? lastBreak + 1 : spaces(text, from, to);
    }

    /** All spaces at the end of the text, else all but the last, which goes with the word after it, but at least one. */
    private static int spaces(char[] text, int from, int to) {
        int end = from;
        while (end < to && CharClasses.of(text[end]) == CharClasses.SPACE) {
            end++;
        }
        return end == to || end == from + 1 ? end : end - 1;
    }

    private static int run(char[] text, int from, int to, byte kind) {
        int at = from;
        while (at < to && classAt(text, at) == kind) {
            at = after(text, at);
        }
        return at;
    }

    private static byte classAt(char[] text, int at) {
        char c = text[at];
        return Character.isHighSurrogate(c) ? CharClasses.of(Character.toCodePoint(c, text[at + 1])) : CharClasses.of(c);
    }

    private static int after(char[] text, int at) {
        return Character.isHighSurrogate(text[at]) ? at + 2 : at + 1;
    }

    /** The end of 's, 't, 're, 've, 'm, 'll or 'd at an apostrophe; 0 if there is none. */
    private static int contraction(char[] text, int from, int to, boolean anyCase) {
        char a = from + 1 < to ? letter(text[from + 1], anyCase) : 0;
        if (a == 's' || a == 't' || a == 'm' || a == 'd') {
            return from + 2;
        }
        char b = from + 2 < to ? letter(text[from + 2], anyCase) : 0;
        return b == 'e' && (a == 'r' || a == 'v') || a == 'l' && b == 'l' ? from + 3 : 0;
    }

    private static char letter(char c, boolean anyCase) {
        if (!anyCase) {
            return c;
        }
        // The long s is an s by Unicode's case folding; no other letter beyond ASCII folds into one of these.
        return c >= 'A' && c <= 'Z' ? (char) (c + 32) : c == '\u017f' ? 's' : c;
    }
}
