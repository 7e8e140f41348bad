package dev.ricci.models.tokenizer;

/** Puts tokens that come in pieces together. */
final class WholeTokens {
    private final StringBuilder pieces = new StringBuilder();

    /** The token, once its last piece is here; else null. */
    String take(String piece, boolean ends) {
        if (ends && pieces.isEmpty()) {
            return piece;
        }
        pieces.append(piece);
        if (!ends) {
            return null;
        }
        String token = pieces.toString();
        pieces.setLength(0);
        return token;
    }
}
