package dev.ricci.nn;

import dev.ricci.nn.init.Initializer;
import dev.ricci.nn.init.Initializers;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;

/** A vector for each id: ids [...] as I32 or I64 give [..., D]. Parameter {@code weight} [V, D], standard normal. */
public final class Embedding extends Layer implements Forward {
    private final Parameter weight;

    /**
     * @param count V, the number of ids
     * @param width D
     */
    public Embedding(int count, int width, Rng rng) {
        this(count, width, Initializers.normal(1), rng);
    }

    /**
     * @param count V, the number of ids
     * @param width D
     * @param weight gets the shape [V, D]
     */
    public Embedding(int count, int width, Initializer weight, Rng rng) {
        Check.positive("embedding", "count", count);
        Check.positive("embedding", "width", width);
        Rng forWeight = rng.split("weight");
        this.weight = parameter("weight", Shape.of(count, width),
                () -> weight.create(forWeight, Shape.of(count, width)));
    }

    /**
     * [...] to [..., D].
     *
     * @throws dev.ricci.tensor.IndexOutOfRangeException if an id does not lie in 0 .. V-1
     */
    @Override
    public Tensor forward(Tensor ids) {
        return Functional.embedding(weight.value(), ids);
    }

    /** [V, D]; {@link Linear#tied} makes an output head of it. */
    public Parameter weight() {
        return weight;
    }
}
