package dev.ricci.models.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** See {@link TokenDecoder.ByteFallback}. Whether bytes in a row are characters is certain when the row ends. */
final class ByteFallbackStage implements TokenDecoder.Stage {
    private final TokenDecoder.Stage next;
    private final WholeTokens whole = new WholeTokens();
    private final ByteArrayOutputStream row = new ByteArrayOutputStream();

    ByteFallbackStage(TokenDecoder.Stage next) {
        this.next = next;
    }

    /** The byte that a token stands for, 0 to 255, or -1. */
    static int byteOf(String token) {
        if (token.length() != 6 || !token.startsWith("<0x") || token.charAt(5) != '>') {
            return -1;
        }
        int high = hex(token.charAt(3));
        int low = hex(token.charAt(4));
        return high < 0 || low < 0 ? -1 : high << 4 | low;
    }

    private static int hex(char c) {
        return c < 128 ? Character.digit(c, 16) : -1;
    }

    @Override
    public void token(String piece, boolean ends) {
        String token = whole.take(piece, ends);
        if (token == null) {
            return;
        }
        int b = byteOf(token);
        if (b >= 0) {
            row.write(b);
        } else {
            flush();
            next.token(token, true);
        }
    }

    private void flush() {
        if (row.size() == 0) {
            return;
        }
        byte[] bytes = row.toByteArray();
        row.reset();
        try {
            next.token(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString(), true);
        } catch (CharacterCodingException e) {
            for (int i = 0; i < bytes.length; i++) {
                next.token("\ufffd", true);
            }
        }
    }

    @Override
    public void end() {
        flush();
        next.end();
    }
}
