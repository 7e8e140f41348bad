package dev.ricci.testkit;

import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Op;
import java.util.List;

/**
 * One call of an op.
 *
 * @param op the op with its attributes
 * @param inputs its inputs, in any layout
 */
public record OpCase(Op op, List<Tensor> inputs) {
    /** Copies the list. */
    public OpCase {
        inputs = List.copyOf(inputs);
    }

    /** A call. */
    public static OpCase of(Op op, Tensor... inputs) {
        return new OpCase(op, List.of(inputs));
    }

    /** The inputs as an array. */
    Tensor[] array() {
        return inputs.toArray(Tensor[]::new);
    }

    /** The op, and of each input its layout, unless that is plain, and its values. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(op.toString());
        for (int i = 0; i < inputs.size(); i++) {
            Tensor t = inputs.get(i);
            text.append("\n  input ").append(i).append(':');
            if (!t.layout().isDense() || t.layout().offset() != 0) {
                text.append(' ').append(t.layout());
            }
            text.append('\n').append(t.toString().indent(4).stripTrailing());
        }
        return text.toString();
    }
}
