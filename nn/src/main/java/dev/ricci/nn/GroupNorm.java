package dev.ricci.nn;

import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Tensor;
import java.util.Arrays;

/**
 * Normalises the channels of each example in groups, over the channels of the group and all places: x [B, C, ...]
 * (Wu and He 2018). Parameters {@code weight} [C], ones, and {@code bias} [C], zeros.
 */
public final class GroupNorm extends Layer implements Forward {
    private final Parameter weight;
    private final Parameter bias;
    private final int groups;
    private final double eps;

    /** With eps 1e-5. */
    public GroupNorm(int groups, int channels) {
        this(groups, channels, 1e-5);
    }

    /**
     * @param groups how many; 1 for a layer norm over channels and places, C for an instance norm
     * @param channels C, a multiple of groups
     * @param eps added to the variance, positive
     */
    public GroupNorm(int groups, int channels, double eps) {
        Check.multiple("group_norm", "channels", channels, "groups", groups);
        Check.eps("group_norm", eps);
        this.weight = parameter("weight", Tensor.ones(channels));
        this.bias = parameter("bias", Tensor.zeros(channels));
        this.groups = groups;
        this.eps = eps;
    }

    /** [B, C, ...] to the same shape. */
    @Override
    public Tensor forward(Tensor x) {
        Check.channels("group_norm", weight, x, weight.size());
        if (x.shape().isEmpty()) {
            return x;
        }
        int each = x.size() / x.dim(0) / groups;
        int[] perChannel = new int[x.rank()];
        Arrays.fill(perChannel, 1);
        perChannel[1] = weight.size();
        Tensor y = Functional.layerNorm(x.reshape(x.dim(0), groups, each), Tensor.ones(each), null, eps);
        return y.reshape(x.shape()).mul(weight.value().reshape(perChannel)).add(bias.value().reshape(perChannel));
    }
}
