package dev.ricci.examples.study;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.data.Dataset;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.nn.optim.ParameterGroup;
import dev.ricci.nn.optim.Schedule;
import dev.ricci.nn.train.Trainer;
import dev.ricci.nn.train.TrainerOptions;
import dev.ricci.tensor.Rng;
import java.io.IOException;

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

    /** A model that has learned. */
    Decoder train(Kind kind, DecoderConfig config, Dataset examples, long seed) throws IOException {
        Decoder model = new Decoder(kind.apply(config), Rng.of(seed).split("model"));
        int warmUp = Math.max(1, steps / WARM_UP);
        Schedule schedule = Schedule.cosine(learningRate, learningRate / 10, Math.max(1, steps - warmUp)).warmUp(warmUp);
        AdamW optimizer = AdamW.of(model.parameters(), schedule,
            AdamW.Options.DEFAULT.withBetas(0.9, 0.98).withGroups(ParameterGroup.noDecayForVectors()));
        try (DataLoader loader = DataLoader.of(examples, DataLoader.Options.drawn(batch, seed).withPrefetch(0))) {
            Trainer.of(model, kind.loss(model), loader, optimizer,
                TrainerOptions.of(steps).withClipNorm(CLIP).withSeed(seed).withCaptured(true)).run();
        }
        return model;
    }
}
