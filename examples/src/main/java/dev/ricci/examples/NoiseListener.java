package dev.ricci.examples;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.diffusion.NoiseRange;
import dev.ricci.models.diffusion.SearchedNoise;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.train.TrainingListener;
import dev.ricci.tensor.Rng;
import java.io.PrintStream;
import java.util.List;

/**
 * Chooses the range of noise anew at each evaluation.
 *
 * @param noise of the training
 * @param model that is trained
 * @param batches in which its loss varies
 * @param lastStep of the training, behind which nothing is to be chosen
 * @param out for people
 */
record NoiseListener(SearchedNoise noise, Decoder model, List<Batch> batches, long lastStep, PrintStream out)
    implements TrainingListener {
    private static final long SEED = 1;

    @Override
    public void onEvaluate(Evaluation event) {
        if (event.step() == lastStep) {
            return;
        }
        NoiseRange before = noise.range();
        NoiseRange now = noise.search(model, batches, Rng.of(SEED));
        if ((float) now.low() != (float) before.low() || (float) now.high() != (float) before.high()) {
            out.printf("%nfrom step %d on a token is masked with a probability of %.2f .. %.2f%n", event.step() + 1, now.low(),
                now.high());
        }
    }
}
