package dev.ricci.nn;

import dev.ricci.nn.init.Initializers;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Contraction.Window;

/**
 * Two-dimensional convolution (cross-correlation, as everywhere in the field): x [B, in, H, W] to [B, out, H', W'].
 * Parameters {@code weight} [out, in / groups, kernelH, kernelW] and {@code bias} [out], uniform in +-1 / sqrt(fan-in).
 */
public final class Conv2d extends Layer implements Forward {
    /**
     * What a convolution is made of.
     *
     * @param in channels of the input, a multiple of groups
     * @param out channels of the result, a multiple of groups
     * @param kernelH rows of the kernel
     * @param kernelW columns of the kernel
     * @param window stride, padding and dilation
     * @param groups channels fall into so many groups that do not see each other
     * @param bias whether there is one
     */
    public record Config(int in, int out, int kernelH, int kernelW, Window window, int groups, boolean bias) {
        /** Checks the sizes. */
        public Config {
            Check.multiple("conv2d", "in", in, "groups", groups);
            Check.multiple("conv2d", "out", out, "groups", groups);
            Check.positive("conv2d", "kernel", Math.min(kernelH, kernelW));
        }

        /** A square kernel, stride 1, no padding, one group, with a bias. */
        public static Config of(int in, int out, int kernel) {
            return new Config(in, out, kernel, kernel, Window.of(1, 0), 1, true);
        }

        /** With this stride and padding on both axes. */
        public Config with(int stride, int padding) {
            return new Config(in, out, kernelH, kernelW, Window.of(stride, padding), groups, bias);
        }
    }

    private final Config config;
    private final Parameter weight;
    private final Parameter bias;

    /** A square kernel, stride 1, no padding, with a bias. */
    public Conv2d(int in, int out, int kernel, Rng rng) {
        this(Config.of(in, out, kernel), rng);
    }

    /** As configured. */
    public Conv2d(Config config, Rng rng) {
        this.config = config;
        Shape shape = Shape.of(config.out, config.in / config.groups, config.kernelH, config.kernelW);
        this.weight = parameter("weight", Initializers.kaimingUniform(Math.sqrt(5)).create(rng.split("weight"), shape));
        double bound = 1 / Math.sqrt(shape.remove(0).size());
        this.bias = config.bias ? parameter("bias", Initializers.uniform(-bound, bound)
                .create(rng.split("bias"), Shape.of(config.out))) : null;
    }

    /** [B, in, H, W] to [B, out, H', W']. */
    @Override
    public Tensor forward(Tensor x) {
        Check.channels("conv2d", weight, x, config.in);
        return Functional.conv2d(x, weight.value(), bias == null ? null : bias.value(), config.window, config.groups);
    }
}
