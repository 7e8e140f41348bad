package dev.ricci.models.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.tokenizer.ByteTokenizer;
import dev.ricci.models.tokenizer.Tokenizer;
import dev.ricci.tensor.TensorException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TextStreamTest {
    private static final Tokenizer BYTES = new ByteTokenizer();

    /** The pieces, the last one that of the end. */
    private static List<String> pieces(TextStream stream, String text) {
        List<String> pieces = new ArrayList<>();
        for (int id : BYTES.encode(text)) {
            pieces.add(stream.next(id));
        }
        pieces.add(stream.end());
        return pieces;
    }

    @Test
    void holdsBackWhatMayBecomeAStopText() {
        TextStream stream = new TextStream(BYTES, new int[0], List.of("END", "DOT"));
        assertEquals(List.of("a", "", "", "ENd", "", "", "DO.", "", "", "EN"), pieces(stream, "aENdDO.EN"));
        assertEquals("aENdDO.EN", stream.text());
        assertFalse(stream.stopped());
    }

    @Test
    void cutsAtTheFirstStopText() {
        TextStream stream = new TextStream(BYTES, new int[0], List.of("lo w", "o"));
        assertEquals(List.of("h", "e", "", "l", "l", "", "", "", "", "", "", ""), pieces(stream, "hello world"));
        assertEquals("hell", stream.text());
        assertTrue(stream.stopped());
    }

    @Test
    void ofStopTextsThatEndTogetherTheOneThatBeganFirstCuts() {
        for (List<String> stop : List.of(List.of("d", "bcd"), List.of("bcd", "d"))) {
            TextStream stream = new TextStream(BYTES, new int[0], stop);
            assertEquals("a", String.join("", pieces(stream, "abcd")));
        }
    }

    @Test
    void neverBreaksACharacterNotEvenAcrossThePrompt() {
        int[] euro = BYTES.encode("\u20ac");
        TextStream stream = new TextStream(BYTES, new int[] {'x', euro[0], euro[1]}, List.of());
        assertEquals("\u20ac", stream.next(euro[2]));
        assertEquals("", stream.next(euro[0]));
        assertEquals("\ufffd", stream.end());
        assertEquals("\u20ac\ufffd", stream.text());
    }

    @Test
    void refusesAnEmptyStopText() {
        assertThrows(TensorException.class, () -> new TextStream(BYTES, new int[0], List.of("")));
    }
}
