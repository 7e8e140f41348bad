package dev.ricci.models.tokenizer;

import dev.ricci.tensor.TensorException;
import java.util.OptionalInt;

/** What turns one word into ids: the last step of encoding, after normalizers and pre-tokenizers. */
sealed interface TokenModel permits BpeModel, UnigramModel, WordPieceModel {
    /**
     * Adds the ids of one word.
     *
     * @throws TensorException if the vocabulary cannot express it
     */
    void encode(char[] text, int from, int to, IdBuffer out);

    /** The tokens and their ids. */
    Vocabulary vocabulary();

    /**
     * The id for what is unknown.
     *
     * @throws TensorException if there is none
     */
    static int unknown(OptionalInt unk, int codePoint) {
        return unk.orElseThrow(() -> new TensorException("encode: the character '" + Character.toString(codePoint)
                + String.format("' (U+%04X) is not in the vocabulary, which has no id for the unknown", codePoint)));
    }
}
