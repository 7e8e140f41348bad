package org.example.sine;

import dev.ricci.nn.Linear;
import dev.ricci.nn.Losses;
import dev.ricci.nn.Sequential;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.data.InMemory;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.nn.train.Trainer;
import dev.ricci.nn.train.TrainerOptions;
import dev.ricci.nn.train.TrainingResult;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.io.IOException;

/** A network learns the sine, by the trainer. */
public final class Sine {
    private Sine() {
    }

    /** Trains and prints the mean squared error. */
    public static void main(String[] args) throws IOException {
        Rng rng = Rng.of(4);
        Tensor x = rng.split("x").uniform(1000, 1).mul(6).sub(3);
        Sequential model = new Sequential(new Linear(1, 32, rng.split("a")), Tensor::tanh,
            new Linear(32, 1, rng.split("b")));
        DataLoader data = DataLoader.of(InMemory.of(x, x.sin()), DataLoader.Options.shuffled(100, 4));
        TrainingResult result = Trainer.of(model, b -> Losses.mse(model.forward(b.inputs()), b.targets()), data,
            AdamW.of(model.parameters(), 1e-2), TrainerOptions.of(600)).run();
        System.out.printf("module %s, steps: %d, loss: %.5f%n", Sine.class.getModule().getName(), result.steps(),
            result.loss().getAsDouble());
    }
}
