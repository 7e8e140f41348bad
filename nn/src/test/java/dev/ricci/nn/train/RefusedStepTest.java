package dev.ricci.nn.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.nn.Layer;
import dev.ricci.nn.Parameter;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.data.InMemory;
import dev.ricci.nn.optim.Adafactor;
import dev.ricci.nn.optim.Adam;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.nn.optim.ExponentialMovingAverage;
import dev.ricci.nn.optim.Lion;
import dev.ricci.nn.optim.Muon;
import dev.ricci.nn.optim.Optimizer;
import dev.ricci.nn.optim.Schedule;
import dev.ricci.nn.optim.Sgd;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** A step whose loss or gradients are not finite changes nothing, whichever optimizer would make it, captured or not. */
class RefusedStepTest {
    /** Steps before the one that is refused; batch i holds the number i. */
    private static final int GOOD = 3;
    private static final Schedule RATE = Schedule.constant(0.01);

    private static final Map<String, Function<Model, Optimizer>> OPTIMIZERS = Map.of(
            "adamw", m -> AdamW.of(m.parameters(), RATE, AdamW.Options.DEFAULT),
            "adam with decay", m -> Adam.of(m.parameters(), RATE, AdamW.Options.DEFAULT.withWeightDecay(0.1)),
            "sgd", m -> Sgd.of(m.parameters(), RATE, Sgd.Options.DEFAULT.withMomentum(0.9).withWeightDecay(0.1)),
            "lion", m -> Lion.of(m.parameters(), RATE, Lion.Options.DEFAULT),
            "muon", m -> Muon.of(m.parameters(), RATE, Muon.Options.DEFAULT),
            "adafactor", m -> Adafactor.of(m.parameters(), RATE, Adafactor.Options.DEFAULT));

    /** Losses of the parameters' square and a number, which is 0 at the step to be refused. */
    private static final Map<String, BiFunction<Tensor, Tensor, Tensor>> LOSSES = Map.of(
            "NaN", (square, left) -> square.mul(left.sub(0.5).log()),
            "infinite", (square, left) -> square.mul(left.log()),
            "gradient NaN", (square, left) -> square.mul(left.square()).sqrt());

    private static final class Model extends Layer {
        final Parameter matrix = parameter("matrix", Rng.of(1).normal(3, 4));
        final Parameter vector = parameter("vector", Rng.of(2).normal(5));

        Tensor loss(Batch batch, BiFunction<Tensor, Tensor, Tensor> f) {
            Tensor square = matrix.value().square().sum().add(vector.value().square().sum());
            return f.apply(square, batch.inputs().mean().neg().add(GOOD));
        }
    }

    @TestFactory
    List<DynamicTest> changesNothing() {
        List<DynamicTest> tests = new ArrayList<>();
        OPTIMIZERS.forEach((optimizer, make) -> LOSSES.forEach((kind, loss) -> {
            for (boolean captured : new boolean[] {false, true}) {
                String name = optimizer + ", " + kind + (captured ? ", captured" : "");
                tests.add(DynamicTest.dynamicTest(name, () -> refused(make, loss, 10, captured)));
                if (!kind.equals("gradient NaN")) { // without clipping nobody looks at gradients, the loss alone tells
                    tests.add(DynamicTest.dynamicTest(name + ", not clipped", () -> refused(make, loss, 0, captured)));
                }
            }
        }));
        return tests;
    }

    private static void refused(Function<Model, Optimizer> make, BiFunction<Tensor, Tensor, Tensor> loss,
            double clipNorm, boolean captured) {
        Model model = new Model();
        Optimizer optimizer = make.apply(model);
        ExponentialMovingAverage average = ExponentialMovingAverage.of(model.parameters(), 0.9);
        DataLoader counting = DataLoader.of(InMemory.of(Tensor.arange(9).to(DType.F32), null),
                DataLoader.Options.sequential(1));
        Map<String, float[]> before = new LinkedHashMap<>();
        Map<String, float[]> first = values(model, optimizer, average);
        Trainer trainer = Trainer.of(model, b -> model.loss(b, loss), counting, optimizer,
                TrainerOptions.of(9).withClipNorm(clipNorm).withCaptured(captured)).average(average)
                .listener(new TrainingListener() {
                    @Override
                    public void onStep(Step event) {
                        before.putAll(values(model, optimizer, average));
                    }
                });
        String message = assertThrows(TensorException.class, trainer::run).getMessage();
        assertTrue(message.startsWith("trainer: step " + (GOOD + 1) + ": the loss is "), message);
        assertEquals(GOOD, optimizer.steps());
        first.forEach((name, value) -> assertFalse(Arrays.equals(value, before.get(name)),
                name + " moves in a good step"));
        values(model, optimizer, average).forEach((name, value) -> assertArrayEquals(before.get(name), value, name));
    }

    private static Map<String, float[]> values(Model model, Optimizer optimizer, ExponentialMovingAverage average) {
        Map<String, float[]> all = new LinkedHashMap<>();
        model.stateDict().forEach((name, t) -> all.put(name, t.toFloatArray()));
        optimizer.state().variables().forEach(v -> all.put(v.name(), v.value().toFloatArray()));
        average.stateDict().forEach((name, t) -> all.put("average of " + name, t.toFloatArray()));
        return all;
    }
}
