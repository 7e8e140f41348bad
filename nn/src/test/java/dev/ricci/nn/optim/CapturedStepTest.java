package dev.ricci.nn.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.autograd.Gradients;
import dev.ricci.nn.KvCache;
import dev.ricci.nn.Layer;
import dev.ricci.nn.Parameter;
import dev.ricci.nn.Training;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.data.InMemory;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Program;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.Variable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** A whole training step, captured once and run with other inputs, gives the bits of eager training. */
class CapturedStepTest {
    private static final int STEPS = 20;
    private static final double CLIP = 0.3;
    private static final Schedule RATE = Schedule.cosine(0.05, 0.001, STEPS).warmUp(3);

    private static final class Model extends Layer {
        private final Parameter table;
        private final Parameter hidden;
        private final Parameter head;
        private final Parameter norm;

        Model() {
            Rng rng = Rng.of(11);
            table = parameter("table", rng.split(1).normal(7, 6));
            hidden = parameter("hidden", rng.split(2).normal(6, 8).mul(0.5));
            head = parameter("head", rng.split(3).normal(8, 7).mul(0.5));
            norm = parameter("norm", Tensor.ones(8));
        }

        Tensor loss(Tensor ids, Tensor targets) {
            Tensor x = Functional.embedding(table.value(), ids).matmul(hidden.value()).gelu();
            x = Functional.dropout(Functional.rmsNorm(x, norm.value(), 1e-5), 0.25, Training.nextRng());
            return Functional.crossEntropy(x.matmul(head.value()), targets);
        }
    }

    private static Tensor ids(int step, String what) {
        return Rng.of(step).split(what).ints(7, 5);
    }

    private static Tensor key(int step) {
        return Rng.of(77).split(step).key();
    }

    /** One step that takes everything that changes from tensors. */
    private static Tensor step(Model model, Optimizer optimizer, Tensor ids, Tensor targets, Tensor key, Tensor rate,
            Tensor number) {
        Tensor loss = Training.scope(Rng.ofKey(key), () -> model.loss(ids, targets));
        optimizer.step(Gradients.of(loss).clipByGlobalNorm(CLIP), rate, number);
        return loss.detach();
    }

    private static Tensor rate(int step) {
        return Tensor.scalar(RATE.at(step - 1));
    }

    private static List<Variable> cells(Model model, Optimizer optimizer) {
        List<Variable> cells = new ArrayList<>();
        model.parameters().values().forEach(p -> cells.add(p.variable()));
        cells.addAll(optimizer.state().variables());
        return cells;
    }

    @TestFactory
    List<DynamicTest> replaysWithTheBitsOfEagerTraining() {
        Map<String, Function<Model, Optimizer>> all = Map.of(
                "adamw", m -> AdamW.of(m.parameters(), RATE,
                        AdamW.Options.DEFAULT.withGroups(ParameterGroup.noDecayForVectors())),
                "sgd", m -> Sgd.of(m.parameters(), RATE, Sgd.Options.DEFAULT.withMomentum(0.9)),
                "lion", m -> Lion.of(m.parameters(), RATE, Lion.Options.DEFAULT),
                "muon", m -> Muon.of(m.parameters(), RATE, Muon.Options.DEFAULT),
                "adafactor", m -> Adafactor.of(m.parameters(), RATE, Adafactor.Options.DEFAULT));
        return all.entrySet().stream().map(e -> DynamicTest.dynamicTest(e.getKey(), () -> replays(e.getValue())))
                .toList();
    }

    private static void replays(Function<Model, Optimizer> make) {
        Model model = new Model();
        Optimizer optimizer = make.apply(model);
        List<Variable> cells = cells(model, optimizer);
        List<Tensor> before = cells.stream().map(Variable::snapshot).toList();
        Program program = Program.capture("step", in -> List.of(step(model, optimizer, in.get(0), in.get(1), in.get(2),
                in.get(3), in.get(4))), List.of(ids(1, "in"), ids(1, "out"), key(1), rate(1), Tensor.scalar(1)));
        for (int i = 0; i < cells.size(); i++) {
            assertArrayEquals(before.get(i).toFloatArray(), cells.get(i).value().toFloatArray(),
                    cells.get(i).name() + " after the capture");
        }

        Model eagerModel = new Model();
        Optimizer eager = make.apply(eagerModel);
        List<Variable> eagerCells = cells(eagerModel, eager);
        for (int t = 1; t <= STEPS; t++) {
            Tensor loss = t % 5 == 0
                    ? step(model, optimizer, ids(t, "in"), ids(t, "out"), key(t), rate(t), Tensor.scalar(t))
                    : program.run(ids(t, "in"), ids(t, "out"), key(t), rate(t), Tensor.scalar(t)).getFirst();
            Tensor eagerLoss = step(eagerModel, eager, ids(t, "in"), ids(t, "out"), key(t), rate(t), Tensor.scalar(t));
            assertEquals(eagerLoss.item(), loss.item(), "the loss of step " + t);
            for (int i = 0; i < cells.size(); i++) {
                assertArrayEquals(eagerCells.get(i).value().toFloatArray(), cells.get(i).value().toFloatArray(),
                        eagerCells.get(i).name() + " after step " + t);
            }
        }
    }

    @Test
    void countedStepsGiveTheSameBits() {
        Model one = new Model();
        Model two = new Model();
        AdamW counted = AdamW.of(one.parameters(), RATE, AdamW.Options.DEFAULT);
        AdamW explicit = AdamW.of(two.parameters(), RATE, AdamW.Options.DEFAULT);
        for (int t = 1; t <= 3; t++) {
            int n = t;
            counted.step(Gradients.of(Training.scope(Rng.ofKey(key(n)), () -> one.loss(ids(n, "in"), ids(n, "out"))))
                    .clipByGlobalNorm(CLIP));
            step(two, explicit, ids(t, "in"), ids(t, "out"), key(t), rate(t), Tensor.scalar(t));
        }
        assertArrayEquals(one.head.value().toFloatArray(), two.head.value().toFloatArray());
    }

    private static String refusal(Function<Model, Function<List<Tensor>, Tensor>> make) {
        Model model = new Model();
        Function<List<Tensor>, Tensor> step = make.apply(model);
        float[] before = model.head.value().toFloatArray();
        String message = assertThrows(TensorException.class, () -> Program.capture("step", in -> List.of(step.apply(in)),
                List.of(ids(1, "in"), ids(1, "out"), key(1), rate(1), Tensor.scalar(1)))).getMessage();
        assertArrayEquals(before, model.head.value().toFloatArray(), "nothing has changed");
        return message;
    }

    @Test
    void whatWouldBeTheSameInEveryRunIsRefused() {
        String read = refusal(m -> {
            AdamW optimizer = AdamW.of(m.parameters(), RATE, AdamW.Options.DEFAULT);
            return in -> {
                Tensor loss = step(m, optimizer, in.get(0), in.get(1), in.get(2), in.get(3), in.get(4));
                return loss.mul(loss.item());
            };
        });
        assertTrue(read.contains("'step': item reads a value on the host"), read);
        String counted = refusal(m -> {
            AdamW optimizer = AdamW.of(m.parameters(), RATE, AdamW.Options.DEFAULT);
            return in -> {
                Tensor loss = Training.scope(Rng.ofKey(in.get(2)), () -> m.loss(in.get(0), in.get(1)));
                optimizer.step(Gradients.of(loss));
                return loss;
            };
        });
        assertTrue(counted.contains("optimizer.step(gradients, learningRate, step)"), counted);
        String cached = refusal(m -> in -> {
            KvCache cache = new KvCache(new KvCache.Config(1, 1, 1, 4, 2));
            cache.slot(0).append(Tensor.ones(1, 1, 1, 2), Tensor.ones(1, 1, 1, 2));
            return cache.slot(0).keys(1);
        });
        assertTrue(cached.contains("a key-value cache takes numbers from the host"), cached);
        InMemory data = InMemory.of(Tensor.ones(4, 2), Tensor.ones(4));
        String loaded = refusal(m -> in -> DataLoader.of(data, DataLoader.Options.sequential(2)).next().inputs());
        assertTrue(loaded.contains("DataLoader.next()"), loaded);
        String drawn = refusal(m -> in -> Training.scope(Rng.of(3), () -> m.loss(in.get(0), in.get(1))));
        assertTrue(drawn.contains("'dropout' draws with a key that does not change"), drawn);
    }
}
