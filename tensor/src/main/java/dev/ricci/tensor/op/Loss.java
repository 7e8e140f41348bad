package dev.ricci.tensor.op;

import dev.ricci.tensor.Shape;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import java.util.List;

/** Fused losses. */
public sealed interface Loss extends Op {
    /**
     * Inputs (logits [N, C], targets [N] as I32 or I64), outputs (loss [N], lse [N]): the cross-entropy of each row,
     * lse - (1 - s) * logits[target] - s * mean(logits) with smoothing s (Szegedy et al. 2016, section 7), where lse
     * is the row's log-sum-exp. Rows whose target is {@code ignoreIndex} have loss 0.
     *
     * @param ignoreIndex the target that does not count, usually -100
     * @param labelSmoothing 0 .. 1
     */
    record CrossEntropy(int ignoreIndex, double labelSmoothing) implements Loss {
        /** Checks the smoothing. */
        public CrossEntropy {
            checkSmoothing(labelSmoothing);
        }

        @Override
        public String name() {
            return "cross_entropy";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 2, 2);
            return checkRows(this, in.get(0), in.get(1));
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return true;
        }

        @Override
        public boolean gradientReadsOutput(int i) {
            return i == 1;
        }
    }

    /**
     * Inputs (grad of loss [N], logits [N, C], targets [N], lse [N]), output dlogits: the gradient of
     * {@link CrossEntropy}, grad * (softmax(logits) - (1 - s) * onehot(target) - s / C), 0 for ignored rows.
     *
     * @param ignoreIndex as in the forward op
     * @param labelSmoothing as in the forward op
     */
    record CrossEntropyBackward(int ignoreIndex, double labelSmoothing) implements Loss {
        /** Checks the smoothing. */
        public CrossEntropyBackward {
            checkSmoothing(labelSmoothing);
        }

        @Override
        public String name() {
            return "cross_entropy_backward";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 4, 4);
            List<TensorSpec> out = checkRows(this, in.get(1), in.get(2));
            Check.same(this, in.get(0), out.get(0));
            Check.same(this, in.get(3), out.get(1));
            return List.of(in.get(1));
        }
    }

    private static List<TensorSpec> checkRows(Op op, TensorSpec logits, TensorSpec targets) {
        Check.computable(op, logits);
        Check.rank(op, logits, 2, "logits [N, C]");
        Check.ids(op, targets, "targets");
        Check.positive(op.name(), "the number of classes", logits.shape().dim(1));
        Check.shape(op, targets, Shape.of(logits.shape().dim(0)), "targets");
        return List.of(logits.with(targets.shape()), logits.with(targets.shape()));
    }

    private static void checkSmoothing(double smoothing) {
        if (!(smoothing >= 0 && smoothing <= 1)) {
            throw new TensorException("cross_entropy: label smoothing must lie in 0 .. 1, got " + smoothing);
        }
    }
}
