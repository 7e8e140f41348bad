package dev.ricci.examples.tutorial;

import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.util.Map;

/** Tensors: arrays of numbers with a shape. They are values: no method changes one, each returns another. */
public final class Tutorial01Tensors {
    /** Runs it in full. */
    public static void main(String[] args) {
        run(Lesson.standard());
    }

    static Map<String, ?> run(Lesson lesson) {
        lesson.heading("A tensor has values, a shape and a type");
        Tensor a = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        lesson.say("a = %s", a);
        lesson.say("shape %s, rank %d, %d elements, type %s", a.shape(), a.rank(), a.size(), a.dtype());

        lesson.heading("Arithmetic goes element by element");
        lesson.say("a * 2 + 1 = %s", a.mul(2).add(1));
        lesson.say("a is what it was: a[0, 0] = %.0f", a.get(0, 0));

        // Shapes are lined up from the right; an axis that is missing, or of size 1, is repeated. That is NumPy's rule.
        lesson.heading("Different shapes broadcast: [2, 3] + [3], [2, 3] * [2, 1]");
        lesson.say("a + (10, 20, 30) = %s", a.add(Tensor.of(10, 20, 30)));
        lesson.say("a * ((1), (100)) = %s", a.mul(Tensor.of(new float[] {1, 100}, 2, 1)));

        lesson.heading("Reductions name the axes that go; without axes everything goes");
        lesson.say("a.sum() = %s", a.sum());
        lesson.say("a.sum(0) = %s", a.sum(0));
        lesson.say("a.mean(-1) = %s   (axis -1 is the last one)", a.mean(-1));

        // reshape, permute, slice and expand only change how the same memory is read: nothing is copied.
        lesson.heading("Views cost nothing");
        lesson.say("a.reshape(3, -1) = %s   (-1: whatever is left)", a.reshape(3, -1));
        lesson.say("a.permute(1, 0) = %s   (the transpose)", a.permute(1, 0));
        lesson.say("a.slice(1, 1, 3) = %s   (columns 1 and 2)", a.slice(1, 1, 3));
        lesson.say("a.permute(1, 0) reads the memory of a: %b", a.permute(1, 0).storage() == a.storage());

        lesson.heading("Matrix product: [2, 3] x [3, 2] is [2, 2]");
        lesson.say("a.matmul(a.permute(1, 0)) = %s", a.matmul(a.permute(1, 0)));

        // No global seed: an Rng is a value too. The same Rng draws the same numbers; split makes independent ones.
        lesson.heading("Random numbers");
        Rng rng = Rng.of(lesson.seed());
        lesson.say("rng.normal(3) = %s", rng.normal(3));
        lesson.say("again          %s   (the same)", rng.normal(3));
        lesson.say("rng.split(1)   %s   (another)", rng.split(1).normal(3));

        lesson.heading("All of it together: bring each column to mean 0 and deviation 1");
        Tensor normal = rng.split("x").normal(lesson.size(100_000, 1000), 3);
        Tensor x = normal.mul(Tensor.of(1, 10, 100)).add(Tensor.of(5, 0, -5));
        Tensor standard = x.sub(x.mean(0)).div(x.variance(0, 0).sqrt());
        lesson.say("means %s", standard.mean(0));
        lesson.say("variances %s", standard.variance(0, 0));

        lesson.heading("A mistake is explained: what was asked, the shapes, the remedy");
        String message = lesson.refusal(() -> a.matmul(a));
        return Map.of("largest_mean", standard.mean(0).abs().max().item(),
            "largest_variance", standard.variance(0, 0).max().item(), "message", message);
    }
}
