package dev.ricci.tensor.program;

import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.op.StateUpdate;
import java.util.List;

/**
 * One op of a program. Views are none: what they give is a {@link Value} with another layout.
 *
 * @param op neither a {@code CustomOp} nor a view that needs no copy
 * @param inputs what it reads
 * @param outputs what it writes; of a {@link StateUpdate} in place the very values of its first inputs
 */
public record Instruction(Op op, List<Value> inputs, List<Value> outputs) {
    /** Copies the lists. */
    public Instruction {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }

    /** Whether it writes over what it read. */
    public boolean updates() {
        return op instanceof StateUpdate && outputs.getFirst().buffer() == inputs.getFirst().buffer();
    }
}
