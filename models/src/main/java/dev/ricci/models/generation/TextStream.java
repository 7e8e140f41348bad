package dev.ricci.models.generation;

import dev.ricci.models.tokenizer.StreamingDecoder;
import dev.ricci.models.tokenizer.Tokenizer;
import dev.ricci.tensor.TensorException;
import java.util.List;

/**
 * Turns the ids of one generation into text: in pieces that never break a character, held back while it may be the
 * start of a stop text, and cut at the first stop text.
 */
public final class TextStream {
    private final StringBuilder text = new StringBuilder();
    private final List<String> stop;
    private final StreamingDecoder decoder;
    private int given;
    private boolean stopped;

    /**
     * @param prompt its ids: a character may straddle its end, and some vocabularies treat the start of a text
     *     differently
     * @param stop texts that end the generation, none empty
     */
    public TextStream(Tokenizer tokenizer, int[] prompt, List<String> stop) {
        this.stop = List.copyOf(stop);
        if (this.stop.contains("")) {
            throw new TensorException("generate: a stop text must not be empty");
        }
        this.decoder = new StreamingDecoder(tokenizer);
        for (int id : prompt) {
            decoder.next(id);
        }
    }

    /** The text that this id settles, which may be empty; nothing comes after a stop text. */
    public String next(int id) {
        return stopped ? "" : take(decoder.next(id), false);
    }

    /** What is left when no id follows: text held back, and unfinished characters as replacement characters. */
    public String end() {
        return stopped ? "" : take(decoder.end(), true);
    }

    /** Whether a stop text came: the generation is to be ended. */
    public boolean stopped() {
        return stopped;
    }

    /** All the text so far, without the stop text; it may end with text that is held back. */
    public String text() {
        return text.toString();
    }

    private String take(String more, boolean last) {
        text.append(more);
        int cut = firstStop();
        if (cut >= 0) {
            text.setLength(cut);
            stopped = true;
        }
        int to = stopped || last ? text.length() : text.length() - heldBack();
        String piece = text.substring(given, Math.max(given, to));
        given += piece.length();
        return piece;
    }

    private int firstStop() {
        int cut = -1;
        for (String s : stop) {
            int at = text.indexOf(s, Math.max(0, given - s.length()));
            cut = at >= 0 && (cut < 0 || at < cut) ? at : cut;
        }
        return cut;
    }

    /** Characters at the end that are the start of a stop text. */
    private int heldBack() {
        int held = 0;
        for (String s : stop) {
            for (int n = Math.min(s.length() - 1, text.length()); n > held; n--) {
                if (s.startsWith(text.substring(text.length() - n))) {
                    held = n;
                }
            }
        }
        return held;
    }
}
