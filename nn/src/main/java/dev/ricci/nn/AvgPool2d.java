package dev.ricci.nn;

import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Contraction.Window;

/**
 * The mean of each square window: [B, C, H, W] to [B, C, H', W'].
 *
 * @param kernel edge of the window
 * @param stride from window to window
 * @param padding zeros around the image, which count
 */
public record AvgPool2d(int kernel, int stride, int padding) implements Forward {
    /** Checks the amounts. */
    public AvgPool2d {
        Check.positive("avg_pool2d", "kernel", kernel);
        Window.of(stride, padding);
    }

    /** Windows side by side. */
    public AvgPool2d(int kernel) {
        this(kernel, kernel, 0);
    }

    @Override
    public Tensor forward(Tensor x) {
        return Functional.avgPool2d(x, kernel, kernel, Window.of(stride, padding));
    }
}
