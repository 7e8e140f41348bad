package dev.ricci.examples.tutorial;

import dev.ricci.autograd.GradCheck;
import dev.ricci.autograd.Gradients;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Gradients: how a result changes with everything that it was made from. See {@code ricci micrograd} first for how this
 * works; here it works on whole tensors.
 */
public final class Tutorial02Gradients {
    /** Runs it in full. */
    public static void main(String[] args) {
        run(Lesson.standard());
    }

    static Map<String, ?> run(Lesson lesson) {
        // A tracked tensor, and everything computed from it, remembers which op and which inputs made it.
        lesson.heading("y = sum of x^3, hence dy/dx = 3 x^2");
        Tensor x = Tensor.of(1, 2, 3).tracked();
        Tensor y = x.pow(3).sum();
        Gradients gradients = Gradients.of(y);
        lesson.say("y = %s", y);
        lesson.say("dy/dx = %s", gradients.get(x));

        // Gradients are a value that is returned, not a field of x: there is nothing to set to zero before the next
        // time, and adding two of them up is one method. The graph is freed once used, unless one keeps it.
        lesson.heading("Gradients of two losses add up");
        Gradients both = Gradients.of(x.sum()).plus(Gradients.of(x.square().sum()));
        lesson.say("d(sum x + sum x^2)/dx = 1 + 2 x = %s", both.get(x));

        lesson.heading("Where tracking ends");
        lesson.say("x.mul(2) is tracked: %b", x.mul(2).isTracked());
        lesson.say("x.detach().mul(2) is tracked: %b", x.detach().mul(2).isTracked());
        lesson.say("x.mul(2) under NoGrad is tracked: %b", NoGrad.call(() -> x.mul(2)).isTracked());

        // Rosenbrock's valley, a classic test of minimisers: smallest, 0, at (1, 1).
        UnaryOperator<Tensor> valley = p -> {
            Tensor u = p.slice(0, 0, 1);
            Tensor v = p.slice(0, 1, 2);
            return u.sub(1).square().add(v.sub(u.square()).square().mul(100)).sum();
        };
        lesson.heading("Downhill, a small step against the gradient each time");
        Tensor p = Tensor.of(-1, 1);
        int steps = lesson.size(20_000, 2000);
        for (int step = 0; step <= steps; step++) {
            Tensor at = p.tracked();
            Tensor height = valley.apply(at);
            if (step % (steps / 5) == 0) {
                lesson.say("step %6d   height %.6f   at (%.4f, %.4f)", step, height.item(), p.get(0), p.get(1));
            }
            p = p.sub(Gradients.of(height).get(at).mul(1e-3));
        }

        // With keepGraph the gradients are tracked themselves, and can be differentiated again.
        lesson.heading("The second derivative of x^3 is 6 x");
        Tensor first = Gradients.of(x.pow(3).sum(), Gradients.keepGraph()).get(x);
        Tensor second = Gradients.of(first.sum()).get(x);
        lesson.say("6 x = %s", second);

        // The rules are not believed but compared with (f(x + h) - f(x - h)) / 2h, in double precision.
        lesson.heading("A check against differences");
        GradCheck.Report report = GradCheck.check(in -> valley.apply(in.get(0)), List.of(Tensor.of(-1, 1)));
        lesson.say("%s", report);
        return Map.of("error", gradients.get(x).sub(x.square().mul(3)).abs().max().item(),
            "second_error", second.sub(x.mul(6)).abs().max().item(), "height", valley.apply(p).item(),
            "check", report.passes());
    }
}
