package dev.ricci.models.tokenizer;

import dev.ricci.tensor.FormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The character map of a SentencePiece model, {@code precompiled_charsmap}: a trie of strings in UTF-8 and, for each, what
 * it becomes. The trie is a double array (Aoki 1989) in the form of the library Darts-clone: a unit of 32 bits for each
 * node, which holds the byte that leads to it, where its children lie, and whether a string ends there.
 *
 * <p>Applied as Hugging Face's tokenizers do it: a grapheme cluster of at most five bytes is looked up as a whole, and the
 * shortest string of the map that begins it stands for all of it; else its characters are looked up one by one.
 */
final class CharsMap {
    /** Longer clusters are looked up character by character. */
    private static final int WHOLE_BYTES = 5;
    /** Below this no two characters but CR and LF are one cluster. */
    private static final char FIRST_MARK = 0x300;
    private static final Pattern CLUSTER = Pattern.compile("\\X");
    private static final int NONE = -1;

    private final int[] units;
    private final byte[] texts;
    private final int longest;

    /**
     * A map from its bytes.
     *
     * @param bytes the size of the trie, the trie, and the texts, each with a 0 behind it
     * @throws FormatException if the sizes do not fit
     */
    CharsMap(byte[] bytes, String where) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int size = bytes.length < Integer.BYTES ? -1 : in.getInt();
        if (size <= 0 || size % Integer.BYTES != 0 || size > in.remaining()) {
            throw new FormatException(where + ": the character map of " + bytes.length + " bytes does not hold the trie that"
                    + " it should begin with");
        }
        units = new int[size / Integer.BYTES];
        in.asIntBuffer().get(units);
        in.position(Integer.BYTES + size);
        texts = new byte[in.remaining()];
        in.get(texts);
        int most = 1;
        for (int i = 0, start = 0; i <= texts.length; i++) {
            if (i == texts.length || texts[i] == 0) {
                most = Math.max(most, i - start);
                start = i + 1;
            }
        }
        longest = most;
    }

    /** The most characters that one may become. */
    int longest() {
        return longest;
    }

    /** What a text without lone surrogates becomes. */
    String apply(String text) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        byte[] utf8 = new byte[3 * WHOLE_BYTES];
        char[] chars = text.toCharArray();
        Matcher cluster = CLUSTER.matcher(text);
        for (int at = 0; at < chars.length;) {
            int end = at + 1;
            char next = end < chars.length ? chars[end] : 0;
            if (chars[at] >= FIRST_MARK || next >= FIRST_MARK || chars[at] == '\r' && next == '\n') {
                end = cluster.region(at, chars.length).lookingAt() ? cluster.end() : end;
            }
            int found = find(chars, at, end, utf8, true);
            if (found != NONE) {
                append(found, out);
            } else {
                eachCharacter(chars, at, end, utf8, out);
            }
            at = end;
        }
        return out.toString();
    }

    private void eachCharacter(char[] chars, int from, int to, byte[] utf8, StringBuilder out) {
        for (int at = from; at < to;) {
            int end = at + Character.charCount(CharClasses.codePointAt(chars, at));
            int found = find(chars, at, end, utf8, false);
            if (found != NONE) {
                append(found, out);
            } else {
                out.append(chars, at, end - at);
            }
            at = end;
        }
    }

    /** Where the text for the shortest string that begins {@code chars[from, to)} stands, or {@link #NONE}. */
    private int find(char[] chars, int from, int to, byte[] utf8, boolean whole) {
        if (whole && to - from > WHOLE_BYTES) {
            return NONE;
        }
        int n = Utf8.encode(chars, from, to, utf8);
        if (whole && n > WHOLE_BYTES) {
            return NONE;
        }
        int node = offset(units[0]);
        for (int i = 0; i < n && utf8[i] != 0; i++) {
            int b = utf8[i] & 0xFF;
            node ^= b;
            if (node < 0 || node >= units.length || label(units[node]) != b) {
                return NONE;
            }
            int unit = units[node];
            node ^= offset(unit);
            if (hasLeaf(unit)) {
                return node < 0 || node >= units.length ? NONE : units[node] & Integer.MAX_VALUE;
            }
        }
        return NONE;
    }

    private static boolean hasLeaf(int unit) {
        return (unit >> 8 & 1) != 0;
    }

    /** With the highest bit, which marks values: they equal no byte. */
    private static int label(int unit) {
        return unit & (Integer.MIN_VALUE | 0xFF);
    }

    private static int offset(int unit) {
        return unit >>> 10 << ((unit & 1 << 9) >>> 6);
    }

    private void append(int start, StringBuilder out) {
        int end = start;
        boolean ascii = true;
        while (end < texts.length && texts[end] != 0) {
            ascii &= texts[end++] > 0;
        }
        if (!ascii) {
            out.append(new String(texts, start, end - start, StandardCharsets.UTF_8));
            return;
        }
        for (int i = start; i < end; i++) {
            out.append((char) texts[i]);
        }
    }
}
