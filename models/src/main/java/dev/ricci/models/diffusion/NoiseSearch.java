package dev.ricci.models.diffusion;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.nn.data.Batch;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.Workspace;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Finds the range of noise in which the loss of a model with blocks varies least from draw to draw (Arriola et al. 2025,
 * section 5.3): widths 0.5 to 0.9 and places of the range in steps of 0.05, and the full range.
 */
public final class NoiseSearch {
    private static final int STEP_PERCENT = 5;
    private static final int NARROWEST = 50;
    private static final int WIDEST = 90;

    private NoiseSearch() {
    }

    /**
     * How much the loss varies in a range.
     *
     * @param noise the range
     * @param mean of the losses
     * @param variance of the losses
     */
    public record Variance(NoiseRange noise, double mean, double variance) {
    }

    /**
     * The variance in each range, the least first.
     *
     * @param batches examples for validation, two or more; each is drawn once for each range, with the same randomness
     */
    public static List<Variance> variances(Decoder model, List<Batch> batches, Rng rng) {
        if (batches.size() < 2) {
            throw new TensorException("noise search: needs two batches or more, got " + batches.size());
        }
        List<Variance> found = new ArrayList<>();
        for (NoiseRange noise : ranges()) {
            MaskedDiffusion objective = new MaskedDiffusion(model, noise);
            double sum = 0;
            double squares = 0;
            for (int i = 0; i < batches.size(); i++) {
                Batch batch = batches.get(i);
                Rng draw = rng.split(i);
                double loss = Workspace.discarding(() -> objective.loss(batch, draw).item());
                sum += loss;
                squares += loss * loss;
            }
            int n = batches.size();
            found.add(new Variance(noise, sum / n, (squares - sum * sum / n) / (n - 1)));
        }
        found.sort(Comparator.comparingDouble(Variance::variance));
        return found;
    }

    /** The candidates. */
    static List<NoiseRange> ranges() {
        List<NoiseRange> ranges = new ArrayList<>(List.of(NoiseRange.FULL));
        for (int width = NARROWEST; width <= WIDEST; width += STEP_PERCENT) {
            for (int low = 0; low <= 100 - width; low += STEP_PERCENT) {
                ranges.add(new NoiseRange(Math.max(NoiseRange.FULL.low(), low / 100.0), (low + width) / 100.0));
            }
        }
        return ranges;
    }
}
