package dev.ricci.models.tokenizer;

/**
 * Bytes to characters as they come: bytes wait until their character is whole. What is not UTF-8 becomes U+FFFD, one for
 * each longest run of bytes that begins a character, as Unicode recommends (chapter 3.9). Java's own decoder makes one of
 * all three bytes of an encoded surrogate, where other languages make three.
 */
final class Utf8Stream {
    private int codePoint;
    /** How many bytes the character that has begun still needs, and between which bounds the next one must lie. */
    private int needed;
    private int lowest = 0x80;
    private int highest = 0xBF;

    /** The characters that these bytes complete. */
    String next(byte[] more) {
        StringBuilder out = new StringBuilder(more.length);
        for (byte one : more) {
            int b = one & 0xFF;
            if (needed > 0) {
                boolean continues = b >= lowest && b <= highest;
                lowest = 0x80;
                highest = 0xBF;
                if (continues) {
                    codePoint = codePoint << 6 | b & 0x3F;
                    if (--needed == 0) {
                        out.appendCodePoint(codePoint);
                    }
                    continue;
                }
                needed = 0;
                out.append('\ufffd');
            }
            begin(b, out);
        }
        return out.toString();
    }

    private void begin(int b, StringBuilder out) {
        if (b < 0x80) {
            out.append((char) b);
        } else if (b < 0xC2 || b > 0xF4) {
            out.append('\ufffd');
        } else if (b < 0xE0) {
            needed = 1;
            codePoint = b & 0x1F;
        } else if (b < 0xF0) {
            needed = 2;
            codePoint = b & 0x0F;
            // Not what two bytes could say, and no surrogates.
            lowest = b == 0xE0 ? 0xA0 : 0x80;
            highest = b == 0xED ? 0x9F : 0xBF;
        } else {
            needed = 3;
            codePoint = b & 0x07;
            // Not what three bytes could say, and nothing beyond U+10FFFF.
            lowest = b == 0xF0 ? 0x90 : 0x80;
            highest = b == 0xF4 ? 0x8F : 0xBF;
        }
    }

    /** What is left: U+FFFD for an unfinished character. */
    String end() {
        boolean unfinished = needed > 0;
        needed = 0;
        lowest = 0x80;
        highest = 0xBF;
        return unfinished ? "\ufffd" : "";
    }
}
