package dev.ricci.examples.tutorial;

import dev.ricci.autograd.Gradients;
import dev.ricci.nn.Linear;
import dev.ricci.nn.Losses;
import dev.ricci.nn.Sequential;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.nn.optim.Optimizer;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.io.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/** Saving and loading: weights that other programs read too, and training that goes on as if it had never stopped. */
public final class Tutorial07SavingAndLoading {
    /** Runs it in full. */
    public static void main(String[] args) throws IOException {
        run(Lesson.standard());
    }

    private static Sequential model(int hidden, long seed) {
        Rng rng = Rng.of(seed);
        return new Sequential(new Linear(2, hidden, rng.split(0)), Tensor::tanh, new Linear(hidden, 1, rng.split(1)));
    }

    /** From one step to another. Each step's data are a function of its number, so nothing else must be kept. */
    private static double train(Sequential model, Optimizer optimizer, int from, int to) {
        double loss = Double.NaN;
        for (int step = from; step < to; step++) {
            Tensor x = Rng.of(step).normal(64, 2);
            Tensor error = Losses.mse(model.forward(x), x.square().sum(-1).sqrt().unsqueeze(1));
            optimizer.step(Gradients.of(error));
            loss = error.item();
        }
        return loss;
    }

    static Map<String, ?> run(Lesson lesson) throws IOException {
        Path folder = Files.createDirectories(lesson.files());
        Path weights = folder.resolve("model.safetensors");
        Path moments = folder.resolve("optimizer.safetensors");
        int half = lesson.size(500, 100);
        Sequential first = model(32, lesson.seed());
        Optimizer optimizer = AdamW.of(first.parameters(), 1e-2);
        lesson.say("trained %d steps, loss %.5f", half, train(first, optimizer, 0, half));

        // A state dict is a map from names to tensors. Safetensors is Hugging Face's format: Python reads it as it is.
        Safetensors.save(weights, first.stateDict());
        Safetensors.save(moments, optimizer.stateDict());
        Safetensors.load(weights).forEach((name, tensor) -> lesson.say("%-10s %s", name, tensor.spec()));

        // Another model, with other random weights, takes them over: from then on it is the same function, to the bit.
        Sequential second = model(32, lesson.seed() + 1);
        second.load(Safetensors.load(weights));
        Tensor x = Rng.of(7).normal(4, 2);
        boolean same = Arrays.equals(first.forward(x).toFloatArray(), second.forward(x).toFloatArray());
        lesson.say("loaded into another model, the same outputs, bit by bit: %b", same);

        // The Trainer in dev.ricci.nn.train does this by itself: every so many steps, and in one move, so that a crash
        // while it writes leaves the checkpoint before.
        Optimizer resumed = AdamW.of(second.parameters(), 1e-2);
        resumed.load(Safetensors.load(moments));
        double unbroken = train(first, optimizer, half, 2 * half);
        double continued = train(second, resumed, half, 2 * half);
        lesson.say("training goes on: loss after %d steps: unbroken %.9f, resumed %.9f", 2 * half, unbroken, continued);

        lesson.heading("Weights of another model are refused");
        Map<String, Tensor> saved = Safetensors.load(weights);
        String message = lesson.refusal(() -> model(16, 1).load(saved));
        return Map.of("same_outputs", same, "unbroken", unbroken, "resumed", continued, "message", message);
    }
}
