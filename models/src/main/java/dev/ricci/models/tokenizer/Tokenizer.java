package dev.ricci.models.tokenizer;

import dev.ricci.tensor.IndexOutOfRangeException;
import java.util.BitSet;
import java.util.OptionalInt;

/** Turns text into ids and back. Immutable and thread-safe. */
public interface Tokenizer {
    /**
     * The ids of a text, without the beginning-of-sequence id.
     *
     * @throws dev.ricci.tensor.TensorException if the text holds something that the vocabulary cannot express
     */
    int[] encode(String text);

    /**
     * The ids of a text of which a stranger wrote a part: as {@link #encode(String)}, but a token with a meaning for the
     * model, such as the end of a turn, is found only where none of its characters is the stranger's.
     *
     * @param foreign the chars of the text that are the stranger's
     * @throws dev.ricci.tensor.TensorException if the text holds something that the vocabulary cannot express
     */
    default int[] encode(String text, BitSet foreign) {
        return encode(text);
    }

    /** The UTF-8 bytes that an id stands for; none for control ids. A character may be spread over several ids. */
    byte[] piece(int id);

    /** Number of ids. */
    int vocabSize();

    /** The id that starts every sequence, if the vocabulary has one. */
    default OptionalInt bos() {
        return OptionalInt.empty();
    }

    /** The id that ends a sequence, if the vocabulary has one. */
    default OptionalInt eos() {
        return OptionalInt.empty();
    }

    /** The text of ids; bytes that are not UTF-8 become the replacement character. */
    default String decode(int... ids) {
        Utf8Stream utf8 = new Utf8Stream();
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            text.append(utf8.next(piece(id)));
        }
        return text.append(utf8.end()).toString();
    }

    /** The ids of a prompt: {@link #bos()}, if there is one, and the text. */
    default int[] encodePrompt(String text) {
        int[] ids = encode(text);
        if (bos().isEmpty()) {
            return ids;
        }
        int[] all = new int[ids.length + 1];
        all[0] = bos().getAsInt();
        System.arraycopy(ids, 0, all, 1, ids.length);
        return all;
    }

    /**
     * Refuses an id outside the vocabulary.
     *
     * @throws IndexOutOfRangeException if it is
     */
    default void checkId(int id) {
        if (id < 0 || id >= vocabSize()) {
            throw new IndexOutOfRangeException("tokenizer: id " + id + " lies outside the vocabulary 0 .. "
                    + (vocabSize() - 1));
        }
    }
}
