package dev.ricci.models.diffusion;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.nn.data.Batch;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.Variable;
import java.util.List;
import java.util.Map;

/**
 * A range that follows the model: at each {@link #search} that in which its loss varies least (Arriola et al. 2025, section
 * 5.3). Its bounds are a variable, so that a training that was captured, or is resumed, goes on with them.
 */
public final class SearchedNoise implements Noise {
    private final Variable bounds;

    /** Until the first search. */
    public SearchedNoise(NoiseRange first) {
        bounds = Variable.of("noise", tensor(first), false);
    }

    private static Tensor tensor(NoiseRange range) {
        return Tensor.of((float) range.low(), (float) range.high());
    }

    @Override
    public NoiseRange range() {
        float[] b = bounds.value().toFloatArray();
        return new NoiseRange(b[0], b[1]);
    }

    @Override
    public Tensor probabilities(Tensor amounts) {
        Tensor low = bounds.value().slice(0, 0, 1);
        return amounts.mul(bounds.value().slice(0, 1, 2).sub(low)).add(low);
    }

    /**
     * Takes the range with the least variance.
     *
     * @param batches as for {@link NoiseSearch#variances}
     * @return it
     */
    public NoiseRange search(Decoder model, List<Batch> batches, Rng rng) {
        NoiseRange found = NoiseSearch.variances(model, batches, rng).getFirst().noise();
        bounds.assign(tensor(found));
        return found;
    }

    /** The bounds, to be kept in checkpoints. */
    public Map<String, Variable> variables() {
        return Map.of("noise", bounds);
    }
}
