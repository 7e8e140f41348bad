package dev.ricci.models.instruction;

import dev.ricci.models.instruction.InstructionExample.Part;
import dev.ricci.models.tokenizer.Tokenizer;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.TensorException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Turns examples into ids. The ids of what is given are those that a prompt of the same text has, so that the model learns
 * to go on from what it will see.
 *
 * @param tokenizer of the model
 * @param context the most predictions in an example
 * @param tooLong what becomes of longer ones
 */
public record InstructionEncoder(Tokenizer tokenizer, int context, TooLong tooLong) {
    /** What becomes of an example that is longer than the context. */
    public enum TooLong {
        /** Its end is cut off; it is left out if nothing learned is left. */
        CUT,
        /** It is left out. */
        LEAVE_OUT
    }

    /**
     * The examples that are left.
     *
     * @param examples as ids
     * @param cut how many of them have lost their end
     * @param leftOut how many are not there
     */
    public record Encoded(List<EncodedExample> examples, int cut, int leftOut) {
    }

    /** The ids of one example. */
    private static final class Row {
        private int[] ids = new int[256];
        private boolean[] learned = new boolean[256];
        private int size;

        void add(boolean learn, int... more) {
            if (size + more.length > ids.length) {
                int room = Math.max(2 * ids.length, size + more.length);
                ids = Arrays.copyOf(ids, room);
                learned = Arrays.copyOf(learned, room);
            }
            System.arraycopy(more, 0, ids, size, more.length);
            Arrays.fill(learned, size, size + more.length, learn);
            size += more.length;
        }
    }

    /** Checks the context. */
    public InstructionEncoder {
        if (context < 1) {
            throw new TensorException("instructions: the context must be 1 or more, got " + context);
        }
    }

    /**
     * Encodes all examples, in order.
     *
     * @throws FormatException naming the example, if the vocabulary cannot express it; or if none is left
     */
    public Encoded encode(List<InstructionExample> examples) {
        List<EncodedExample> encoded = new ArrayList<>();
        int cut = 0;
        for (InstructionExample example : examples) {
            Row row = row(example);
            boolean fits = row.size - 1 <= context;
            int n = fits ? row.size - 1 : tooLong == TooLong.CUT ? context : 0;
            int[] targets = new int[Math.max(0, n)];
            for (int i = 0; i < n; i++) {
                targets[i] = row.learned[i + 1] ? row.ids[i + 1] : Functional.IGNORE_INDEX;
            }
            if (Arrays.stream(targets).anyMatch(t -> t != Functional.IGNORE_INDEX)) {
                encoded.add(new EncodedExample(Arrays.copyOf(row.ids, n), targets));
                cut += fits ? 0 : 1;
            }
        }
        if (encoded.isEmpty()) {
            throw new FormatException("instructions: none of " + examples.size() + " examples fits a context of " + context
                    + "; use a longer one");
        }
        return new Encoded(encoded, cut, examples.size() - encoded.size());
    }

    private Row row(InstructionExample example) {
        Row row = new Row();
        try {
            if (!example.framed() && tokenizer.bos().isPresent()) {
                row.add(false, tokenizer.bos().getAsInt());
            }
            Part before = null;
            for (Part part : example.parts()) {
                row.add(part.learned(), following(before, part));
                before = part;
            }
        } catch (TensorException e) {
            throw new FormatException(example.source() + ": " + e.getMessage(), e);
        }
        if (!example.framed() && tokenizer.eos().isPresent()) {
            row.add(true, tokenizer.eos().getAsInt());
        }
        return row;
    }

    /**
     * The ids of a text behind another one. Where both together have the ids of the first and then more, it is those, since
     * some tokenizers put a space before a text on its own; where a token would go over the border, the text's own, since
     * the prompt will have ended at the border.
     */
    private int[] following(Part before, Part part) {
        int[] alone = tokenizer.encode(part.text(), part.foreign());
        if (before == null) {
            return alone;
        }
        int[] first = tokenizer.encode(before.text(), before.foreign());
        BitSet foreign = before.foreign();
        part.foreign().stream().forEach(i -> foreign.set(before.text().length() + i));
        int[] both = tokenizer.encode(before.text() + part.text(), foreign);
        return Arrays.mismatch(first, both) == first.length ? Arrays.copyOfRange(both, first.length, both.length) : alone;
    }
}
