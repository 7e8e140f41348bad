package dev.ricci.autograd;

import dev.ricci.tensor.Provenance;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.op.Op;

/** What a gradient rule sees of one executed op: what was saved, and the gradients of the outputs. */
final class Node {
    private final Provenance provenance;
    private final Tensor[] gradients;

    Node(Provenance provenance, Tensor[] gradients) {
        this.provenance = provenance;
        this.gradients = gradients;
    }

    Op op() {
        return provenance.op();
    }

    int inputs() {
        return provenance.inputSpecs().size();
    }

    /** Whether input i wants a gradient. */
    boolean needs(int i) {
        return provenance.source(i) != null;
    }

    Tensor input(int i) {
        return provenance.input(i);
    }

    Tensor output(int i) {
        return provenance.output(i);
    }

    TensorSpec spec(int i) {
        return provenance.inputSpecs().get(i);
    }

    Shape shape(int i) {
        return spec(i).shape();
    }

    TensorSpec outputSpec(int i) {
        return provenance.outputSpecs().get(i);
    }

    int outputs() {
        return gradients.length;
    }

    /** The gradient of output i, or null if it took no part. */
    Tensor gradient(int i) {
        return gradients[i];
    }

    /** The gradient of the only differentiable output. */
    Tensor gradient() {
        for (int i = 1; i < gradients.length; i++) {
            if (gradients[i] != null) {
                throw new TensorException("gradients: output " + i + " of '" + op().name() + "', "
                        + outputSpec(i) + ", is a by-product without a gradient; detach() it");
            }
        }
        return gradients[0];
    }

    /** No gradient for any input. */
    Tensor[] none() {
        return new Tensor[inputs()];
    }

    /** A gradient for the first input, none for the others. */
    Tensor[] first(Tensor gradient) {
        Tensor[] all = none();
        all[0] = gradient;
        return all;
    }

    TensorException secondOrder(String of) {
        return new TensorException("gradients: second-order gradients through '" + of + "' are not available (its"
                + " gradient is the fused op '" + op().name() + "'); compose it from elementary ops");
    }
}
