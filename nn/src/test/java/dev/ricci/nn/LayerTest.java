package dev.ricci.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.autograd.Gradients;
import dev.ricci.nn.init.Initializer;
import dev.ricci.nn.init.Initializers;
import dev.ricci.tensor.Backends;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.DTypeException;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.Safetensors;
import dev.ricci.tensor.io.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LayerTest {
    private static final Rng RNG = Rng.of(1);

    /** An embedding, a norm with buffers and a head that shares the embedding's weight. */
    private static final class Tied extends Layer {
        final Embedding embedding = child("embed", new Embedding(5, 3, RNG));
        final BatchNorm norm = child("norm", new BatchNorm(3));
        final Linear head = child("head", Linear.tied(embedding.weight()));
        final Parameter scale = parameter("scale", Tensor.ones(3));
    }

    private static Map<String, Tensor> copy(Map<String, Tensor> state) {
        Map<String, Tensor> copy = new LinkedHashMap<>();
        state.forEach((path, t) -> copy.put(path, t.add(Tensor.full(t.shape(), t.dtype(), 1))));
        return copy;
    }

    private static void assertSameBits(String what, Tensor expected, Tensor actual) {
        assertEquals(expected.shape(), actual.shape(), what);
        assertArrayEquals(expected.toFloatArray(), actual.toFloatArray(), what);
    }

    @Test
    void pathsAreThoseOfTheOutermostLayerAndOwnParametersComeFirst() {
        Tied inner = new Tied();
        Sequential model = new Sequential(new Linear(2, 3, RNG), Tensor::relu, new Linear(3, 1, false, RNG));
        Layer outer = new Layer() {
            final Layer a = child("tied", inner);
            final Layer b = child("mlp", model);
        };
        assertEquals(List.of("tied.scale", "tied.embed.weight", "tied.norm.weight", "tied.norm.bias", "mlp.0.weight",
                "mlp.0.bias", "mlp.2.weight"), List.copyOf(outer.parameters().keySet()));
        outer.parameters().forEach((path, p) -> assertEquals(path, p.path()));
        assertEquals(List.of("tied.norm.running_mean", "tied.norm.running_var", "tied.norm.num_batches_tracked"),
                List.copyOf(outer.buffers().keySet()));
        outer.buffers().forEach((path, b) -> assertEquals(path, b.name()));
        assertEquals(3 + 15 + 3 + 3 + 6 + 3 + 3, outer.parameterCount());
        TensorException e = assertThrows(TensorException.class, () -> model.forward(Tensor.ones(4, 7)));
        assertEquals("linear 'mlp.0.weight': x must be [..., 2], got [4, 7]", e.getMessage());
    }

    @Test
    void namesAreUniqueAndHaveNoDots() {
        assertThrows(TensorException.class, () -> new Layer() {
            {
                parameter("a", Tensor.ones(1));
                buffer("a", Tensor.ones(1));
            }
        });
        assertThrows(TensorException.class, () -> new Layer() {
            {
                parameter("a.b", Tensor.ones(1));
            }
        });
        assertThrows(TensorException.class, () -> new Layer() {
            {
                child("me", this);
            }
        });
        assertThrows(DTypeException.class, () -> new Layer() {
            {
                parameter("ids", Tensor.arange(3));
            }
        });
    }

    @Test
    void sharedParametersCountAndTrainOnce() {
        Tied model = new Tied();
        assertSame(model.embedding.weight(), model.head.weight());
        assertEquals("embed.weight", model.head.weight().path());
        Tensor ids = Tensor.ofInts(new int[] {0, 2});
        Tensor loss = model.head.forward(model.embedding.forward(ids)).sum();
        // d/dW of sum_i sum_v W[v] . W[id_i]: the rows chosen get the sum of all rows too.
        Tensor w = model.embedding.weight().snapshot();
        Tensor chosen = w.indexSelect(0, ids).sum(0);
        Tensor g = Gradients.of(loss).get(model.embedding.weight().variable());
        Near.assertNear(1e-5, g.select(0, 1), chosen);
        Near.assertNear(1e-5, g.select(0, 2), chosen.add(w.sum(0)));
    }

    @Test
    void freezing() {
        Tied model = new Tied();
        model.norm.freeze();
        assertEquals(List.of("scale", "embed.weight"), List.copyOf(model.trainableParameters().keySet()));
        assertFalse(model.norm.parameters().get("weight").value().isTracked());
        assertEquals(5, model.parameters().size() + 1);
        model.freeze();
        assertTrue(model.trainableParameters().isEmpty());
        assertFalse(model.embedding.forward(Tensor.ofInts(new int[] {1})).isTracked());
        model.unfreeze();
        assertEquals(4, model.trainableParameters().size());
        assertTrue(model.embedding.forward(Tensor.ofInts(new int[] {1})).isTracked());
    }

    @Test
    void valuesAreLiveAndSnapshotsAreNot() {
        Parameter p = new Linear(2, 1, false, RNG).weight();
        Tensor live = p.value();
        Tensor before = p.snapshot();
        Tensor next = Tensor.of(new float[] {5, 6}, 1, 2);
        p.assign(next);
        Near.assertNear(0, live, 5, 6);
        assertFalse(before.eq(next).any().item() != 0);
        assertThrows(TensorException.class, () -> p.assign(Tensor.ones(2, 1)));
        DTypeException e = assertThrows(DTypeException.class, () -> p.assign(next.to(DType.F64)));
        assertTrue(e.getMessage().contains("'weight'"), e.getMessage());
    }

    @Test
    void aStateIsLoadedWhole() {
        Tied model = new Tied();
        Map<String, Tensor> next = copy(model.stateDict());
        assertEquals(7, next.size());
        model.load(next);
        model.stateDict().forEach((path, t) -> assertEquals(1.0, t.eq(next.get(path)).all().item(), path));
        assertEquals(1, model.buffers().get("norm.num_batches_tracked").value().item());
    }

    @Test
    void everyMisfitIsReportedBeforeAnythingIsWritten() {
        Tied model = new Tied();
        Map<String, Tensor> wrong = copy(model.stateDict());
        wrong.remove("scale");
        wrong.remove("norm.running_var");
        wrong.put("extra.weight", Tensor.ones(1));
        wrong.put("norm.bias", Tensor.ones(4));
        wrong.put("norm.weight", Tensor.ones(3).to(DType.F64));
        Tensor before = model.embedding.weight().snapshot();
        String message = assertThrows(TensorException.class, () -> model.load(wrong)).getMessage();
        assertEquals("""
                load: the tensors do not fit Tied; 3 loaded, 2 missing, 1 unexpected, 2 mismatched
                  missing scale
                  missing norm.running_var
                  unexpected extra.weight
                  mismatched norm.weight: expected %s, found %s
                  mismatched norm.bias: expected %s, found %s
                Nothing was loaded. If this is meant, use loadMatching, which loads what fits""".formatted(
                Tensor.ones(3).spec(), Tensor.ones(3).to(DType.F64).spec(), Tensor.ones(3).spec(),
                Tensor.ones(4).spec()), message);
        Near.assertSameBits(before, model.embedding.weight().value());

        LoadReport report = model.loadMatching(wrong);
        assertFalse(report.isComplete());
        assertEquals(List.of("embed.weight", "norm.running_mean", "norm.num_batches_tracked"), report.loaded());
        Near.assertSameBits(wrong.get("embed.weight"), model.embedding.weight().value());
        Near.assertNear(0, model.scale.value(), 1, 1, 1);
    }

    @Test
    void oneMisfitOfAnyKindIsEnough() {
        Linear model = new Linear(2, 1, RNG);
        Tensor weight = Tensor.ones(1, 2);
        Tensor bias = Tensor.ones(1);
        for (Map<String, Tensor> wrong : List.of(Map.of("weight", weight),
                Map.of("weight", weight, "bias", bias, "more", bias), Map.of("weight", weight, "bias", weight))) {
            Tensor before = model.weight().snapshot();
            assertThrows(TensorException.class, () -> model.load(wrong));
            Near.assertSameBits(before, model.weight().value());
        }
        model.load(Map.of("weight", weight, "bias", bias));
    }

    @Test
    void sharedParametersLoadUnderEitherName() {
        Tied model = new Tied();
        Map<String, Tensor> state = copy(model.stateDict());
        Tensor w = state.remove("embed.weight");
        state.put("head.weight", w);
        model.load(state);
        Near.assertSameBits(w, model.embedding.weight().value());
        state.put("embed.weight", w.add(0));
        model.load(state);
        state.put("embed.weight", w.add(1));
        assertThrows(TensorException.class, () -> model.load(state));
    }

    @Test
    void anOpenFileLoadsAndItsFloatsAreConverted(@TempDir Path folder) throws IOException {
        Tied model = new Tied();
        Map<String, Tensor> state = copy(model.stateDict());
        Tensor w = state.remove("embed.weight").to(DType.BF16);
        state.put("head.weight", w);
        Path file = folder.resolve("tied.safetensors");
        Safetensors.save(file, state);
        try (SafetensorsFile source = SafetensorsFile.open(file)) {
            model.load(source);
        }
        Near.assertSameBits(w.to(DType.F32), model.embedding.weight().value());

        state.put("embed.weight", w);
        state.put("norm.num_batches_tracked", Tensor.ones(1));
        state.put("norm.bias", Tensor.ones(4));
        Safetensors.save(file, state);
        try (SafetensorsFile source = SafetensorsFile.open(file)) {
            String message = assertThrows(TensorException.class, () -> model.load(source)).getMessage();
            assertTrue(message.contains("5 loaded, 0 missing, 0 unexpected, 2 mismatched"), message);
        }
        state.put("embed.weight", w.to(DType.F32).add(1));
        Safetensors.save(file, state);
        try (SafetensorsFile source = SafetensorsFile.open(file)) {
            String message = assertThrows(TensorException.class, () -> model.load(source)).getMessage();
            assertTrue(message.contains("one shared tensor"), message);
        }
    }

    @Test
    void firstValuesAreMadeWhenTheyAreRead() {
        int[] made = new int[1];
        Initializer counting = (rng, shape) -> {
            made[0]++;
            return Initializers.normal(1).create(rng, shape);
        };
        Linear a = new Linear(3, 2, false, counting, Rng.of(4));
        assertTrue(a.weight().variable().isLazy());
        a.load(Map.of("weight", Tensor.ones(2, 3)));
        assertEquals(6, a.weight().value().sum().item());
        assertEquals(0, made[0]);
        Linear b = new Linear(3, 2, false, counting, Rng.of(4));
        Tensor first = Backends.with(Backends.reference(), () -> b.weight().value());
        assertSameBits("weight", b.weight().value(), first);
        assertSameBits("weight", first, Rng.of(4).split("weight").normal(2, 3));
        b.weight().initialize(() -> Tensor.ones(2, 3));
        assertEquals(6, b.weight().value().sum().item());
        assertEquals(1, made[0]);
        Linear c = new Linear(3, 2, false, counting, Rng.of(4));
        c.weight().initialize(() -> Tensor.ones(2, 3));
        assertEquals(6, c.weight().snapshot().sum().item());
        assertEquals(1, made[0]);
        assertThrows(ShapeException.class, () -> c.weight().initialize(() -> Tensor.ones(3, 2)));
        Linear wrong = new Linear(3, 2, false, (rng, shape) -> Tensor.ones(3, 2), Rng.of(4));
        assertThrows(ShapeException.class, () -> wrong.weight().value());
    }

    @Test
    void loadsAsStored(@TempDir Path folder) throws IOException {
        Linear model = new Linear(64, 40, RNG);
        Path file = folder.resolve("half.safetensors");
        Map<String, Tensor> state = new LinkedHashMap<>(model.stateDict());
        state.put("weight", state.get("weight").to(DType.F16));
        state.put("bias", state.get("bias").to(DType.F16));
        Safetensors.save(file, state);
        Linear plain = new Linear(64, 40, RNG);
        Linear stored = new Linear(64, 40, RNG);
        try (SafetensorsFile source = SafetensorsFile.open(file)) {
            plain.load(source);
            stored.loadAsStored(source);
        }
        assertEquals("F16", stored.weight().storedAs());
        assertEquals("F32", stored.bias().storedAs());
        assertEquals(DType.F32, stored.weight().spec().dtype());
        assertFalse(stored.weight().isTrainable());
        assertTrue(stored.bias().isTrainable());
        assertTrue(stored.summary().contains("weight  F16"), stored.summary());
        Tensor x = Rng.of(5).normal(3, 64).tracked();
        assertSameBits("forward", stored.forward(x), plain.forward(x));
        assertSameBits("gradient", Gradients.of(stored.forward(x).square().sum()).get(x),
                Gradients.of(plain.forward(x).square().sum()).get(x));
        assertSameBits("state", stored.stateDict().get("weight"), plain.weight().value());
        assertThrows(TensorException.class, () -> stored.weight().assign(plain.weight().value()));
        stored.unfreeze();
        assertEquals("F32", stored.weight().storedAs());
        stored.weight().assign(plain.weight().value());
        assertTrue(Gradients.of(stored.forward(x).sum()).contains(stored.weight().variable()));
    }

    @Test
    void summaryIsATable() {
        Layer model = new Layer() {
            final Linear up = child("up", new Linear(100, 20, RNG));
            final BatchNorm norm = child("norm", new BatchNorm(20));

            {
                up.bias().freeze();
            }
        };
        assertEquals("""
                path                      type  shape      count  trainable
                up.weight                 F32   [20, 100]  2,000  yes
                up.bias                   F32   [20]          20  no
                norm.weight               F32   [20]          20  yes
                norm.bias                 F32   [20]          20  yes
                norm.running_mean         F32   [20]          20  buffer
                norm.running_var          F32   [20]          20  buffer
                norm.num_batches_tracked  I64   []             1  buffer
                : 2,060 parameters, 2,040 trainable
                """, model.summary());
    }
}
