package dev.ricci.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.autograd.Gradients;
import dev.ricci.examples.Micrograd.Value;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.io.Json;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Scalar autodiff, and the library's against it: two programs that share no line must agree. */
class MicrogradTest {
    private static final int EXPRESSIONS = 500;

    /** The same expression in both worlds. */
    private record Pair(Value scalar, Tensor tensor) {
        static Pair leaf(double value) {
            return new Pair(Value.of(value), Tensor.full(Shape.scalar(), DType.F64, value).tracked());
        }

        /** One random op on this and another, kept within the range where all of them are smooth and of order 1. */
        Pair then(int op, Pair y) {
            return switch (op) {
                case 0 -> new Pair(scalar.plus(y.scalar), tensor.add(y.tensor));
                case 1 -> new Pair(scalar.minus(y.scalar), tensor.sub(y.tensor));
                case 2 -> new Pair(scalar.times(y.scalar), tensor.mul(y.tensor));
                case 3 -> new Pair(scalar.div(y.scalar.times(y.scalar).plus(Value.of(1))),
                    tensor.div(y.tensor.mul(y.tensor).add(1)));
                case 4 -> new Pair(scalar.tanh().exp(), tensor.tanh().exp());
                case 5 -> new Pair(scalar.relu(), tensor.relu());
                case 6 -> new Pair(scalar.times(scalar).plus(Value.of(1)).log(), tensor.square().add(1).log());
                default -> new Pair(scalar.times(-0.5), tensor.mul(-0.5));
            };
        }
    }

    @Test
    void gradientsOfRandomExpressionsEqualTheLibrarys() {
        Random random = new Random(5);
        int compared = 0;
        for (int n = 0; n < EXPRESSIONS; n++) {
            List<Pair> pool = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                pool.add(Pair.leaf(random.nextGaussian()));
            }
            for (int i = 0; i < 30; i++) {
                // tanh after each op: products of products would leave every range.
                Pair left = pool.get(random.nextInt(pool.size()));
                Pair made = left.then(random.nextInt(8), pool.get(random.nextInt(pool.size())));
                pool.add(new Pair(made.scalar().tanh(), made.tensor().tanh()));
            }
            Pair result = pool.getLast();
            assertEquals(result.scalar().data(), result.tensor().item(), 1e-12);
            Map<Value, Double> expected = Micrograd.gradients(result.scalar());
            Gradients found = Gradients.of(result.tensor());
            for (Pair leaf : pool.subList(0, 4)) {
                Double gradient = expected.get(leaf.scalar());
                assertEquals(gradient == null, found.find(leaf.tensor()).isEmpty(), "both know which leaves took part");
                if (gradient != null) {
                    assertEquals(gradient, found.get(leaf.tensor()).item(), 1e-11 * (1 + Math.abs(gradient)));
                    compared++;
                }
            }
        }
        assertTrue(compared > EXPRESSIONS, "compared only " + compared);
    }

    @Test
    void gradientsByHand() {
        Value a = Value.of(3);
        Value b = Value.of(-2);
        // (a b + a)^2 / b: by a 2 (a b + a)(b + 1) / b, by b 2 (a b + a) a / b - (a b + a)^2 / b^2
        Value inner = a.times(b).plus(a);
        Value result = inner.times(inner).div(b);
        Map<Value, Double> gradients = Micrograd.gradients(result);
        assertEquals(-4.5, result.data());
        assertEquals(-3.0, gradients.get(a));
        assertEquals(6.75, gradients.get(b));
        assertEquals(1.0, gradients.get(result));
    }

    @Test
    void aDeepExpressionNeedsNoStack() {
        Value x = Value.of(1);
        Value sum = x;
        for (int i = 0; i < 200_000; i++) {
            sum = sum.plus(x);
        }
        assertEquals(200_001.0, Micrograd.gradients(sum).get(x));
    }

    @Test
    void theCommandSeparatesTheMoons() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int code = Ricci.run(new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(OutputStream.nullOutputStream()), "micrograd", "--json", "--points", "60", "--hidden", "8",
            "--steps", "150", "--seed", "1");
        assertEquals(0, code);
        String json = out.toString(StandardCharsets.UTF_8).strip();
        Map<String, Object> results = Json.parseObject(json, "micrograd --json");
        assertTrue((Double) results.get("accuracy") >= 0.95, results.toString());
        assertTrue((Double) results.get("loss") < 0.2, results.toString());
    }

    @Test
    void aRunThatDivergesFailsWithAndWithoutJson() {
        for (String[] json : new String[][] {{}, {"--json"}}) {
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            List<String> args = new ArrayList<>(List.of("micrograd", "--learning-rate", "1e300", "--steps", "3"));
            args.addAll(List.of(json));
            assertEquals(1, Ricci.run(new PrintStream(OutputStream.nullOutputStream()),
                new PrintStream(err, true, StandardCharsets.UTF_8), args.toArray(String[]::new)));
            String message = err.toString(StandardCharsets.UTF_8);
            assertTrue(message.contains("a --learning-rate lower than 1.0E300 helps"), message);
        }
    }

    @Test
    void theCommandRefusesWhatCannotWork() {
        for (String[] wrong : new String[][] {{"--steps", "0"}, {"--points", "1"}, {"--learning-rate", "NaN"}}) {
            PrintStream sink = new PrintStream(OutputStream.nullOutputStream());
            assertEquals(2, Ricci.run(sink, sink, "micrograd", wrong[0], wrong[1]));
        }
    }
}
