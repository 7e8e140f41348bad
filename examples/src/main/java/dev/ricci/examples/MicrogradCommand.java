package dev.ricci.examples;

import dev.ricci.examples.Micrograd.Value;
import dev.ricci.tensor.TensorException;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A neural network trained by {@link Micrograd}: every weight, product and sum is one object, and it still learns. */
@Command(name = "micrograd",
    description = "Train a network by scalar autodiff in about 100 lines: the idea of the library without tensors.")
public final class MicrogradCommand implements RicciCommand {
    private static final double NOISE = 0.1;
    private static final int PRINTED = 10;
    private static final int COLUMNS = 64;
    private static final int ROWS = 20;

    @Option(names = "--steps", paramLabel = "N", defaultValue = "200", description = "Steps of gradient descent.")
    private int steps;

    @Option(names = "--points", paramLabel = "N", defaultValue = "100", description = "Points to separate.")
    private int points;

    @Option(names = "--hidden", paramLabel = "N", defaultValue = "12",
        description = "Neurons in each of two hidden layers.")
    private int hidden;

    @Option(names = "--learning-rate", paramLabel = "X", defaultValue = "2.0",
        description = "At the start; it falls to a tenth.")
    private double learningRate;

    /** Made by the service loader. */
    public MicrogradCommand() {
    }

    @Override
    public Map<String, ?> run(CommonOptions options) {
        if (steps < 1 || points < 2 || hidden < 1 || !(learningRate > 0 && learningRate <= Double.MAX_VALUE)) {
            throw new UsageException("micrograd: --steps and --hidden must be 1 or more, --points 2 or more and"
                + " --learning-rate positive, got " + steps + ", " + hidden + ", " + points + " and " + learningRate);
        }
        PrintStream out = options.out();
        Random random = new Random(options.seed());
        double[][] xs = moons(random);
        Value[] weights = weights(random);
        out.printf("Two half moons of %d points, a network 2-%d-%d-1 of %d weights.%n%n", points, hidden, hidden,
            weights.length);
        double loss = 0;
        for (int step = 1; step <= steps; step++) {
            Value sum = loss(weights, xs);
            loss = sum.data();
            // This is all there is to training: derivatives of the loss by each weight, and a small step against them.
            Map<Value, Double> gradients = Micrograd.gradients(sum);
            double rate = learningRate * (1 - 0.9 * (step - 1) / steps);
            weights = Arrays.stream(weights).map(w -> Value.of(w.data() - rate * gradients.get(w)))
                .toArray(Value[]::new);
            if (step == 1 || step % Math.max(1, steps / PRINTED) == 0) {
                out.printf("step %4d   loss %.4f   right %5.1f %%%n", step, loss, 100 * accuracy(weights, xs));
            }
        }
        double last = loss(weights, xs).data();
        if (!Double.isFinite(last)) {
            throw new TensorException("micrograd: the loss is " + last + " after " + steps + " steps; a --learning-rate"
                + " lower than " + learningRate + " helps");
        }
        double accuracy = accuracy(weights, xs);
        out.printf("%nWhat it learned: o and x are the points, # is where it expects x.%n%n%s", picture(weights, xs));
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("steps", steps);
        results.put("loss", last);
        results.put("accuracy", accuracy);
        return results;
    }

    /** Rows (x, y, class): half circles, the lower one (class 1) shifted by (1, 0.5) and upside down. */
    private double[][] moons(Random random) {
        double[][] xs = new double[points][];
        for (int i = 0; i < points; i++) {
            double angle = StrictMath.PI * (i / 2) / Math.max(1, (points + 1) / 2 - 1);
            int side = i % 2;
            double x = side == 0 ? StrictMath.cos(angle) : 1 - StrictMath.cos(angle);
            double y = side == 0 ? StrictMath.sin(angle) : 0.5 - StrictMath.sin(angle);
            xs[i] = new double[] {x + NOISE * random.nextGaussian(), y + NOISE * random.nextGaussian(), side};
        }
        return xs;
    }

    /** For each neuron its weights and then its bias, layer after layer. */
    private Value[] weights(Random random) {
        Value[] weights = new Value[3 * hidden + (hidden + 1) * hidden + hidden + 1];
        for (int i = 0; i < weights.length; i++) {
            int in = i < 3 * hidden ? 2 : hidden;
            weights[i] = Value.of(random.nextGaussian() / Math.sqrt(in));
        }
        return weights;
    }

    /** The network's score of a point: positive where it expects class 1. */
    private Value score(Value[] weights, double x, double y) {
        Value[] layer = {Value.of(x), Value.of(y)};
        int at = 0;
        for (int width : new int[] {hidden, hidden, 1}) {
            Value[] next = new Value[width];
            for (int neuron = 0; neuron < width; neuron++) {
                Value sum = weights[at + layer.length];
                for (Value input : layer) {
                    sum = sum.plus(input.times(weights[at++]));
                }
                at++;
                next[neuron] = width == 1 ? sum : sum.tanh();
            }
            layer = next;
        }
        return layer[0];
    }

    /** Mean of log(1 + e^-margin), where the margin is the score, with the other sign for class 0. */
    private Value loss(Value[] weights, double[][] xs) {
        Value sum = Value.of(0);
        for (double[] p : xs) {
            sum = sum.plus(score(weights, p[0], p[1]).times(p[2] == 1 ? -1 : 1).exp().plus(Value.of(1)).log());
        }
        return sum.times(1.0 / xs.length);
    }

    private double accuracy(Value[] weights, double[][] xs) {
        long right = Arrays.stream(xs).filter(p -> score(weights, p[0], p[1]).data() > 0 == (p[2] == 1)).count();
        return (double) right / xs.length;
    }

    private String picture(Value[] weights, double[][] xs) {
        char[][] cells = new char[ROWS][COLUMNS];
        for (int r = 0; r < ROWS; r++) {
            for (int c = 0; c < COLUMNS; c++) {
                cells[r][c] = score(weights, -1.5 + 4.0 * c / COLUMNS, 1.5 - 2.5 * r / ROWS).data() > 0 ? '#' : '.';
            }
        }
        for (double[] p : xs) {
            int r = (int) ((1.5 - p[1]) / 2.5 * ROWS);
            int c = (int) ((p[0] + 1.5) / 4.0 * COLUMNS);
            if (r >= 0 && r < ROWS && c >= 0 && c < COLUMNS) {
                cells[r][c] = p[2] == 1 ? 'x' : 'o';
            }
        }
        StringBuilder text = new StringBuilder();
        for (char[] row : cells) {
            text.append(row).append('\n');
        }
        return text.toString();
    }
}
