package dev.ricci.models.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** Decodes ids one by one into text and never breaks a character: bytes wait until their character is whole. */
public final class StreamingDecoder {
    private final Tokenizer tokenizer;
    private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE).onUnmappableCharacter(CodingErrorAction.REPLACE);
    private final boolean stripSpace;
    private byte[] waiting = new byte[0];
    private boolean started;

    /** A decoder for one sequence, from its start. */
    public StreamingDecoder(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        this.stripSpace = tokenizer instanceof Llama2cTokenizer;
    }

    /** The text that this id completes; may be empty. */
    public String next(int id) {
        return decode(tokenizer.piece(id), false);
    }

    /** What is left at the end: unfinished characters as replacement characters. */
    public String end() {
        return decode(new byte[0], true);
    }

    private String decode(byte[] more, boolean end) {
        ByteBuffer in = ByteBuffer.allocate(waiting.length + more.length).put(waiting).put(more).flip();
        CharBuffer out = CharBuffer.allocate(in.remaining() + 2);
        utf8.decode(in, out, end);
        waiting = new byte[in.remaining()];
        in.get(waiting);
        String text = out.flip().toString();
        if (stripSpace && !started && !text.isEmpty()) {
            started = true;
            return text.startsWith(" ") ? text.substring(1) : text;
        }
        return text;
    }
}
