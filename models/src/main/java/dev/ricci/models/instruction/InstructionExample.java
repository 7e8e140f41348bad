package dev.ricci.models.instruction;

import dev.ricci.tensor.TensorException;
import java.util.BitSet;
import java.util.List;

/**
 * A text to learn from, some parts of which are given and the others learned.
 *
 * @param parts in order; one at least is learned
 * @param framed whether the text has its beginning and end, as a chat template writes them; if not, it gets the
 *     beginning-of-sequence id, and the end-of-sequence id is learned behind it
 * @param source where it is from, for errors
 */
public record InstructionExample(List<Part> parts, boolean framed, String source) {
    /**
     * A part of the text.
     *
     * @param text not empty
     * @param foreign the chars of it in which no token with a meaning for the model is looked for
     * @param learned whether the loss counts its tokens
     */
    public record Part(String text, BitSet foreign, boolean learned) {
        /** Copies the set. */
        public Part {
            foreign = (BitSet) foreign.clone();
        }

        /** With tokens looked for everywhere, as in a prompt that is given as a text. */
        public Part(String text, boolean learned) {
            this(text, new BitSet(), learned);
        }

        @Override
        public BitSet foreign() {
            return (BitSet) foreign.clone();
        }
    }

    /** Leaves empty parts out, and checks that a learned one is left. */
    public InstructionExample {
        parts = parts.stream().filter(p -> !p.text.isEmpty()).toList();
        if (parts.stream().noneMatch(Part::learned)) {
            throw new TensorException(source + ": there is nothing to learn: the answer is empty");
        }
    }
}
