package dev.ricci.models.tokenizer;

/**
 * Decodes ids one by one into text and never breaks a character: text comes as soon as no later id can change it. What it
 * gives in all is what {@link Tokenizer#decode} gives.
 */
public final class StreamingDecoder {
    private final Tokenizer tokenizer;
    /** The decoder of a tokenizer that has one of its own; else null, and the bytes of the pieces count. */
    private final PipelineTokenizer.Decoding decoding;
    private final Utf8Stream utf8 = new Utf8Stream();
    private boolean stripSpace;

    /** A decoder for one sequence, from its start. */
    public StreamingDecoder(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        this.decoding = tokenizer instanceof PipelineTokenizer p ? p.new Decoding() : null;
        this.stripSpace = tokenizer instanceof Llama2cTokenizer;
    }

    /** The text that this id completes; may be empty. */
    public String next(int id) {
        return decoding != null ? decoding.next(id) : stripped(utf8.next(tokenizer.piece(id)));
    }

    /** What is left at the end: unfinished characters as replacement characters. */
    public String end() {
        return decoding != null ? decoding.end() : stripped(utf8.end());
    }

    private String stripped(String text) {
        if (stripSpace && !text.isEmpty()) {
            stripSpace = false;
            return text.startsWith(" ") ? text.substring(1) : text;
        }
        return text;
    }
}
