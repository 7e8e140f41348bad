package dev.ricci.models.tokenizer;

/** See {@link TokenDecoder.Strip}. Of a token in pieces, only what may have to be taken off its end waits. */
final class StripStage implements TokenDecoder.Stage {
    private final String content;
    private final int left;
    private final int right;
    private final TokenDecoder.Stage next;
    private int taken;
    private boolean begun;
    private String waiting = "";

    StripStage(String content, int left, int right, TokenDecoder.Stage next) {
        this.content = content;
        this.left = left;
        this.right = right;
        this.next = next;
    }

    @Override
    public void token(String piece, boolean ends) {
        int from = 0;
        while (!begun && taken < left && piece.startsWith(content, from)) {
            from += content.length();
            taken++;
        }
        begun |= from < piece.length();
        String text = waiting + piece.substring(from);
        int to = text.length();
        for (int n = 0; n < right && text.startsWith(content, to - content.length()); n++) {
            to -= content.length();
        }
        waiting = ends ? "" : text.substring(to);
        next.token(text.substring(0, to), ends);
        if (ends) {
            begun = false;
            taken = 0;
        }
    }

    @Override
    public void end() {
        next.end();
    }
}
