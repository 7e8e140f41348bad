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

    /**
     * Inputs (x [N, D], weight [V, D], targets [N] as I32 or I64, scale [N]), output the sum over n of scale[n] times the
     * {@link CrossEntropy} of the logits x weight^T, a scalar: the head of a language model and its loss in one, by
     * blocks of rows, so that the logits of all of them never live at once. With {@code gradients} the outputs are
     * (loss, dx [N, D], dweight [V, D]), since each block's gradient is made while its logits are there; the backward
     * pass only multiplies them by the gradient of the loss. Rows whose target is ignored, or whose scale is 0, have no
     * part. No gradient flows to the scale.
     *
     * @param ignoreIndex as in {@link CrossEntropy}
     * @param labelSmoothing as in {@link CrossEntropy}
     * @param gradients whether to make the gradients
     */
    record LinearCrossEntropy(int ignoreIndex, double labelSmoothing, boolean gradients) implements Loss {
        /** Checks the smoothing. */
        public LinearCrossEntropy {
            checkSmoothing(labelSmoothing);
        }

        @Override
        public String name() {
            return "linear_cross_entropy";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 4, 4);
            TensorSpec x = in.get(0);
            TensorSpec weight = in.get(1);
            Check.computable(this, x);
            Check.sameDType(this, x, weight);
            Check.rank(this, x, 2, "x [N, D]");
            Check.rank(this, weight, 2, "weight [V, D]");
            Check.shape(this, weight, Shape.of(weight.shape().dim(0), x.shape().dim(1)), "weight [V, D]");
            checkTargets(this, x.shape().dim(0), weight.shape().dim(0), in.get(2));
            Check.same(this, in.get(3), x.with(in.get(2).shape()));
            TensorSpec loss = x.with(Shape.scalar());
            return gradients ? List.of(loss, x, weight) : List.of(loss);
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return false;
        }

        @Override
        public boolean gradientReadsOutput(int i) {
            return i > 0;
        }
    }

    private static List<TensorSpec> checkRows(Op op, TensorSpec logits, TensorSpec targets) {
        Check.computable(op, logits);
        Check.rank(op, logits, 2, "logits [N, C]");
        checkTargets(op, logits.shape().dim(0), logits.shape().dim(1), targets);
        return List.of(logits.with(targets.shape()), logits.with(targets.shape()));
    }

    private static void checkTargets(Op op, int rows, int classes, TensorSpec targets) {
        Check.ids(op, targets, "targets");
        Check.positive(op.name(), "the number of classes", classes);
        Check.shape(op, targets, Shape.of(rows), "targets");
    }

    private static void checkSmoothing(double smoothing) {
        if (!(smoothing >= 0 && smoothing <= 1)) {
            throw new TensorException("cross_entropy: label smoothing must lie in 0 .. 1, got " + smoothing);
        }
    }
}
