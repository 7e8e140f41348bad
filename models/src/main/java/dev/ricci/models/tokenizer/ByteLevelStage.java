package dev.ricci.models.tokenizer;

import java.nio.charset.StandardCharsets;

/** See {@link TokenDecoder.ByteLevel}. What it makes is one token. */
final class ByteLevelStage implements TokenDecoder.Stage {
    private final TokenDecoder.Stage next;
    private final WholeTokens whole = new WholeTokens();
    private final Utf8Stream utf8 = new Utf8Stream();

    ByteLevelStage(TokenDecoder.Stage next) {
        this.next = next;
    }

    @Override
    public void token(String piece, boolean ends) {
        String token = whole.take(piece, ends);
        if (token != null) {
            next.token(utf8.next(bytes(token)), false);
        }
    }

    /** A token with a character outside the alphabet, as added tokens may be, is text as it is. */
    static byte[] bytes(String token) {
        byte[] bytes = ByteAlphabet.toBytes(token);
        return bytes != null ? bytes : token.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void end() {
        next.token(utf8.end(), true);
        next.end();
    }
}
