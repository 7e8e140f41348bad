package dev.ricci.nn;

import dev.ricci.tensor.Functional;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;

/**
 * The usual losses, each a mean and thus a scalar. Predictions and targets must have one shape where nothing else is
 * said: broadcasting [B, 1] against [B] by accident is an error here. Empty ones are refused, since they have no mean.
 */
public final class Losses {
    private Losses() {
    }

    /**
     * Mean cross-entropy over the targets that are not {@link Functional#IGNORE_INDEX}.
     *
     * @param logits [..., C]
     * @param targets [...] I32 or I64
     */
    public static Tensor crossEntropy(Tensor logits, Tensor targets) {
        notEmpty("cross_entropy", logits);
        return Functional.crossEntropy(logits, targets);
    }

    /** Cross-entropy with the targets softened to (1 - s) one-hot + s / C (Szegedy et al. 2016, section 7). */
    public static Loss crossEntropy(double labelSmoothing) {
        return (logits, targets) -> {
            notEmpty("cross_entropy", logits);
            return Functional.crossEntropy(logits, targets, null, Functional.IGNORE_INDEX, labelSmoothing);
        };
    }

    /** Mean of (prediction - target)^2. */
    public static Tensor mse(Tensor prediction, Tensor target) {
        return difference("mse", prediction, target).square().mean();
    }

    /** Mean of |prediction - target|. */
    public static Tensor l1(Tensor prediction, Tensor target) {
        return difference("l1", prediction, target).abs().mean();
    }

    /**
     * Mean of e^2 / 2 where |e| &lt;= delta and delta (|e| - delta / 2) elsewhere, e = prediction - target
     * (Huber 1964).
     *
     * @param delta positive
     */
    public static Loss huber(double delta) {
        if (!(delta > 0) || Double.isInfinite(delta)) {
            throw new TensorException("huber: delta must be positive and finite, got " + delta);
        }
        return (prediction, target) -> {
            Tensor error = difference("huber", prediction, target).abs();
            Tensor inner = error.minimum(delta);
            return inner.square().mul(0.5).add(error.sub(inner).mul(delta)).mean();
        };
    }

    /**
     * Mean binary cross-entropy of logits, -t log sigmoid(x) - (1 - t) log(1 - sigmoid(x)), computed as
     * t softplus(-x) + (1 - t) softplus(x): neither overflow nor cancellation.
     *
     * @param logits any shape
     * @param targets the same shape, 0 .. 1
     */
    public static Tensor binaryCrossEntropyWithLogits(Tensor logits, Tensor targets) {
        same("binary_cross_entropy", logits, targets);
        return targets.mul(logits.neg().softplus()).add(targets.neg().add(1).mul(logits.softplus())).mean();
    }

    /**
     * Kullback-Leibler divergence of the prediction from the target, sum over the last axis of
     * exp(target) (target - prediction), mean over all others (PyTorch's {@code batchmean} for [B, C]).
     *
     * @param logPrediction [..., C], logarithms of probabilities
     * @param logTarget the same shape, logarithms of probabilities, -infinity allowed
     */
    public static Tensor klDivergence(Tensor logPrediction, Tensor logTarget) {
        same("kl_divergence", logPrediction, logTarget);
        if (logPrediction.rank() == 0) {
            throw new ShapeException("kl_divergence: needs [..., C], got scalars");
        }
        Tensor p = logTarget.exp();
        // 0 log 0 is 0.
        Tensor ratio = logTarget.sub(logPrediction).maskedFill(p.eq(0), 0);
        return p.mul(ratio).sum(-1).mean();
    }

    /**
     * Cosine of the angle between vectors: a and b [..., D] give [...]. The norms count as 1e-8 or more, so that a zero
     * vector gives 0 and no infinite gradient.
     */
    public static Tensor cosineSimilarity(Tensor a, Tensor b) {
        same("cosine_similarity", a, b);
        if (a.rank() == 0) {
            throw new ShapeException("cosine_similarity: needs [..., D], got scalars");
        }
        return a.mul(b).sum(-1).mul(inverseNorm(a)).mul(inverseNorm(b));
    }

    /**
     * Mean of 1 - cos(a, b) where the label is 1, and max(0, cos(a, b) - margin) where it is -1.
     *
     * @param a [..., D]
     * @param b [..., D]
     * @param labels [...] of the vectors' type, 1 or -1
     * @param margin -1 .. 1
     */
    public static Tensor cosineEmbedding(Tensor a, Tensor b, Tensor labels, double margin) {
        if (!(margin >= -1 && margin <= 1)) {
            throw new TensorException("cosine_embedding: margin must lie in -1 .. 1, got " + margin);
        }
        Tensor cos = cosineSimilarity(a, b);
        same("cosine_embedding", cos, labels);
        return labels.gt(0).where(cos.neg().add(1), cos.sub(margin).relu()).mean();
    }

    private static Tensor inverseNorm(Tensor a) {
        return a.sumSquares(-1).maximum(1e-16).rsqrt();
    }

    private static Tensor difference(String loss, Tensor prediction, Tensor target) {
        same(loss, prediction, target);
        return prediction.sub(target);
    }

    private static void same(String loss, Tensor prediction, Tensor target) {
        if (!prediction.shape().equals(target.shape())) {
            throw new ShapeException(loss + ": prediction and target must have one shape, got " + prediction.shape()
                    + " and " + target.shape() + "; reshape one of them");
        }
        notEmpty(loss, prediction);
    }

    private static void notEmpty(String loss, Tensor prediction) {
        if (prediction.shape().isEmpty()) {
            throw new ShapeException(loss + ": an empty batch has no mean, got shape " + prediction.shape());
        }
    }
}
