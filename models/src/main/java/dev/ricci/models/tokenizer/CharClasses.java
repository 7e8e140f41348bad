package dev.ricci.models.tokenizer;

/**
 * The classes of characters that pre-tokenizers and normalizers ask for, as Unicode defines them (not as
 * {@link Character#isWhitespace}, which takes other characters for spaces).
 */
final class CharClasses {
    static final byte OTHER = 0;
    static final byte LETTER = 1;
    static final byte NUMBER = 2;
    static final byte SPACE = 3;

    /** The class of each character of the basic plane; that of surrogates is never asked. */
    private static final byte[] BASIC = new byte[1 << 16];

    static {
        for (int c = 0; c < BASIC.length; c++) {
            BASIC[c] = slowClass(c);
        }
    }

    private CharClasses() {
    }

    private static byte slowClass(int c) {
        return isSpace(c) ? SPACE : isLetter(c) ? LETTER : isNumber(c) ? NUMBER : OTHER;
    }

    /** {@link #SPACE}, {@link #LETTER}, {@link #NUMBER} or {@link #OTHER}. */
    static byte of(int codePoint) {
        return codePoint < BASIC.length ? BASIC[codePoint] : slowClass(codePoint);
    }

    /** The code point at a place of a text without lone surrogates. */
    static int codePointAt(char[] text, int at) {
        char c = text[at];
        return Character.isHighSurrogate(c) ? Character.toCodePoint(c, text[at + 1]) : c;
    }

    /** Unicode's White_Space. */
    static boolean isSpace(int c) {
        return c == ' ' || c >= '\t' && c <= '\r' || c >= 0x85 && (c == 0x85 || c == 0xA0 || c == 0x1680
                || c >= 0x2000 && c <= 0x200A || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000);
    }

    /** Categories L*. */
    static boolean isLetter(int c) {
        return in(c, 1 << Character.UPPERCASE_LETTER | 1 << Character.LOWERCASE_LETTER | 1 << Character.TITLECASE_LETTER
                | 1 << Character.MODIFIER_LETTER | 1 << Character.OTHER_LETTER);
    }

    /** Categories N*. */
    static boolean isNumber(int c) {
        return in(c, 1 << Character.DECIMAL_DIGIT_NUMBER | 1 << Character.LETTER_NUMBER | 1 << Character.OTHER_NUMBER);
    }

    /** Categories M*. */
    static boolean isMark(int c) {
        return in(c, 1 << Character.NON_SPACING_MARK | 1 << Character.COMBINING_SPACING_MARK
                | 1 << Character.ENCLOSING_MARK);
    }

    /** Category Mn. */
    static boolean isNonSpacingMark(int c) {
        return in(c, 1 << Character.NON_SPACING_MARK);
    }

    /** What {@code \w} means in Unicode: alphabetic, marks, decimal digits, connectors, joiners. */
    static boolean isWord(int c) {
        return Character.isAlphabetic(c) || isMark(c) || c == 0x200C || c == 0x200D
                || in(c, 1 << Character.DECIMAL_DIGIT_NUMBER | 1 << Character.CONNECTOR_PUNCTUATION);
    }

    /** Categories P*, and the symbols of ASCII. */
    static boolean isPunctuation(int c) {
        if (c < 128) {
            return c > ' ' && c < 127 && !Character.isLetterOrDigit(c);
        }
        return in(c, 1 << Character.CONNECTOR_PUNCTUATION | 1 << Character.DASH_PUNCTUATION
                | 1 << Character.START_PUNCTUATION | 1 << Character.END_PUNCTUATION
                | 1 << Character.INITIAL_QUOTE_PUNCTUATION | 1 << Character.FINAL_QUOTE_PUNCTUATION
                | 1 << Character.OTHER_PUNCTUATION);
    }

    /** Categories Cc, Cf and Co. */
    static boolean isOther(int c) {
        return in(c, 1 << Character.CONTROL | 1 << Character.FORMAT | 1 << Character.PRIVATE_USE);
    }

    private static boolean in(int c, int categories) {
        return (categories >> Character.getType(c) & 1) != 0;
    }
}
