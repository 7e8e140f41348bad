package dev.ricci.tensor;

import dev.ricci.tensor.op.AttentionOp;
import dev.ricci.tensor.op.Contraction;
import dev.ricci.tensor.op.Contraction.Window;
import dev.ricci.tensor.op.Elementwise;
import dev.ricci.tensor.op.Loss;
import dev.ricci.tensor.op.Normalization;
import dev.ricci.tensor.op.Random;
import dev.ricci.tensor.op.UnaryKind;
import java.util.List;

/** The stateless functions of neural networks (PyTorch's {@code torch.nn.functional}). */
public final class Functional {
    /** The target that losses skip by convention. */
    public static final int IGNORE_INDEX = -100;

    private Functional() {
    }

    /** Rows of a table: weight [V, D] and ids of any shape give [ids..., D]. */
    public static Tensor embedding(Tensor weight, Tensor ids) {
        if (weight.rank() != 2) {
            throw new ShapeException("embedding: weight must be [V, D], got " + weight.shape());
        }
        return weight.indexSelect(0, ids);
    }

    /**
     * y = x W^T + b, the bias added within the product.
     *
     * @param x [..., in]
     * @param weight [out, in]
     * @param bias [out], or null for none
     * @return [..., out]
     * @throws ShapeException if they do not fit
     */
    public static Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        return Products.linear(x, weight, bias);
    }

    /**
     * A gated activation, f(gate) * up (Shazeer 2020): SwiGLU with SILU, GEGLU with GELU.
     *
     * @param kind GELU, GELU_TANH or SILU
     * @param gate of the shape of {@code up}
     */
    public static Tensor gate(UnaryKind kind, Tensor gate, Tensor up) {
        return Dispatch.run(new Elementwise.Gate(kind), gate, up);
    }

    /**
     * Layer norm over the last axis (see {@link Normalization.LayerNorm}).
     *
     * @param bias [D], or null for none
     */
    public static Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, double eps) {
        Normalization.LayerNorm op = new Normalization.LayerNorm(eps);
        return bias == null ? Dispatch.run(op, x, weight) : Dispatch.run(op, x, weight, bias);
    }

    /** RMS norm over the last axis (see {@link Normalization.RmsNorm}). */
    public static Tensor rmsNorm(Tensor x, Tensor weight, double eps) {
        return Dispatch.run(new Normalization.RmsNorm(eps), x, weight);
    }

    /**
     * Mean cross-entropy over the targets that are not {@link #IGNORE_INDEX}.
     *
     * @param logits [..., C]
     * @param targets [...] I32 or I64
     */
    public static Tensor crossEntropy(Tensor logits, Tensor targets) {
        return crossEntropy(logits, targets, null, IGNORE_INDEX, 0);
    }

    /**
     * Weighted mean cross-entropy: sum(weight * loss) / sum(weight), over targets that are not ignored; 0 if none is
     * left.
     *
     * @param logits [..., C]
     * @param targets [...] I32 or I64
     * @param weights [...], one a token, or null for ones
     * @param ignoreIndex the target that does not count
     * @param labelSmoothing 0 .. 1
     */
    public static Tensor crossEntropy(Tensor logits, Tensor targets, Tensor weights, int ignoreIndex,
            double labelSmoothing) {
        Tensor losses = tokenCrossEntropy(logits, targets, ignoreIndex, labelSmoothing);
        Tensor counted = counted(targets, weights, ignoreIndex, losses.dtype());
        return (weights == null ? losses : losses.mul(weights)).sum().div(orOne(counted.sum()));
    }

    /** The weight of each token: 0 where ignored. */
    private static Tensor counted(Tensor targets, Tensor weights, int ignoreIndex, DType dtype) {
        Tensor counted = targets.ne(ignoreIndex).to(dtype);
        if (weights == null) {
            return counted;
        }
        if (!weights.shape().equals(targets.shape())) {
            throw new ShapeException("cross_entropy: weights must have the targets' shape " + targets.shape()
                    + ", got " + weights.shape());
        }
        return counted.mul(weights);
    }

    private static Tensor orOne(Tensor total) {
        return total.eq(0).where(total.detach().mul(0).add(1), total);
    }

    /**
     * The mean cross-entropy of a linear head's logits x W^T, as {@link #crossEntropy(Tensor, Tensor)} of
     * {@link #linear} gives it, without ever holding the logits of all tokens. Gradients are made on the way forward.
     *
     * @param x [..., D]
     * @param weight [V, D]
     * @param targets [...] I32 or I64; {@link #IGNORE_INDEX} does not count
     */
    public static Tensor linearCrossEntropy(Tensor x, Tensor weight, Tensor targets) {
        return linearCrossEntropy(x, weight, targets, null, IGNORE_INDEX, 0);
    }

    /**
     * The same with weights and smoothing, as in {@link #crossEntropy(Tensor, Tensor, Tensor, int, double)}.
     *
     * @param weights [...], one a token, not tracked, or null for ones
     * @param ignoreIndex the target that does not count
     * @param labelSmoothing 0 .. 1
     * @throws TensorException if the weights are tracked
     */
    public static Tensor linearCrossEntropy(Tensor x, Tensor weight, Tensor targets, Tensor weights, int ignoreIndex,
            double labelSmoothing) {
        if (x.rank() == 0 || !x.shape().remove(-1).equals(targets.shape())) {
            throw new ShapeException("linear_cross_entropy: x must be [..., D] and targets [...], got " + x.shape()
                    + " and " + targets.shape());
        }
        if (weights != null && weights.isTracked()) {
            throw new TensorException("linear_cross_entropy: no gradient flows to the weights, which are tracked;"
                    + " detach() them, or use crossEntropy(linear(x, weight, null), ...)");
        }
        Tensor counted = counted(targets, weights, ignoreIndex, x.dtype());
        Tensor scale = counted.div(orOne(counted.sum()));
        boolean gradients = !NoGrad.isActive() && (x.isTracked() || weight.isTracked());
        Shape rows = Shape.of(targets.size());
        return Dispatch.runAll(new Loss.LinearCrossEntropy(ignoreIndex, labelSmoothing, gradients),
                x.reshape(rows.concat(Shape.of(x.dim(-1)))), weight, targets.reshape(rows), scale.reshape(rows))[0];
    }

    /** The cross-entropy of each token: logits [..., C] and targets [...] give [...]; 0 where ignored. */
    public static Tensor tokenCrossEntropy(Tensor logits, Tensor targets, int ignoreIndex, double labelSmoothing) {
        if (logits.rank() == 0 || !logits.shape().remove(-1).equals(targets.shape())) {
            throw new ShapeException("cross_entropy: logits must be [..., C] and targets [...], got " + logits.shape()
                    + " and " + targets.shape());
        }
        int classes = logits.dim(-1);
        return Dispatch.run(new Loss.CrossEntropy(ignoreIndex, labelSmoothing),
                logits.reshape(Shape.of(targets.size(), classes)), targets.reshape(Shape.of(targets.size())))
                .reshape(targets.shape());
    }

    /**
     * Scaled-dot-product attention (see {@link AttentionOp.Attention}) with scale 1 / sqrt(D).
     *
     * @param q [B, H, T, D]
     * @param k [B, G, S, D], H a multiple of G
     * @param v [B, G, S, E]
     * @param causal whether the last query sees the last key and each earlier one a key fewer
     * @return [B, H, T, E]
     */
    public static Tensor attention(Tensor q, Tensor k, Tensor v, boolean causal) {
        return attention(q, k, v, null, 1 / Math.sqrt(Math.max(1, q.dim(-1))), causal, 0);
    }

    /**
     * Scaled-dot-product attention (see {@link AttentionOp.Attention}).
     *
     * @param mask broadcasts to [B, H, T, S]: BOOL (true is seen) or added to the scores; null for none
     * @param scale of the scores
     * @param causal as in {@link AttentionOp.Attention}
     * @param window sliding window, 0 for none
     */
    public static Tensor attention(Tensor q, Tensor k, Tensor v, Tensor mask, double scale, boolean causal,
            int window) {
        AttentionOp.Attention op = new AttentionOp.Attention(scale, causal, window);
        if (mask == null) {
            return Dispatch.run(op, q, k, v);
        }
        if (q.rank() != 4 || k.rank() != 4) {
            op.infer(List.of(q.spec(), k.spec(), v.spec()));
        }
        return Dispatch.run(op, q, k, v, mask.expand(Shape.of(q.dim(0), q.dim(1), q.dim(2), k.dim(2))));
    }

    /**
     * Rotary position embedding (see {@link AttentionOp.Rotary}).
     *
     * @param x [..., T, D]
     * @param positions [T], or [B, T] for x [B, ..., T, D]
     * @param cos [P, R / 2]
     * @param sin [P, R / 2]
     * @param interleaved pairs are (2i, 2i + 1), else (i, i + R / 2)
     */
    public static Tensor rotary(Tensor x, Tensor positions, Tensor cos, Tensor sin, boolean interleaved) {
        return Dispatch.run(new AttentionOp.Rotary(interleaved, false), x, positions, cos, sin);
    }

    /** Elements zeroed with probability p, the others divided by 1 - p; x itself when p is 0. */
    public static Tensor dropout(Tensor x, double p, Rng rng) {
        Random.Dropout op = new Random.Dropout(p);
        return p == 0 ? x : Dispatch.run(op, x, rng.key());
    }

    /** Cross-correlation of x [B, C, H, W] with weight [O, C / groups, KH, KW]; bias [O] or null. */
    public static Tensor conv2d(Tensor x, Tensor weight, Tensor bias, Window window, int groups) {
        Tensor y = Dispatch.run(new Contraction.Conv2d(window, groups), x, weight);
        if (bias == null) {
            return y;
        }
        if (!bias.shape().equals(Shape.of(weight.dim(0)))) {
            throw new ShapeException("conv2d: bias must have shape [" + weight.dim(0) + "], one for each output channel"
                    + " of weight " + weight.shape() + ", got " + bias.shape());
        }
        return y.add(bias.reshape(1, bias.size(), 1, 1));
    }

    /** Cross-correlation of x [B, C, L] with weight [O, C / groups, K]; bias [O] or null. */
    public static Tensor conv1d(Tensor x, Tensor weight, Tensor bias, int stride, int padding, int dilation,
            int groups) {
        if (x.rank() != 3 || weight.rank() != 3) {
            throw new ShapeException("conv1d: x must be [B, C, L] and weight [O, C / groups, K], got " + x.shape()
                    + " and " + weight.shape());
        }
        return conv2d(x.unsqueeze(2), weight.unsqueeze(2), bias, new Window(1, stride, 0, padding, 1, dilation), groups)
                .squeeze(2);
    }

    /** The largest of each window of x [B, C, H, W]. */
    public static Tensor maxPool2d(Tensor x, int kernelH, int kernelW, Window window) {
        return Dispatch.run(new Contraction.MaxPool2d(kernelH, kernelW, window), x);
    }

    /** The mean of each window of x [B, C, H, W]. */
    public static Tensor avgPool2d(Tensor x, int kernelH, int kernelW, Window window) {
        return Dispatch.run(new Contraction.AvgPool2d(kernelH, kernelW, window), x);
    }

    /** The largest of each window of x [B, C, L]. */
    public static Tensor maxPool1d(Tensor x, int kernel, int stride, int padding) {
        return maxPool2d(x.unsqueeze(2), 1, kernel, new Window(1, stride, 0, padding, 1, 1)).squeeze(2);
    }

    /** The mean of each window of x [B, C, L]. */
    public static Tensor avgPool1d(Tensor x, int kernel, int stride, int padding) {
        return avgPool2d(x.unsqueeze(2), 1, kernel, new Window(1, stride, 0, padding, 1, 1)).squeeze(2);
    }
}
