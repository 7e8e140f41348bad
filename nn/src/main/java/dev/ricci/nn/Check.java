package dev.ricci.nn;

import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;

/** The checks that layers share, with one wording. */
final class Check {
    private Check() {
    }

    static void positive(String layer, String what, int value) {
        if (value < 1) {
            throw new ShapeException(layer + ": " + what + " must be positive, got " + value);
        }
    }

    static void multiple(String layer, String what, int value, String of, int divisor) {
        positive(layer, of, divisor);
        positive(layer, what, value);
        if (value % divisor != 0) {
            throw new ShapeException(layer + ": " + what + " must be a multiple of " + of + ", got " + value + " and "
                    + divisor);
        }
    }

    static void eps(String layer, double eps) {
        if (!(eps > 0) || Double.isInfinite(eps)) {
            throw new TensorException(layer + ": eps must be positive and finite, got " + eps);
        }
    }

    /** The last axis of an input; the parameter names the layer within its model. */
    static void lastAxis(String layer, Parameter of, Tensor x, int width) {
        if (x.rank() == 0 || x.dim(-1) != width) {
            throw new ShapeException(layer + " '" + of.path() + "': x must be [..., " + width + "], got " + x.shape());
        }
    }

    /** Axis 1 of an input. */
    static void channels(String layer, Parameter of, Tensor x, int channels) {
        if (x.rank() < 2 || x.dim(1) != channels) {
            throw new ShapeException(layer + " '" + of.path() + "': x must be [B, " + channels + ", ...], got "
                    + x.shape());
        }
    }
}
