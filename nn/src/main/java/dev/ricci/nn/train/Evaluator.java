package dev.ricci.nn.train;

import dev.ricci.nn.data.Batch;
import dev.ricci.nn.data.Dataset;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.function.Function;

/** Measures a model; lower is better. Called outside of training mode. */
@FunctionalInterface
public interface Evaluator {
    /** The score of the model as it is now. */
    double evaluate();

    /**
     * The mean loss over all examples of a data set, in order.
     *
     * @param loss the mean loss of a batch, a scalar
     * @param data each batch counts by its number of targets
     * @param batchSize examples at a time
     */
    static Evaluator meanLoss(Function<Batch, Tensor> loss, Dataset data, int batchSize) {
        if (batchSize < 1 || data.size() < 1) {
            throw new TensorException("evaluator: needs a batch size and examples, got a batch size of " + batchSize
                    + " and " + data.size() + " examples");
        }
        return () -> NoGrad.call(() -> {
            double sum = 0;
            long count = 0;
            for (int from = 0; from < data.size(); from += batchSize) {
                int[] indices = new int[Math.min(batchSize, data.size() - from)];
                for (int i = 0; i < indices.length; i++) {
                    indices[i] = from + i;
                }
                Batch batch = data.batch(indices);
                sum += loss.apply(batch).item() * batch.targetCount();
                count += batch.targetCount();
            }
            return sum / count;
        });
    }
}
