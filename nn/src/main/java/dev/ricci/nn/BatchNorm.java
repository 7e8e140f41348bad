package dev.ricci.nn;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.Variable;

/**
 * (x - mean) / sqrt(variance + eps) * weight + bias for each channel, axis 1 of x [B, C], [B, C, L] or [B, C, H, W]
 * (Ioffe and Szegedy 2015). In a {@link Training} scope mean and variance are the batch's, over all other axes, and the
 * running ones follow them; otherwise they are the running ones.
 *
 * <p>Parameters {@code weight} [C], ones, and {@code bias} [C], zeros; buffers {@code running_mean} [C],
 * {@code running_var} [C] (with Bessel's correction) and {@code num_batches_tracked} (I64 scalar).
 */
public final class BatchNorm extends Layer implements Forward {
    private final Parameter weight;
    private final Parameter bias;
    private final Variable runningMean;
    private final Variable runningVar;
    private final Variable batches;
    private final double eps;
    private final double momentum;

    /** With eps 1e-5 and momentum 0.1. */
    public BatchNorm(int channels) {
        this(channels, 1e-5, 0.1);
    }

    /**
     * @param channels C
     * @param eps added to the variance, positive
     * @param momentum weight of the batch in the running statistics, 0 .. 1
     */
    public BatchNorm(int channels, double eps, double momentum) {
        Check.positive("batch_norm", "channels", channels);
        Check.eps("batch_norm", eps);
        if (!(momentum >= 0 && momentum <= 1)) {
            throw new TensorException("batch_norm: momentum must lie in 0 .. 1, got " + momentum);
        }
        this.weight = parameter("weight", Tensor.ones(channels));
        this.bias = parameter("bias", Tensor.zeros(channels));
        this.runningMean = buffer("running_mean", Tensor.zeros(channels));
        this.runningVar = buffer("running_var", Tensor.ones(channels));
        this.batches = buffer("num_batches_tracked", Tensor.full(Shape.scalar(), DType.I64, 0));
        this.eps = eps;
        this.momentum = momentum;
    }

    /** [B, C, ...] to the same shape. */
    @Override
    public Tensor forward(Tensor x) {
        Check.channels("batch_norm", weight, x, weight.size());
        int[] perChannel = new int[x.rank()];
        int[] others = new int[x.rank() - 1];
        for (int a = 0; a < x.rank(); a++) {
            perChannel[a] = a == 1 ? weight.size() : 1;
            if (a != 1) {
                others[a == 0 ? 0 : a - 1] = a;
            }
        }
        Shape shape = Shape.of(perChannel);
        Tensor mean;
        Tensor variance;
        if (Training.isActive()) {
            long n = x.size() / weight.size();
            if (n < 2) {
                throw new ShapeException("batch_norm '" + weight.path() + "': in training each channel needs two values"
                        + " or more, got x " + x.shape() + "; take larger batches, or evaluate outside a Training scope");
            }
            mean = x.meanKeepDims(others);
            variance = x.sub(mean).square().meanKeepDims(others);
            follow(mean, variance.mul(n / (double) (n - 1)));
        } else {
            mean = runningMean.value().reshape(shape);
            variance = runningVar.value().reshape(shape);
        }
        return x.sub(mean).mul(variance.add(eps).rsqrt()).mul(weight.value().reshape(shape))
                .add(bias.value().reshape(shape));
    }

    private void follow(Tensor mean, Tensor variance) {
        NoGrad.run(() -> {
            follow(runningMean, mean.detach());
            follow(runningVar, variance.detach());
            batches.assign(batches.value().add(1));
        });
    }

    private void follow(Variable running, Tensor batch) {
        Tensor next = batch.reshape(running.spec().shape()).mul(momentum);
        running.assign(running.value().mul(1 - momentum).add(next));
    }
}
