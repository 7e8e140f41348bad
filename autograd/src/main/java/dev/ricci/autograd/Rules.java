package dev.ricci.autograd;

import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.op.AttentionOp;
import dev.ricci.tensor.op.Contraction;
import dev.ricci.tensor.op.Creation;
import dev.ricci.tensor.op.CustomOp;
import dev.ricci.tensor.op.Elementwise;
import dev.ricci.tensor.op.Indexing;
import dev.ricci.tensor.op.LinearAlgebra;
import dev.ricci.tensor.op.Loss;
import dev.ricci.tensor.op.Movement;
import dev.ricci.tensor.op.Normalization;
import dev.ricci.tensor.op.Random;
import dev.ricci.tensor.op.Reduction;
import dev.ricci.tensor.op.StateUpdate;
import java.util.Arrays;
import java.util.List;

/**
 * The gradient rule of every op. A rule gives one gradient per input, null where there is none, and computes only those
 * that are needed. It reads no value on the host, so that a backward pass can be captured.
 */
final class Rules {
    private Rules() {
    }

    static Tensor[] of(Node n) {
        return switch (n.op()) {
            case Elementwise op -> ElementwiseVjp.of(op, n);
            case Reduction op -> ReductionVjp.of(op, n);
            case Movement op -> MovementVjp.of(op, n);
            case Indexing op -> IndexingVjp.of(op, n);
            case Contraction op -> ContractionVjp.of(op, n);
            case Normalization op -> NormalizationVjp.of(op, n);
            case AttentionOp op -> AttentionVjp.of(op, n);
            case Loss op -> LossVjp.of(op, n);
            case Random op -> RandomVjp.of(op, n);
            case LinearAlgebra op -> LinearAlgebraVjp.of(op, n);
            case CustomOp op -> custom(op, n);
            // Neither is ever tracked: one has no inputs, the other's new states are values of their own.
            case Creation op -> n.none();
            case StateUpdate op -> n.none();
        };
    }

    private static Tensor[] custom(CustomOp op, Node n) {
        Tensor[] inputs = new Tensor[n.inputs()];
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = op.gradientReadsInput(i) ? n.input(i) : null;
        }
        Tensor[] outputs = new Tensor[n.outputs()];
        Tensor[] gradients = new Tensor[n.outputs()];
        for (int i = 0; i < outputs.length; i++) {
            outputs[i] = op.gradientReadsOutput(i) ? n.output(i) : null;
            gradients[i] = n.gradient(i) != null ? n.gradient(i) : Backward.zeros(n.outputSpec(i));
        }
        List<Tensor> found = op.gradient(Arrays.asList(inputs), Arrays.asList(outputs), Arrays.asList(gradients));
        if (found.size() != inputs.length) {
            throw new TensorException("gradients: gradient of custom op '" + op.name() + "' gave " + found.size()
                    + " gradients for " + inputs.length + " inputs; give one per input, null where there is none");
        }
        return found.toArray(Tensor[]::new);
    }
}
