package dev.ricci.nn;

import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;

/**
 * In a {@link Training} scope zeroes elements with probability p and divides the others by 1 - p (Srivastava et al.
 * 2014); otherwise gives its input back.
 */
public final class Dropout extends Layer implements Forward {
    private final double p;

    /** @param p 0 &lt;= p &lt; 1 */
    public Dropout(double p) {
        if (!(p >= 0 && p < 1)) {
            throw new TensorException("dropout: p must lie in [0, 1), got " + p);
        }
        this.p = p;
    }

    /** Any shape to the same. */
    @Override
    public Tensor forward(Tensor x) {
        return p > 0 && Training.isActive() ? Functional.dropout(x, p, Training.nextRng()) : x;
    }
}
