package dev.ricci.examples.tutorial;

import dev.ricci.autograd.Gradients;
import dev.ricci.nn.Dropout;
import dev.ricci.nn.Flatten;
import dev.ricci.nn.Forward;
import dev.ricci.nn.Linear;
import dev.ricci.nn.Losses;
import dev.ricci.nn.Sequential;
import dev.ricci.nn.Training;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.data.Dataset;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.nn.optim.Schedule;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.io.IOException;
import java.util.Map;

/** A multi-layer perceptron that reads digits: layers in a row, data in batches, accuracy on images it never saw. */
public final class Tutorial04MlpOnDigits {
    /** Runs it in full. */
    public static void main(String[] args) throws IOException {
        run(Lesson.standard());
    }

    static Map<String, ?> run(Lesson lesson) throws IOException {
        // Drawn by the project, or MNIST and its like from the folder that --data names.
        Dataset train = Digits.of(lesson, "train", lesson.size(20_000, 5000));
        Dataset test = Digits.of(lesson, "t10k", lesson.size(2000, 500));
        Batch first = train.batch(0);
        lesson.heading(train.size() + " images to learn from, " + test.size() + " to test with; the first one:");
        lesson.say("%s", Digits.picture(first.inputs()));

        // The last layer gives ten logits, one a digit; softmax would make probabilities of them.
        Rng rng = Rng.of(lesson.seed());
        Sequential model = new Sequential(new Flatten(), new Linear(first.inputs().size(), 128, rng.split("first")),
            Tensor::relu, new Dropout(0.1), new Linear(128, 10, rng.split("second")));
        lesson.say("%s", model.summary().strip());

        int epochs = lesson.size(5, 3);
        lesson.heading("Training: " + epochs + " times through all images, 64 at once");
        try (DataLoader loader = DataLoader.of(train, DataLoader.Options.shuffled(64, lesson.seed()))) {
            long steps = epochs * loader.batchesPerEpoch();
            Schedule schedule = Schedule.cosine(3e-3, 1e-4, steps);
            AdamW optimizer = AdamW.of(model.parameters(), schedule, AdamW.Options.DEFAULT);
            double mean = 0;
            for (long step = 1; step <= steps; step++) {
                Batch batch = loader.next();
                // Dropout is on inside this scope only, and draws from the Rng given: each step has its own.
                Tensor loss = Training.scope(rng.split("dropout").split(step),
                    () -> Losses.crossEntropy(model.forward(batch.inputs()), batch.targets()));
                optimizer.step(Gradients.of(loss));
                mean += loss.item() / loader.batchesPerEpoch();
                if (step % loader.batchesPerEpoch() == 0) {
                    lesson.say("after step %5d   loss %.4f   right on the test images %.2f %%", step, mean,
                        100 * accuracy(model, test));
                    mean = 0;
                }
            }
        }
        return Map.of("accuracy", accuracy(model, test));
    }

    private static double accuracy(Forward model, Dataset data) {
        DataLoader loader = DataLoader.of(data, DataLoader.Options.sequential(500));
        double right = 0;
        for (long i = 0; i < loader.batchesPerEpoch(); i++) {
            Batch batch = loader.next();
            Tensor guesses = NoGrad.call(() -> model.forward(batch.inputs())).argmax(-1);
            right += guesses.eq(batch.targets()).to(DType.F32).sum().item();
        }
        return right / data.size();
    }
}
