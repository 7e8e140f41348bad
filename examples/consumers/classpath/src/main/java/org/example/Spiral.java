package org.example;

import dev.ricci.autograd.Gradients;
import dev.ricci.nn.Linear;
import dev.ricci.nn.Losses;
import dev.ricci.nn.Sequential;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;

/** Two arms of a spiral, told apart by a small network. */
public final class Spiral {
    private Spiral() {
    }

    /** Trains and prints the share of points that it gets right. */
    public static void main(String[] args) {
        Rng rng = Rng.of(3);
        int n = 400;
        Tensor arm = rng.split("arm").ints(2, n);
        Tensor radius = rng.split("radius").uniform(n).add(0.2);
        Tensor angle = radius.mul(6).add(arm.to(DType.F32).mul(Math.PI));
        Tensor points = Tensor.cat(1, radius.mul(angle.cos()).unsqueeze(1), radius.mul(angle.sin()).unsqueeze(1));

        Sequential model = new Sequential(new Linear(2, 48, rng.split("a")), Tensor::tanh,
            new Linear(48, 48, rng.split("b")), Tensor::tanh, new Linear(48, 2, rng.split("c")));
        AdamW optimizer = AdamW.of(model.parameters(), 1e-2);
        for (int step = 0; step < 300; step++) {
            optimizer.step(Gradients.of(Losses.crossEntropy(model.forward(points), arm)));
        }
        double right = model.forward(points).argmax(-1).eq(arm).to(DType.F32).mean().item();
        System.out.printf("right: %.3f%n", right);
    }
}
