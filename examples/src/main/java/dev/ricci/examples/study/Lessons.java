package dev.ricci.examples.study;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.diffusion.NoiseRange;
import dev.ricci.models.diffusion.NoiseSearch;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.data.Dataset;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.nn.optim.ParameterGroup;
import dev.ricci.nn.optim.Schedule;
import dev.ricci.nn.train.Trainer;
import dev.ricci.nn.train.TrainerOptions;
import dev.ricci.tensor.Rng;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * How the models of a study are trained: all alike, with AdamW behind a warm-up and along a cosine.
 *
 * @param steps of the optimizer
 * @param batch rows of a step
 * @param learningRate the highest
 */
record Lessons(int steps, int batch, double learningRate) {
    private static final double CLIP = 1;
    private static final int WARM_UP = 20;
    /** The part of the steps before a range of noise is searched. */
    private static final int UNTIL_SEARCH = 4;
    private static final int SEARCH_BATCHES = 32;

    /**
     * What came of it.
     *
     * @param noise in which it was trained at last
     */
    record Learned(Decoder model, NoiseRange noise) {
    }

    /** Trains a model. */
    Learned train(Kind kind, DecoderConfig config, Dataset examples, long seed) throws IOException {
        Decoder model = new Decoder(kind.apply(config), Rng.of(seed).split("model"));
        int warmUp = Math.max(1, steps / WARM_UP);
        Schedule schedule = Schedule.cosine(learningRate, learningRate / 10, Math.max(1, steps - warmUp)).warmUp(warmUp);
        AdamW optimizer = AdamW.of(model.parameters(), schedule,
            AdamW.Options.DEFAULT.withBetas(0.9, 0.98).withGroups(ParameterGroup.noDecayForVectors()));
        NoiseRange noise = NoiseRange.FULL;
        if (kind.clipped()) {
            // What a model's loss varies by is known when it has learned something.
            run(kind, model, noise, optimizer, examples, seed, Math.max(1, steps / UNTIL_SEARCH));
            noise = search(model, examples, seed);
        }
        run(kind, model, noise, optimizer, examples, seed, steps);
        return new Learned(model, noise);
    }

    /** Goes on to so many steps. */
    private void run(Kind kind, Decoder model, NoiseRange noise, AdamW optimizer, Dataset examples, long seed, int to)
            throws IOException {
        DataLoader.Options options = DataLoader.Options.drawn(batch, seed + optimizer.steps()).withPrefetch(0);
        try (DataLoader loader = DataLoader.of(examples, options)) {
            Trainer.of(model, kind.loss(model, noise), loader, optimizer,
                TrainerOptions.of(to).withClipNorm(CLIP).withSeed(seed).withCaptured(true)).run();
        }
    }

    /** In batches of the training that are drawn in an order of their own. */
    private NoiseRange search(Decoder model, Dataset examples, long seed) {
        Rng rng = Rng.of(seed).split("search");
        try (DataLoader loader = DataLoader.of(examples, DataLoader.Options.drawn(batch, seed - 1).withPrefetch(0))) {
            List<Batch> batches = new ArrayList<>();
            while (batches.size() < SEARCH_BATCHES) {
                batches.add(loader.next());
            }
            return NoiseSearch.variances(model, batches, rng).getFirst().noise();
        }
    }
}
