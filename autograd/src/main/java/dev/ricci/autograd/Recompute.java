package dev.ricci.autograd;

import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.op.CustomOp;
import java.util.List;
import java.util.function.Function;

/**
 * A function whose interior is not kept: the op behind {@link Checkpointing}. Its inputs are the function's arguments,
 * then whatever else the function reads, so that a change of any of them in place is noticed. {@link Backward} runs the
 * function again and walks on through what that makes.
 */
final class Recompute implements CustomOp {
    private final Function<List<Tensor>, List<Tensor>> f;
    private final int arguments;
    private final List<TensorSpec> specs;
    private List<Tensor> first;

    Recompute(Function<List<Tensor>, List<Tensor>> f, int arguments, List<Tensor> first) {
        this.f = f;
        this.arguments = arguments;
        this.first = first;
        this.specs = first.stream().map(Tensor::spec).toList();
    }

    @Override
    public String name() {
        return "checkpoint";
    }

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        return specs;
    }

    @Override
    public List<Tensor> forward(List<Tensor> inputs) {
        List<Tensor> made = first == null ? f.apply(inputs.subList(0, arguments)) : first;
        first = null;
        return made;
    }

    /** The outputs again, this time with their provenance. */
    List<Tensor> again(Node n) {
        Tensor[] in = new Tensor[n.inputs()];
        for (int i = 0; i < in.length; i++) {
            in[i] = n.input(i); // reading all of them checks that none was changed
        }
        List<Tensor> made = f.apply(List.of(in).subList(0, arguments));
        if (!made.stream().map(Tensor::spec).toList().equals(specs)) {
            throw new TensorException("checkpoint: the function gave " + specs + " the first time and "
                    + made.stream().map(Tensor::spec).toList() + " when recomputed; it must repeat itself exactly");
        }
        return made;
    }

    @Override
    public boolean gradientReadsOutput(int i) {
        return false;
    }

    @Override
    public List<Tensor> gradient(List<Tensor> inputs, List<Tensor> outputs, List<Tensor> gradients) {
        throw new IllegalStateException("checkpoint: the backward walk recomputes instead");
    }
}
