package dev.ricci.models.generation;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.Workspace;
import java.util.Arrays;

/** What a model thinks of given text. */
public final class Scoring {
    private static final int WINDOWS_AT_ONCE = 8;

    private Scoring() {
    }

    /**
     * The natural logarithm of the probability of each id given those before it.
     *
     * @param ids at least two, at most one more than the model's context
     * @return one number fewer than ids: element i belongs to id i + 1
     */
    public static double[] logProbabilities(Decoder model, int[] ids) {
        if (ids.length < 2) {
            throw new TensorException("logProbabilities: needs two ids or more, got " + ids.length);
        }
        return negated(losses(model, ids, 0, 1, ids.length - 1));
    }

    /**
     * Mean cross-entropy in nats over all non-overlapping windows of a text; a last piece shorter than a window is left
     * out, as is usual.
     *
     * @param ids the text, longer than one window
     * @param window tokens predicted at once, at most the model's context
     */
    public static double meanLoss(Decoder model, int[] ids, int window) {
        int windows = window < 1 ? 0 : (ids.length - 1) / window;
        if (windows == 0) {
            throw new TensorException("meanLoss: a text of " + ids.length + " tokens is too short for a window of "
                    + window + "; it needs at least " + (window + 1));
        }
        double sum = 0;
        for (int w = 0; w < windows; w += WINDOWS_AT_ONCE) {
            int n = Math.min(WINDOWS_AT_ONCE, windows - w);
            for (double loss : losses(model, ids, w * window, n, window)) {
                sum += loss;
            }
        }
        return sum / ((double) windows * window);
    }

    /** exp of {@link #meanLoss}. */
    public static double perplexity(Decoder model, int[] ids, int window) {
        return StrictMath.exp(meanLoss(model, ids, window));
    }

    /** Losses of {@code rows} consecutive windows of {@code length} predictions, in order. */
    private static double[] losses(Decoder model, int[] ids, int from, int rows, int length) {
        if (model.config().diffusion().isPresent()) {
            throw new TensorException("scoring: this is a masked diffusion model, which predicts masked ids and not the next"
                    + " one; use DiffusionScoring");
        }
        Shape shape = Shape.of(rows, length);
        int end = from + rows * length;
        Tensor inputs = Tensor.ofInts(Arrays.copyOfRange(ids, from, end)).reshape(shape);
        Tensor targets = Tensor.ofInts(Arrays.copyOfRange(ids, from + 1, end + 1)).reshape(shape);
        return Workspace.discarding(() -> Functional.tokenCrossEntropy(model.logits(inputs), targets, Functional.IGNORE_INDEX, 0)
                .toDoubleArray());
    }

    private static double[] negated(double[] values) {
        return Arrays.stream(values).map(v -> -v).toArray();
    }
}
