package dev.ricci.nn;

import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Contraction.Window;

/**
 * The largest of each square window: [B, C, H, W] to [B, C, H', W'].
 *
 * @param kernel edge of the window
 * @param stride from window to window
 * @param padding around the image, never chosen
 */
public record MaxPool2d(int kernel, int stride, int padding) implements Forward {
    /** Checks the amounts. */
    public MaxPool2d {
        Check.positive("max_pool2d", "kernel", kernel);
        Window.of(stride, padding);
    }

    /** Windows side by side. */
    public MaxPool2d(int kernel) {
        this(kernel, kernel, 0);
    }

    @Override
    public Tensor forward(Tensor x) {
        return Functional.maxPool2d(x, kernel, kernel, Window.of(stride, padding));
    }
}
