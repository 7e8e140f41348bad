package dev.ricci.gpu;

import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.op.CustomOp;
import dev.ricci.tensor.op.Elementwise;
import dev.ricci.tensor.op.Ints;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/**
 * A chain of element-wise ops in one kernel; {@link Fusion} makes it of lowered instructions. It is a custom op, so that
 * what plans memory sees an instruction like any other.
 *
 * @param stages in order; the first reads operands alone
 */
record FusedOp(List<Stage> stages) implements CustomOp {
    /** Stands for what the stage above made. */
    static final int ABOVE = -1;

    /**
     * An op with one result.
     *
     * @param from for each of its inputs the number of the operand, or {@link #ABOVE}
     */
    record Stage(Elementwise op, Ints from) {
    }

    /** Copies the list. */
    FusedOp {
        stages = List.copyOf(stages);
    }

    @Override
    public String name() {
        return stages.stream().map(s -> s.op().name()).collect(Collectors.joining("+"));
    }

    @Override
    public List<TensorSpec> infer(List<TensorSpec> in) {
        return List.of(along(in, (op, operands) -> op.infer(operands).getFirst()));
    }

    @Override
    public List<Tensor> forward(List<Tensor> in) {
        return List.of(along(in, (op, operands) -> Tensor.apply(op, operands.toArray(Tensor[]::new))));
    }

    private <T> T along(List<T> in, BiFunction<Elementwise, List<T>, T> step) {
        T above = null;
        for (Stage s : stages) {
            List<T> operands = new ArrayList<>();
            for (int k = 0; k < s.from.size(); k++) {
                operands.add(s.from.at(k) == ABOVE ? above : in.get(s.from.at(k)));
            }
            above = step.apply(s.op, operands);
        }
        return above;
    }

    @Override
    public List<Tensor> gradient(List<Tensor> inputs, List<Tensor> outputs, List<Tensor> gradients) {
        throw new IllegalStateException(name() + " is fused after gradients were taken");
    }
}
