package dev.ricci.models.tokenizer;

/** See {@link TokenDecoder.Replace}. Of a token in pieces, only what may be the start of the string waits. */
final class ReplaceStage implements TokenDecoder.Stage {
    private final String from;
    private final String to;
    private final TokenDecoder.Stage next;
    private String waiting = "";

    ReplaceStage(String from, String to, TokenDecoder.Stage next) {
        this.from = from;
        this.to = to;
        this.next = next;
    }

    @Override
    public void token(String piece, boolean ends) {
        String text = waiting + piece;
        StringBuilder out = new StringBuilder();
        int at = 0;
        for (int found = text.indexOf(from); found >= 0; found = text.indexOf(from, at)) {
            out.append(text, at, found).append(to);
            at = found + from.length();
        }
        int keep = ends ? text.length() : Math.max(at, text.length() - from.length() + 1);
        while (!ends && !from.startsWith(text.substring(keep))) {
            keep++;
        }
        waiting = text.substring(keep);
        next.token(out.append(text, at, keep).toString(), ends);
    }

    @Override
    public void end() {
        next.end();
    }
}
