package dev.ricci.models.instruction;

import dev.ricci.tensor.TensorException;
import java.util.List;

/**
 * A text to learn from, some parts of which are given and the others learned.
 *
 * @param parts in order; one at least is learned
 * @param endsItself whether the text says where it ends, as a chat template's does; if not, the end-of-sequence id is
 *     learned behind it
 * @param source where it is from, for errors
 */
public record InstructionExample(List<Part> parts, boolean endsItself, String source) {
    /**
     * A part of the text.
     *
     * @param text not empty
     * @param learned whether the loss counts its tokens
     */
    public record Part(String text, boolean learned) {
    }

    /** Leaves empty parts out, and checks that a learned one is left. */
    public InstructionExample {
        parts = parts.stream().filter(p -> !p.text.isEmpty()).toList();
        if (parts.stream().noneMatch(Part::learned)) {
            throw new TensorException(source + ": there is nothing to learn: the answer is empty");
        }
    }
}
