package dev.ricci.models.chat;

import dev.ricci.models.tokenizer.Tokenizer;
import java.util.BitSet;

/**
 * A conversation as one text that knows who wrote it.
 *
 * @param text what the model reads
 * @param foreign the chars of it that come from messages; the others are the template's
 */
public record ChatPrompt(String text, BitSet foreign) {
    /** Copies the set. */
    public ChatPrompt {
        foreign = (BitSet) foreign.clone();
    }

    @Override
    public BitSet foreign() {
        return (BitSet) foreign.clone();
    }

    /**
     * The ids of the prompt. Tokens with a meaning for the model are found in what the template wrote alone: a message with
     * {@code <|im_end|>} in it does not end a turn. Nothing is added at the beginning; templates write their BOS.
     *
     * @throws dev.ricci.tensor.TensorException if the vocabulary cannot express the text
     */
    public int[] encode(Tokenizer tokenizer) {
        return tokenizer.encode(text, foreign);
    }
}
