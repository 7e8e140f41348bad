package dev.ricci.autograd;

import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.op.AttentionOp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Gradient rules of attention and rotary embedding. */
final class AttentionVjp {
    private AttentionVjp() {
    }

    static Tensor[] of(AttentionOp op, Node n) {
        return switch (op) {
            case AttentionOp.Attention a -> attention(a, n, n.gradient());
            case AttentionOp.AttentionBackward a -> throw n.secondOrder("attention");
            case AttentionOp.Rotary r -> {
                if (n.needs(2) || n.needs(3)) {
                    throw new TensorException("gradients: 'rotary' has no gradient with respect to its tables cos and"
                            + " sin; detach() them, or rotate with mul, add and slice");
                }
                yield n.first(Tensor.apply(new AttentionOp.Rotary(r.interleaved(), !r.inverse()), n.gradient(),
                        n.input(1), n.input(2), n.input(3)));
            }
        };
    }

    private static Tensor[] attention(AttentionOp.Attention op, Node n, Tensor g) {
        boolean masked = n.inputs() == 4;
        if (masked && n.needs(3)) {
            throw new TensorException("gradients: 'attention' has no gradient with respect to its additive mask "
                    + n.spec(3) + "; detach() the mask, or compose attention from matmul, add and softmax");
        }
        List<Tensor> in = new ArrayList<>(List.of(g, n.output(0), n.output(1), n.input(0), n.input(1), n.input(2)));
        if (masked) {
            in.add(n.input(3));
        }
        AttentionOp.AttentionBackward backward =
                new AttentionOp.AttentionBackward(op.scale(), op.causal(), op.window());
        return Arrays.copyOf(Tensor.applyAll(backward, in.toArray(Tensor[]::new)).toArray(Tensor[]::new), n.inputs());
    }
}
