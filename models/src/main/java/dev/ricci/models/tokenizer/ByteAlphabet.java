package dev.ricci.models.tokenizer;

import java.util.Arrays;

/**
 * The printable character that stands for each byte in the files of byte-level vocabularies (GPT-2): printable Latin-1
 * bytes stand for themselves, the other 68 are U+0100 and following, in ascending order.
 */
final class ByteAlphabet {
    private static final char[] CHARS = new char[256];
    private static final short[] BYTES = new short[0x144];

    static {
        Arrays.fill(BYTES, (short) -1);
        int next = 0x100;
        for (int b = 0; b < 256; b++) {
            boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
            CHARS[b] = (char) (printable ? b : next++);
            BYTES[CHARS[b]] = (short) b;
        }
    }

    private ByteAlphabet() {
    }

    /** The character of a byte, 0 to 255. */
    static char toChar(int b) {
        return CHARS[b];
    }

    /** The byte of a character, 0 to 255, or -1 if it stands for none. */
    static int toByte(char c) {
        return c < BYTES.length ? BYTES[c] : -1;
    }

    /** The bytes of a token, or null if one of its characters stands for none. */
    static byte[] toBytes(String token) {
        byte[] bytes = new byte[token.length()];
        for (int i = 0; i < bytes.length; i++) {
            int b = toByte(token.charAt(i));
            if (b < 0) {
                return null;
            }
            bytes[i] = (byte) b;
        }
        return bytes;
    }

    /** Bytes as the files write them. */
    static String toText(byte[] bytes) {
        char[] chars = new char[bytes.length];
        for (int i = 0; i < chars.length; i++) {
            chars[i] = CHARS[bytes[i] & 0xFF];
        }
        return new String(chars);
    }
}
