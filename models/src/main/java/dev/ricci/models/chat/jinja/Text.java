package dev.ricci.models.chat.jinja;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;

/**
 * A text that knows which of its characters come from outside the template. Texts of the same characters are equal.
 * Positions are those of Java's chars.
 */
final class Text implements Comparable<Text> {
    static final Text EMPTY = new Text("", new BitSet());

    private final String chars;
    /** Never changed. */
    private final BitSet foreign;

    private Text(String chars, BitSet foreign) {
        this.chars = chars;
        this.foreign = foreign;
    }

    /** A text of the template itself. */
    static Text own(String chars) {
        return new Text(chars, new BitSet());
    }

    /** A text that someone else wrote. */
    static Text foreign(String chars) {
        BitSet all = new BitSet(chars.length());
        all.set(0, chars.length());
        return new Text(chars, all);
    }

    /** Another text in the place of this one: foreign if any of this is. */
    Text like(String other) {
        return foreign.isEmpty() ? own(other) : foreign(other);
    }

    /** The characters alone. */
    String chars() {
        return chars;
    }

    /** Which characters are foreign. */
    BitSet foreign() {
        return (BitSet) foreign.clone();
    }

    int length() {
        return chars.length();
    }

    Text cut(int from, int to) {
        return from == 0 && to == chars.length() ? this : new Text(chars.substring(from, to), foreign.get(from, to));
    }

    /** Without the characters at the ends that a set holds; null: white space. */
    Text strip(String set, boolean left, boolean right) {
        IntPredicate goes = set == null ? Text::isSpace : c -> set.indexOf(c) >= 0;
        int from = 0;
        int to = chars.length();
        while (left && from < to && goes.test(chars.codePointAt(from))) {
            from += Character.charCount(chars.codePointAt(from));
        }
        while (right && from < to && goes.test(chars.codePointBefore(to))) {
            to -= Character.charCount(chars.codePointBefore(to));
        }
        return cut(from, to);
    }

    /** White space as Python's strings know it. */
    static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }

    /** The pieces between separators, of which at most {@code most} count, from the left. */
    List<Text> split(String separator, long most) {
        List<Text> pieces = new ArrayList<>();
        int from = 0;
        for (int at = chars.indexOf(separator); at >= 0 && pieces.size() < most; at = chars.indexOf(separator, from)) {
            pieces.add(cut(from, at));
            from = at + separator.length();
        }
        pieces.add(cut(from, chars.length()));
        return pieces;
    }

    /** The pieces between separators, of which at most {@code most} count, from the right. */
    List<Text> splitFromRight(String separator, long most) {
        List<Text> pieces = new ArrayList<>();
        int to = chars.length();
        for (int at = chars.lastIndexOf(separator); at >= 0 && pieces.size() < most; ) {
            pieces.addFirst(cut(at + separator.length(), to));
            to = at;
            at = to < separator.length() ? -1 : chars.lastIndexOf(separator, to - separator.length());
        }
        pieces.addFirst(cut(0, to));
        return pieces;
    }

    /** The words between white space. */
    List<Text> words() {
        return between(Text::isSpace);
    }

    /** The lines, without their ends. */
    List<Text> lines() {
        List<Text> lines = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < chars.length(); i++) {
            char c = chars.charAt(i);
            if (c == '\n' || c == '\r') {
                lines.add(cut(from, i));
                i += c == '\r' && i + 1 < chars.length() && chars.charAt(i + 1) == '\n' ? 1 : 0;
                from = i + 1;
            }
        }
        if (from < chars.length()) {
            lines.add(cut(from, chars.length()));
        }
        return lines;
    }

    private List<Text> between(IntPredicate separates) {
        List<Text> pieces = new ArrayList<>();
        int from = 0;
        for (int i = 0; i <= chars.length(); i++) {
            if (i == chars.length() || separates.test(chars.charAt(i))) {
                if (i > from) {
                    pieces.add(cut(from, i));
                }
                from = i + 1;
            }
        }
        return pieces;
    }

    /** Its characters one by one. */
    List<Text> characters() {
        List<Text> all = new ArrayList<>();
        for (int i = 0; i < chars.length(); i += Character.charCount(chars.codePointAt(i))) {
            all.add(cut(i, i + Character.charCount(chars.codePointAt(i))));
        }
        return all;
    }

    Text upper() {
        return sized(chars.toUpperCase(Locale.ROOT));
    }

    Text lower() {
        return sized(chars.toLowerCase(Locale.ROOT));
    }

    /** The first character upper case, the others lower case. */
    Text capitalized() {
        return chars.isEmpty() ? this : sized(mapped(i -> i == 0 ? 1 : 0));
    }

    /** The first character of each word upper case, the others lower case. */
    Text titled() {
        return sized(mapped(i -> i == 0 || !Character.isLetter(chars.codePointBefore(i)) ? 1 : 0));
    }

    private String mapped(IntUnaryOperator upperAt) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < chars.length(); i += Character.charCount(chars.codePointAt(i))) {
            int c = chars.codePointAt(i);
            out.appendCodePoint(upperAt.applyAsInt(i) == 1 ? Character.toTitleCase(c) : Character.toLowerCase(c));
        }
        return out.toString();
    }

    /** Other characters in the places of these, where there are as many. */
    private Text sized(String other) {
        return other.length() == chars.length() ? new Text(other, foreign) : like(other);
    }

    @Override
    public int compareTo(Text o) {
        return chars.compareTo(o.chars);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Text t && t.chars.equals(chars);
    }

    @Override
    public int hashCode() {
        return chars.hashCode();
    }

    @Override
    public String toString() {
        return chars;
    }

    /** Makes a text of others; what it makes is paid for. */
    static final class Builder {
        private final StringBuilder chars = new StringBuilder();
        private final BitSet foreign = new BitSet();
        private final Budget budget;

        Builder(Budget budget) {
            this.budget = budget;
        }

        Builder own(String s) {
            budget.spend(s.length());
            chars.append(s);
            return this;
        }

        Builder add(Text t) {
            budget.spend(t.length());
            int at = chars.length();
            for (int from = t.foreign.nextSetBit(0); from >= 0;) {
                int to = t.foreign.nextClearBit(from);
                foreign.set(at + from, at + to);
                from = t.foreign.nextSetBit(to);
            }
            chars.append(t.chars);
            return this;
        }

        Text text() {
            return new Text(chars.toString(), foreign);
        }
    }
}
