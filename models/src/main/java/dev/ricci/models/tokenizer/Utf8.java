package dev.ricci.models.tokenizer;

import dev.ricci.tensor.TensorException;

/** UTF-8 of characters that have been checked to hold no lone surrogate. */
final class Utf8 {
    private Utf8() {
    }

    /**
     * Refuses a text that is not Unicode.
     *
     * @throws TensorException if half of a surrogate pair stands alone
     */
    static void check(String text) {
        int n = text.length();
        for (int i = 0; i < n; i++) {
            char c = text.charAt(i);
            if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
                if (c > Character.MAX_HIGH_SURROGATE || i + 1 == n || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    throw new TensorException(String.format("encode: the text has a lone surrogate, U+%04X at index %d;"
                            + " it is not a character. Replace it, by U+FFFD for example", (int) c, i));
                }
                i++;
            }
        }
    }

    /** Writes the bytes of {@code text[from, to)} to the buffer's bytes and returns how many they are. */
    static int encode(char[] text, int from, int to, IdBuffer buffer) {
        return encode(text, from, to, buffer.bytes(3 * (to - from)));
    }

    /** Writes the bytes of {@code text[from, to)}, at most three for each char, and returns how many they are. */
    static int encode(char[] text, int from, int to, byte[] out) {
        int n = 0;
        for (int i = from; i < to; i++) {
            char c = text[i];
            if (c < 0x80) {
                out[n++] = (byte) c;
            } else if (c < 0x800) {
                out[n++] = (byte) (0xC0 | c >> 6);
                out[n++] = (byte) (0x80 | c & 0x3F);
            } else if (!Character.isHighSurrogate(c)) {
                out[n++] = (byte) (0xE0 | c >> 12);
                out[n++] = (byte) (0x80 | c >> 6 & 0x3F);
                out[n++] = (byte) (0x80 | c & 0x3F);
            } else {
                int p = Character.toCodePoint(c, text[++i]);
                out[n++] = (byte) (0xF0 | p >> 18);
                out[n++] = (byte) (0x80 | p >> 12 & 0x3F);
                out[n++] = (byte) (0x80 | p >> 6 & 0x3F);
                out[n++] = (byte) (0x80 | p & 0x3F);
            }
        }
        return n;
    }
}
