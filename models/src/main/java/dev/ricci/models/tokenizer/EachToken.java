package dev.ricci.models.tokenizer;

/** A stage that maps whole tokens one by one; of those that come in pieces it waits for the last. */
abstract class EachToken implements TokenDecoder.Stage {
    private final TokenDecoder.Stage next;
    private final WholeTokens whole = new WholeTokens();
    private boolean first = true;

    EachToken(TokenDecoder.Stage next) {
        this.next = next;
    }

    /** What becomes of a token; {@code first} if none came before. */
    abstract String map(String token, boolean first);

    @Override
    public final void token(String piece, boolean ends) {
        String token = whole.take(piece, ends);
        if (token != null) {
            next.token(map(token, first), true);
            first = false;
        }
    }

    @Override
    public final void end() {
        next.end();
    }
}
