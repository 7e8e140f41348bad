package dev.ricci.nn;

import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.List;

/**
 * One part after another. Parts that are layers get their place as their name, {@code 0.weight}; functions such as
 * {@code Tensor::relu} only count:
 *
 * {@snippet :
 * new Sequential(new Linear(784, 128, rng.split(0)), Tensor::relu, new Linear(128, 10, rng.split(1)));
 * }
 */
public final class Sequential extends Layer implements Forward {
    private final List<Forward> parts;

    /** The parts in order. */
    public Sequential(Forward... parts) {
        for (int i = 0; i < parts.length; i++) {
            if (parts[i] == null) {
                throw new TensorException("sequential: part " + i + " is null");
            }
            if (parts[i] instanceof Layer layer) {
                child(Integer.toString(i), layer);
            }
        }
        this.parts = List.of(parts);
    }

    /** What the last part makes of it; x itself if there are none. */
    @Override
    public Tensor forward(Tensor x) {
        Tensor y = x;
        for (Forward part : parts) {
            y = part.forward(y);
        }
        return y;
    }
}
