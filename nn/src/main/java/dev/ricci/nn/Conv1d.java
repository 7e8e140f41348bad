package dev.ricci.nn;

import dev.ricci.nn.init.Initializers;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Contraction.Window;

/**
 * One-dimensional convolution (cross-correlation): x [B, in, L] to [B, out, L']. Parameters {@code weight}
 * [out, in / groups, kernel] and {@code bias} [out], uniform in +-1 / sqrt(fan-in).
 */
public final class Conv1d extends Layer implements Forward {
    /**
     * What a convolution is made of.
     *
     * @param in channels of the input, a multiple of groups
     * @param out channels of the result, a multiple of groups
     * @param kernel length of the kernel
     * @param stride from place to place
     * @param padding zeros at each end
     * @param dilation distance between the elements that a kernel reads
     * @param groups channels fall into so many groups that do not see each other
     * @param bias whether there is one
     */
    public record Config(int in, int out, int kernel, int stride, int padding, int dilation, int groups,
            boolean bias) {
        /** Checks the sizes. */
        public Config {
            Check.multiple("conv1d", "in", in, "groups", groups);
            Check.multiple("conv1d", "out", out, "groups", groups);
            Check.positive("conv1d", "kernel", kernel);
            new Window(1, stride, 0, padding, 1, dilation);
        }

        /** Stride 1, no padding, one group, with a bias. */
        public static Config of(int in, int out, int kernel) {
            return new Config(in, out, kernel, 1, 0, 1, 1, true);
        }

        /** With this stride and padding. */
        public Config with(int stride, int padding) {
            return new Config(in, out, kernel, stride, padding, dilation, groups, bias);
        }
    }

    private final Config config;
    private final Parameter weight;
    private final Parameter bias;

    /** Stride 1, no padding, with a bias. */
    public Conv1d(int in, int out, int kernel, Rng rng) {
        this(Config.of(in, out, kernel), rng);
    }

    /** As configured. */
    public Conv1d(Config config, Rng rng) {
        this.config = config;
        Shape shape = Shape.of(config.out, config.in / config.groups, config.kernel);
        this.weight = parameter("weight", Initializers.kaimingUniform(Math.sqrt(5)).create(rng.split("weight"), shape));
        double bound = 1 / Math.sqrt(shape.remove(0).size());
        this.bias = config.bias ? parameter("bias", Initializers.uniform(-bound, bound)
                .create(rng.split("bias"), Shape.of(config.out))) : null;
    }

    /** [B, in, L] to [B, out, L']. */
    @Override
    public Tensor forward(Tensor x) {
        Check.channels("conv1d", weight, x, config.in);
        return Functional.conv1d(x, weight.value(), bias == null ? null : bias.value(), config.stride, config.padding,
                config.dilation, config.groups);
    }
}
