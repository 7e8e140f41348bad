package dev.ricci.examples;

import dev.ricci.nn.Layer;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.nn.optim.ParameterGroup;
import dev.ricci.nn.optim.Schedule;
import dev.ricci.nn.train.TrainerOptions;
import dev.ricci.tensor.TensorException;
import java.nio.file.Path;

/** The hyper-parameters of every training: AdamW behind a warm-up and along a cosine. */
record Optimization(
    @Describe("Windows, or rows of examples, in one batch.") int batch,
    @Describe("Batches whose mean gradient makes one step.") int accumulate,
    @Describe("Optimizer steps.") int steps,
    @Describe("Highest learning rate.") double learningRate,
    @Describe("Learning rate at the end of the cosine.") double minLearningRate,
    @Describe("Steps of linear warm-up; a tenth of the steps if those are fewer.") int warmup,
    @Describe("AdamW's decay of the first moment.") double beta1,
    @Describe("AdamW's decay of the second moment.") double beta2,
    @Describe("Weight decay of matrices; vectors have none.") double weightDecay,
    @Describe("Largest global norm of the gradient, 0: no clipping.") double clip,
    @Describe("Steps between validations, 0: only at the end.") int evalEvery,
    @Describe("Steps between checkpoints, 0: only at the end.") int checkpointEvery,
    @Describe("Run each step as one captured program: the same bits, faster for small models.") boolean captured) {

    /** An optimizer of all that a layer has. */
    AdamW optimizer(Layer trained) {
        return AdamW.of(trained.parameters(), schedule(), adamOptions());
    }

    /** Linear warm-up, then a cosine down to the last step. */
    private Schedule schedule() {
        if (warmup < 0 || warmup >= steps) {
            throw new TensorException("--warmup: must lie in 0 .. steps - 1 = " + (steps - 1) + ", got " + warmup);
        }
        return Schedule.cosine(learningRate, minLearningRate, steps - warmup).warmUp(warmup);
    }

    private AdamW.Options adamOptions() {
        return AdamW.Options.DEFAULT.withBetas(beta1, beta2).withWeightDecay(weightDecay)
            .withGroups(ParameterGroup.noDecayForVectors());
    }

    /** How often what is done, with checkpoints in a folder. */
    TrainerOptions trainerOptions(Path folder, long seed) {
        return TrainerOptions.of(steps).withAccumulation(accumulate).withClipNorm(clip).withEvaluateEvery(evalEvery)
            .withCheckpoints(folder, checkpointEvery).withSeed(seed).withCaptured(captured);
    }

    /**
     * Refuses numbers that no training can have.
     *
     * @throws TensorException if there are such
     */
    void check() {
        trainerOptions(Path.of("."), 0);
        DataLoader.Options.drawn(batch, 0);
        schedule();
        adamOptions();
    }
}
