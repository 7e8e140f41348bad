package dev.ricci.examples.tutorial;

import dev.ricci.autograd.Gradients;
import dev.ricci.nn.Linear;
import dev.ricci.nn.Losses;
import dev.ricci.nn.optim.Optimizer;
import dev.ricci.nn.optim.Sgd;
import dev.ricci.tensor.Linalg;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.util.Map;

/**
 * A linear model: the smallest thing that is trained. The data come from a rule that we know, so that we can see
 * whether training finds it.
 */
public final class Tutorial03LinearModel {
    private static final double NOISE = 0.1;

    /** Runs it in full. */
    public static void main(String[] args) {
        run(Lesson.standard());
    }

    static Map<String, ?> run(Lesson lesson) {
        Rng rng = Rng.of(lesson.seed());
        int n = lesson.size(1000, 200);

        lesson.heading("The data: y = 2 x0 - 3 x1 + 0.5 x2 + 4, and noise of deviation " + NOISE);
        Tensor truth = Tensor.of(new float[] {2, -3, 0.5f}, 1, 3);
        Tensor x = rng.split("x").normal(n, 3);
        Tensor y = x.matmul(truth.permute(1, 0)).add(4).add(rng.split("noise").normal(n, 1).mul(NOISE));

        // A layer holds parameters, tensors under a name that an optimizer may change. Weights are [out, in].
        Linear model = new Linear(3, 1, rng.split("model"));
        Optimizer optimizer = Sgd.of(model.parameters(), 0.1);
        lesson.say("%s", model.summary().strip());

        lesson.heading("Training: compute the loss, take its gradients, let the optimizer step");
        int steps = lesson.size(200, 100);
        double loss = Double.NaN;
        for (int step = 1; step <= steps; step++) {
            Tensor error = Losses.mse(model.forward(x), y);
            optimizer.step(Gradients.of(error));
            loss = error.item();
            lesson.every(steps / 5, step, error);
        }

        // The error cannot go below the variance of the noise, and should not by much: that would be learning noise.
        lesson.heading("What it found");
        lesson.say("weight %s", model.weight().value());
        lesson.say("bias %s", model.bias().value());
        lesson.say("error %.5f, of which noise is %.5f", loss, NOISE * NOISE);

        // A linear model can also be solved at once: by the normal equations X'X w = X'y, with ones for the bias.
        Tensor ones = Tensor.cat(1, x, Tensor.ones(n, 1));
        Tensor exact = Linalg.choleskySolve(ones.permute(1, 0).matmul(ones), ones.permute(1, 0).matmul(y));
        Tensor found = Tensor.cat(0, model.weight().value().reshape(3), model.bias().value().reshape(1));
        double apart = found.sub(exact.reshape(4)).abs().max().item();
        lesson.heading("Least squares solved at once, for comparison");
        lesson.say("%s", exact.reshape(4));
        lesson.say("largest difference from the trained one %.2g", apart);
        return Map.of("loss", loss, "from_least_squares", apart,
            "from_truth", model.weight().value().sub(truth).abs().max().item());
    }
}
