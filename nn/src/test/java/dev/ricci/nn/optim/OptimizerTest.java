package dev.ricci.nn.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.autograd.Gradients;
import dev.ricci.nn.Layer;
import dev.ricci.nn.Parameter;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every optimizer against its formula in plain loops over doubles. */
class OptimizerTest {
    private static final int STEPS = 6;
    private static final Schedule RATE = Schedule.linear(0.1, 0.01, 5);

    /** One step of a formula: changes the values [R, C] (a vector has R = 1) by the gradient. */
    private interface Formula {
        void step(double[] p, double[] g, int rows, int columns, boolean matrix, double rate, int t);
    }

    private static void same(DType dtype, double tolerance,
            BiFunction<Map<String, Parameter>, Schedule, Optimizer> make, Supplier<Formula> formula) {
        Weights w = new Weights(dtype);
        Optimizer optimizer = make.apply(w.parameters(), RATE);
        double[] matrix = w.matrix.value().toDoubleArray();
        double[] vector = w.vector.value().toDoubleArray();
        double[] frozen = w.frozen.value().toDoubleArray();
        Formula forMatrix = formula.get();
        Formula forVector = formula.get();
        for (int t = 1; t <= STEPS; t++) {
            double rate = RATE.at(t - 1);
            assertEquals(rate, optimizer.learningRate());
            optimizer.step(w.gradients(t).scale(0.5));
            forMatrix.step(matrix, half(Weights.slope(w.matrix, t)), 3, 4, true, rate, t);
            forVector.step(vector, half(Weights.slope(w.vector, t)), 1, 5, false, rate, t);
            assertEquals(t, optimizer.steps());
        }
        assertArrayEquals(matrix, w.matrix.value().toDoubleArray(), tolerance);
        assertArrayEquals(vector, w.vector.value().toDoubleArray(), tolerance);
        assertArrayEquals(frozen, w.frozen.value().toDoubleArray());
    }

    private static double[] half(Tensor t) {
        double[] g = t.toDoubleArray();
        for (int i = 0; i < g.length; i++) {
            g[i] *= 0.5;
        }
        return g;
    }

    private static Formula sgd(double momentum, boolean nesterov, double decay) {
        double[] b = new double[12];
        return (p, g, r, c, matrix, rate, t) -> {
            for (int i = 0; i < p.length; i++) {
                double d = g[i] + decay * p[i];
                b[i] = momentum * b[i] + d;
                p[i] -= rate * (nesterov ? d + momentum * b[i] : b[i]);
            }
        };
    }

    private static Formula adam(double b1, double b2, double eps, double l2, double decoupled, double vectorRatio) {
        double[] m = new double[12];
        double[] v = new double[12];
        return (p, g, r, c, matrix, rate, t) -> {
            double lr = matrix ? rate : rate * vectorRatio;
            for (int i = 0; i < p.length; i++) {
                double d = g[i] + l2 * p[i];
                m[i] = b1 * m[i] + (1 - b1) * d;
                v[i] = b2 * v[i] + (1 - b2) * d * d;
                p[i] -= lr * decoupled * p[i];
                p[i] -= lr * m[i] / (1 - Math.pow(b1, t)) / (Math.sqrt(v[i] / (1 - Math.pow(b2, t))) + eps);
            }
        };
    }

    private static Formula lion(double b1, double b2, double decay) {
        double[] m = new double[12];
        return (p, g, r, c, matrix, rate, t) -> {
            for (int i = 0; i < p.length; i++) {
                p[i] -= rate * (Math.signum(b1 * m[i] + (1 - b1) * g[i]) + decay * p[i]);
                m[i] = b2 * m[i] + (1 - b2) * g[i];
            }
        };
    }

    private static Formula muon(double momentum, boolean nesterov, double decay) {
        double[] b = new double[12];
        Formula others = adam(0.9, 0.95, 1e-8, 0, 0, 0.015);
        return (p, g, r, c, matrix, rate, t) -> {
            if (!matrix) {
                others.step(p, g, r, c, false, rate, t);
                return;
            }
            double[][] x = new double[r][c];
            double norm = 0;
            for (int i = 0; i < p.length; i++) {
                b[i] = momentum * b[i] + g[i];
                x[i / c][i % c] = nesterov ? g[i] + momentum * b[i] : b[i];
                norm += x[i / c][i % c] * x[i / c][i % c];
            }
            norm = Math.sqrt(norm) + 1e-7;
            for (int i = 0; i < p.length; i++) {
                x[i / c][i % c] /= norm;
            }
            for (int n = 0; n < 5; n++) {
                double[][] a = product(x, transposed(x));
                double[][] aa = product(a, a);
                double[][] ax = product(a, x);
                double[][] aax = product(aa, x);
                for (int i = 0; i < p.length; i++) {
                    x[i / c][i % c] = 3.4445 * x[i / c][i % c] - 4.7750 * ax[i / c][i % c] + 2.0315 * aax[i / c][i % c];
                }
            }
            for (int i = 0; i < p.length; i++) {
                p[i] -= rate * (x[i / c][i % c] + decay * p[i]);
            }
        };
    }

    private static double[][] transposed(double[][] a) {
        double[][] t = new double[a[0].length][a.length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < t.length; j++) {
                t[j][i] = a[i][j];
            }
        }
        return t;
    }

    private static double[][] product(double[][] a, double[][] b) {
        double[][] out = new double[a.length][b[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < b[0].length; j++) {
                for (int k = 0; k < b.length; k++) {
                    out[i][j] += a[i][k] * b[k][j];
                }
            }
        }
        return out;
    }

    private static Formula adafactor(boolean relative, double decay) {
        double[] row = new double[3];
        double[] column = new double[4];
        double[] v = new double[12];
        return (p, g, r, c, matrix, rate, t) -> {
            double b2 = 1 - Math.pow(t, -0.8);
            double[] u = new double[p.length];
            double[] rowSum = new double[r];
            double[] columnSum = new double[c];
            for (int i = 0; i < p.length; i++) {
                rowSum[i / c] += g[i] * g[i] + 1e-30;
                columnSum[i % c] += g[i] * g[i] + 1e-30;
                v[i] = b2 * v[i] + (1 - b2) * (g[i] * g[i] + 1e-30);
            }
            if (matrix) {
                double total = 0;
                for (int i = 0; i < r; i++) {
                    row[i] = b2 * row[i] + (1 - b2) * rowSum[i];
                    total += row[i];
                }
                for (int j = 0; j < c; j++) {
                    column[j] = b2 * column[j] + (1 - b2) * columnSum[j];
                }
                for (int i = 0; i < p.length; i++) {
                    v[i] = row[i / c] * column[i % c] / total;
                }
            }
            double rms = 0;
            double size = 0;
            for (int i = 0; i < p.length; i++) {
                u[i] = g[i] / Math.sqrt(v[i]);
                rms += u[i] * u[i] / p.length;
                size += p[i] * p[i] / p.length;
            }
            double factor = (relative ? Math.max(1e-3, Math.sqrt(size)) : 1) / Math.max(1, Math.sqrt(rms));
            for (int i = 0; i < p.length; i++) {
                p[i] -= rate * (u[i] * factor + decay * p[i]);
            }
        };
    }

    private record Case(BiFunction<Map<String, Parameter>, Schedule, Optimizer> make,
            Supplier<Formula> formula) {
    }

    private static Map<String, Case> cases() {
        AdamW.Options adam = AdamW.Options.DEFAULT;
        Map<String, Case> all = new LinkedHashMap<>();
        all.put("sgd", new Case((p, s) -> Sgd.of(p, s, Sgd.Options.DEFAULT), () -> sgd(0, false, 0)));
        all.put("sgd, momentum and decay", new Case(
                (p, s) -> Sgd.of(p, s, Sgd.Options.DEFAULT.withMomentum(0.9).withWeightDecay(0.2)),
                () -> sgd(0.9, false, 0.2)));
        all.put("sgd, nesterov", new Case(
                (p, s) -> Sgd.of(p, s, Sgd.Options.DEFAULT.withMomentum(0.8).withNesterov(true)),
                () -> sgd(0.8, true, 0)));
        all.put("adam", new Case((p, s) -> Adam.of(p, s, adam.withWeightDecay(0)),
                () -> adam(0.9, 0.999, 1e-8, 0, 0, 1)));
        all.put("adam, decay", new Case((p, s) -> Adam.of(p, s, adam.withWeightDecay(0.3)),
                () -> adam(0.9, 0.999, 1e-8, 0.3, 0, 1)));
        all.put("adamw", new Case(
                (p, s) -> AdamW.of(p, s, adam.withBetas(0.8, 0.99).withEps(1e-6).withWeightDecay(0.4)),
                () -> adam(0.8, 0.99, 1e-6, 0, 0.4, 1)));
        all.put("lion", new Case((p, s) -> Lion.of(p, s, Lion.Options.DEFAULT.withWeightDecay(0.1)),
                () -> lion(0.9, 0.99, 0.1)));
        all.put("muon", new Case((p, s) -> Muon.of(p, s, Muon.Options.DEFAULT.withWeightDecay(0.1)),
                () -> muon(0.95, true, 0.1)));
        all.put("muon, plain momentum", new Case((p, s) -> Muon.of(p, s, Muon.Options.DEFAULT.withNesterov(false)),
                () -> muon(0.95, false, 0)));
        all.put("adafactor", new Case((p, s) -> Adafactor.of(p, s, Adafactor.Options.DEFAULT),
                () -> adafactor(true, 0)));
        all.put("adafactor, absolute, decay", new Case((p, s) -> Adafactor.of(p, s,
                Adafactor.Options.DEFAULT.withScaleParameter(false).withWeightDecay(0.1)),
                () -> adafactor(false, 0.1)));
        return all;
    }

    @TestFactory
    List<DynamicTest> followsItsFormula() {
        return cases().entrySet().stream().map(e -> DynamicTest.dynamicTest(e.getKey(), () -> {
            same(DType.F64, 1e-9, e.getValue().make, e.getValue().formula);
            same(DType.F32, 2e-4, e.getValue().make, e.getValue().formula);
        })).toList();
    }

    @TestFactory
    List<DynamicTest> goesOnFromItsStateWithTheSameBits() {
        return cases().entrySet().stream().map(e -> DynamicTest.dynamicTest(e.getKey(), () -> {
            Weights whole = new Weights(DType.F32);
            Optimizer one = e.getValue().make.apply(whole.parameters(), RATE);
            Weights resumed = new Weights(DType.F32);
            Optimizer two = e.getValue().make.apply(resumed.parameters(), RATE);
            for (int t = 1; t <= STEPS; t++) {
                if (t == 4) {
                    Map<String, Tensor> saved = new HashMap<>();
                    two.stateDict().forEach((name, v) -> saved.put(name, v.add(0)));
                    two = e.getValue().make.apply(resumed.parameters(), RATE);
                    two.load(saved);
                }
                one.step(whole.gradients(t));
                two.step(resumed.gradients(t));
            }
            assertEquals(STEPS, two.steps());
            assertArrayEquals(whole.matrix.value().toFloatArray(), resumed.matrix.value().toFloatArray());
            assertArrayEquals(whole.vector.value().toFloatArray(), resumed.vector.value().toFloatArray());
        })).toList();
    }

    /** A bowl: the sum of squares of differences from a target, steeper along some axes. */
    private static final class Bowl extends Layer {
        final Parameter at = parameter("at", Rng.of(1).normal(4, 4));
        final Tensor target = Rng.of(2).normal(4, 4);

        Tensor loss() {
            return at.value().sub(target).square().mul(Tensor.of(1, 2, 4, 8)).sum();
        }
    }

    @TestFactory
    List<DynamicTest> findsTheBottomOfABowl() {
        Map<String, BiFunction<Map<String, Parameter>, Schedule, Optimizer>> all = new LinkedHashMap<>();
        all.put("sgd", (p, s) -> Sgd.of(p, s, Sgd.Options.DEFAULT.withMomentum(0.5)));
        all.put("adam", (p, s) -> Adam.of(p, s, AdamW.Options.DEFAULT.withWeightDecay(0)));
        all.put("adamw", (p, s) -> AdamW.of(p, s, AdamW.Options.DEFAULT.withWeightDecay(0)));
        all.put("lion", (p, s) -> Lion.of(p, s, Lion.Options.DEFAULT));
        all.put("muon", (p, s) -> Muon.of(p, s, Muon.Options.DEFAULT));
        all.put("adafactor", (p, s) -> Adafactor.of(p, s, Adafactor.Options.DEFAULT));
        return all.entrySet().stream().map(e -> DynamicTest.dynamicTest(e.getKey(), () -> {
            Bowl bowl = new Bowl();
            Optimizer optimizer = e.getValue().apply(bowl.parameters(), Schedule.linear(0.05, 0, 400));
            double before = bowl.loss().item();
            for (int t = 0; t < 400; t++) {
                optimizer.step(Gradients.of(bowl.loss()));
            }
            assertTrue(bowl.loss().item() < 1e-3 * before, before + " to " + bowl.loss().item());
        })).toList();
    }

    @Test
    void groupsHaveTheirOwnNumbers() {
        Weights w = new Weights(DType.F64);
        Weights plain = new Weights(DType.F64);
        ParameterGroup slow = new ParameterGroup(p -> p.path().equals("matrix"), 0.5, OptionalDouble.empty());
        AdamW optimizer = AdamW.of(w.parameters(), Schedule.constant(0.1),
                AdamW.Options.DEFAULT.withWeightDecay(0.4).withGroups(ParameterGroup.noDecayForVectors(), slow));
        AdamW half = AdamW.of(plain.parameters(), Schedule.constant(0.05), AdamW.Options.DEFAULT.withWeightDecay(0.4));
        optimizer.step(w.gradients(1));
        half.step(plain.gradients(1));
        assertArrayEquals(plain.matrix.value().toDoubleArray(), w.matrix.value().toDoubleArray(), 1e-15);
        Weights noDecay = new Weights(DType.F64);
        AdamW.of(noDecay.parameters(), Schedule.constant(0.1), AdamW.Options.DEFAULT.withWeightDecay(0))
                .step(noDecay.gradients(1));
        assertArrayEquals(noDecay.vector.value().toDoubleArray(), w.vector.value().toDoubleArray());
    }

    @Test
    void orthogonalizesTallAndWideMatrices() {
        for (int[] shape : new int[][] {{6, 3}, {3, 6}, {4, 4}}) {
            Tensor o = Muon.orthogonalize(Rng.of(5).normal(DType.F64, Shape.of(shape)));
            assertEquals(Shape.of(shape), o.shape());
            Tensor gram = shape[0] > shape[1] ? o.transpose(0, 1).matmul(o) : o.matmul(o.transpose(0, 1));
            for (int i = 0; i < gram.dim(0); i++) {
                assertTrue(gram.get(i, i) > 0.3 && gram.get(i, i) < 1.6, gram.toString());
                for (int j = 0; j < i; j++) {
                    assertTrue(Math.abs(gram.get(i, j)) < 0.4, gram.toString());
                }
            }
        }
    }

    @Test
    void refusesBadNumbers() {
        Weights w = new Weights(DType.F32);
        for (double bad : new double[] {Double.NaN, -1e-9, Double.POSITIVE_INFINITY}) {
            assertThrows(TensorException.class, () -> Sgd.of(w.parameters(), bad));
            float[] before = w.matrix.value().toFloatArray();
            AdamW optimizer = AdamW.of(w.parameters(), step -> bad, AdamW.Options.DEFAULT);
            TensorException e = assertThrows(TensorException.class, () -> optimizer.step(w.gradients(1)));
            assertTrue(e.getMessage().contains("learning rate"), e.getMessage());
            assertArrayEquals(before, w.matrix.value().toFloatArray());
            assertEquals(0, optimizer.steps());
            assertThrows(TensorException.class, () -> AdamW.Options.DEFAULT.withWeightDecay(bad));
            assertThrows(TensorException.class, () -> AdamW.Options.DEFAULT.withBetas(bad, 0.9));
            assertThrows(TensorException.class, () -> Sgd.Options.DEFAULT.withMomentum(bad));
            assertThrows(TensorException.class, () -> Lion.Options.DEFAULT.withBetas(0.9, bad));
            assertThrows(TensorException.class, () -> new ParameterGroup(p -> true, bad, OptionalDouble.empty()));
        }
        assertThrows(TensorException.class, () -> Sgd.of(Map.of(), 0.1));
        assertThrows(TensorException.class, () -> Sgd.Options.DEFAULT.withNesterov(true));
        AdamW optimizer = AdamW.of(w.parameters(), 0.1);
        assertThrows(TensorException.class,
                () -> optimizer.step(w.gradients(1), Tensor.of(0.1f, 0.1f), Tensor.scalar(1)));
        Tensor integer = Tensor.full(Shape.scalar(), DType.I32, 1);
        assertThrows(TensorException.class, () -> optimizer.step(w.gradients(1), integer, Tensor.scalar(1)));
        assertTrue(assertThrows(TensorException.class, () -> optimizer.step(new Weights(DType.F32).gradients(1)))
                .getMessage().contains("none of its 3 parameters"));
    }

    @Test
    void namesEveryEntryThatDoesNotFit() {
        Weights w = new Weights(DType.F32);
        AdamW optimizer = AdamW.of(w.parameters(), 0.1);
        Map<String, Tensor> saved = new HashMap<>(optimizer.stateDict());
        saved.remove("matrix.v");
        saved.put("vector.m", Tensor.zeros(7));
        saved.put("other.m", Tensor.zeros(1));
        String message = assertThrows(TensorException.class, () -> optimizer.load(saved)).getMessage();
        for (String name : List.of("missing matrix.v", "unexpected other.m", "mismatched vector.m")) {
            assertTrue(message.contains(name), message);
        }
    }

    @Test
    void averagesWeights() {
        Weights w = new Weights(DType.F64);
        ExponentialMovingAverage average = ExponentialMovingAverage.of(w.parameters(), 0.9);
        double[] expected = w.matrix.value().toDoubleArray();
        Sgd optimizer = Sgd.of(w.parameters(), 0.1);
        for (int t = 1; t <= 4; t++) {
            optimizer.step(w.gradients(t));
            average.update();
            double[] now = w.matrix.value().toDoubleArray();
            for (int i = 0; i < now.length; i++) {
                expected[i] = 0.9 * expected[i] + 0.1 * now[i];
            }
        }
        assertArrayEquals(expected, average.stateDict().get("matrix").toDoubleArray(), 1e-12);
        double[] weights = w.matrix.value().toDoubleArray();
        assertArrayEquals(expected, average.use(() -> w.matrix.value().toDoubleArray()), 1e-12);
        assertArrayEquals(weights, w.matrix.value().toDoubleArray());
        assertThrows(TensorException.class, () -> average.load(Map.of("matrix", Tensor.zeros(1))));
        assertThrows(TensorException.class, () -> ExponentialMovingAverage.of(w.parameters(), 1));
    }
}
