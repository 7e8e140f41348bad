package dev.ricci.tensor.op;

import dev.ricci.tensor.Shape;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/** Softmax and the norms, fused, with fused gradients. */
public sealed interface Normalization extends Op {
    /**
     * exp(x) / sum(exp(x)) along an axis, without overflow. A row that is -infinity throughout gives NaN.
     *
     * @param axis counted from the front
     */
    record Softmax(int axis) implements Normalization {
        @Override
        public String name() {
            return "softmax";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            return inferSoftmax(this, in, axis, 1);
        }

        @Override
        public boolean gradientReadsOutput(int i) {
            return true;
        }
    }

    /**
     * Inputs (grad, y): the gradient of {@link Softmax}, y * (grad - sum(grad * y)).
     *
     * @param axis counted from the front
     */
    record SoftmaxBackward(int axis) implements Normalization {
        @Override
        public String name() {
            return "softmax_backward";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            return inferSoftmax(this, in, axis, 2);
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return true;
        }
    }

    /**
     * x - log(sum(exp(x))) along an axis, without overflow.
     *
     * @param axis counted from the front
     */
    record LogSoftmax(int axis) implements Normalization {
        @Override
        public String name() {
            return "log_softmax";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            return inferSoftmax(this, in, axis, 1);
        }

        @Override
        public boolean gradientReadsOutput(int i) {
            return true;
        }
    }

    /**
     * Inputs (grad, y): the gradient of {@link LogSoftmax}, grad - exp(y) * sum(grad).
     *
     * @param axis counted from the front
     */
    record LogSoftmaxBackward(int axis) implements Normalization {
        @Override
        public String name() {
            return "log_softmax_backward";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            return inferSoftmax(this, in, axis, 2);
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return true;
        }
    }

    /**
     * Inputs (x [..., D], weight [D], optional bias [D]), outputs (y [..., D], mean [...], rstd [...]):
     * y = (x - mean) * rstd * weight + bias with rstd = 1 / sqrt(variance + eps), the variance divided by D
     * (Ba et al. 2016, eq. 4).
     *
     * @param eps added to the variance
     */
    record LayerNorm(double eps) implements Normalization {
        /** Checks eps. */
        public LayerNorm {
            checkEps("layer_norm", eps);
        }

        @Override
        public String name() {
            return "layer_norm";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 2, 3);
            Shape stats = checkNorm(this, in.get(0), in.get(1));
            if (in.size() == 3) {
                Check.same(this, in.get(1), in.get(2));
            }
            return List.of(in.get(0), in.get(0).with(stats), in.get(0).with(stats));
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return i < 2;
        }

        @Override
        public boolean gradientReadsOutput(int i) {
            return i > 0;
        }
    }

    /**
     * Inputs (grad [..., D], x, weight, mean, rstd), outputs (dx, dweight[, dbias]): the gradient of {@link LayerNorm}.
     *
     * @param bias whether there was a bias
     */
    record LayerNormBackward(boolean bias) implements Normalization {
        @Override
        public String name() {
            return "layer_norm_backward";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 5, 5);
            Check.same(this, in.get(0), in.get(1));
            Shape stats = checkNorm(this, in.get(1), in.get(2));
            Check.shape(this, in.get(3), stats, "mean");
            Check.shape(this, in.get(4), stats, "rstd");
            List<TensorSpec> out = new ArrayList<>(List.of(in.get(1), in.get(2)));
            if (bias) {
                out.add(in.get(2));
            }
            return out;
        }
    }

    /**
     * Inputs (x [..., D], weight [D]), outputs (y [..., D], rstd [...]): y = x * rstd * weight with
     * rstd = 1 / sqrt(mean(x^2) + eps) (Zhang and Sennrich 2019, eq. 4).
     *
     * @param eps added to the mean square
     */
    record RmsNorm(double eps) implements Normalization {
        /** Checks eps. */
        public RmsNorm {
            checkEps("rms_norm", eps);
        }

        @Override
        public String name() {
            return "rms_norm";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 2, 2);
            Shape stats = checkNorm(this, in.get(0), in.get(1));
            return List.of(in.get(0), in.get(0).with(stats));
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

    /** Inputs (grad [..., D], x, weight, rstd), outputs (dx, dweight): the gradient of {@link RmsNorm}. */
    record RmsNormBackward() implements Normalization {
        @Override
        public String name() {
            return "rms_norm_backward";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 4, 4);
            Check.same(this, in.get(0), in.get(1));
            Check.shape(this, in.get(3), checkNorm(this, in.get(1), in.get(2)), "rstd");
            return List.of(in.get(1), in.get(2));
        }
    }

    private static List<TensorSpec> inferSoftmax(Op op, List<TensorSpec> in, int axis, int inputs) {
        Check.count(op, in, inputs, inputs);
        TensorSpec x = in.getFirst();
        Check.computable(op, x);
        Check.axis(op, x, axis);
        if (inputs == 2) {
            Check.same(op, x, in.get(1));
        }
        return List.of(x);
    }

    private static Shape checkNorm(Op op, TensorSpec x, TensorSpec weight) {
        Check.computable(op, x);
        Check.sameDType(op, x, weight);
        Check.minRank(op, x, 1, "x");
        int d = x.shape().dim(-1);
        Check.positive(op.name(), "the last axis of x", d);
        Check.shape(op, weight, Shape.of(d), "weight");
        return x.shape().remove(-1);
    }

    private static void checkEps(String op, double eps) {
        if (!(eps >= 0) || Double.isInfinite(eps)) {
            throw new TensorException(op + ": eps must be finite and not negative, got " + eps);
        }
    }
}
