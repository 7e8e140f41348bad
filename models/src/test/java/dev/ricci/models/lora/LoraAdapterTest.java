package dev.ricci.models.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.autograd.Gradients;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.nn.Linear;
import dev.ricci.nn.Parameter;
import dev.ricci.nn.Training;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.data.TokenWindows;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.nn.train.Checkpoint;
import dev.ricci.nn.train.Trainer;
import dev.ricci.nn.train.TrainerOptions;
import dev.ricci.nn.train.TrainingListener;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.Safetensors;
import dev.ricci.tensor.io.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoraAdapterTest {
    private static final Tensor IDS = Rng.of(2).ints(11, 3, 9);
    private static final Tensor TARGETS = Rng.of(3).ints(11, 3, 9);

    private final Decoder model = new Decoder(DecoderConfig.llama(11, 16, 2, 4, 2, 16, 24), Rng.of(1));

    private float[] logits() {
        return NoGrad.call(() -> model.logits(IDS).toFloatArray());
    }

    /** One whose B is not zero any more. */
    private LoraAdapter trained(LoraConfig config, long seed) {
        LoraAdapter adapter = LoraAdapter.on(model, config, Rng.of(seed));
        adapter.parameters().forEach((path, p) -> p.assign(Rng.of(seed).split(path)
                .normal(p.spec().shape().toArray()).mul(0.3)));
        return adapter;
    }

    private Map<String, float[]> weights() {
        Map<String, float[]> values = new LinkedHashMap<>();
        model.stateDict().forEach((path, t) -> values.put(path, t.toFloatArray()));
        return values;
    }

    private static void assertSame(Map<String, float[]> expected, Map<String, float[]> found) {
        assertEquals(expected.keySet(), found.keySet());
        expected.forEach((path, values) -> assertArrayEquals(values, found.get(path), path));
    }

    @Test
    void aFreshAdapterChangesNoBit() {
        float[] before = logits();
        LoraAdapter adapter = LoraAdapter.on(model, LoraConfig.of(4), Rng.of(1));
        assertArrayEquals(before, logits());
        assertTrue(model.trainableParameters().isEmpty());
        assertEquals(Set.of("model.layers.0.self_attn.q_proj.lora_A.weight", "model.layers.0.self_attn.q_proj.lora_B.weight",
                "model.layers.0.self_attn.v_proj.lora_A.weight", "model.layers.0.self_attn.v_proj.lora_B.weight",
                "model.layers.1.self_attn.q_proj.lora_A.weight", "model.layers.1.self_attn.q_proj.lora_B.weight",
                "model.layers.1.self_attn.v_proj.lora_A.weight", "model.layers.1.self_attn.v_proj.lora_B.weight"),
                adapter.parameters().keySet());
        adapter.parameters().forEach((path, p) -> assertEquals(path, p.path()));
        assertEquals(2 * (4 * 16 + 16 * 4 + 4 * 16 + 8 * 4), adapter.parameterCount());
    }

    @Test
    void addsScaleTimesBTimesA() {
        Linear linear = new Linear(5, 3, Rng.of(1));
        LoraLinear lora = new LoraLinear(5, 3, LoraConfig.of(2).withAlpha(6), Rng.of(2));
        lora.parameters().forEach((path, p) -> p.assign(Rng.of(7).split(path).normal(p.spec().shape().toArray())));
        Tensor x = Rng.of(3).normal(2, 4, 5);
        double[] base = linear.forward(x).toDoubleArray();
        linear.attach(lora);
        double[] found = linear.forward(x).toDoubleArray();
        double[] a = lora.parameters().get("lora_A.weight").value().toDoubleArray();
        double[] b = lora.parameters().get("lora_B.weight").value().toDoubleArray();
        double[] in = x.toDoubleArray();
        for (int n = 0; n < 8; n++) {
            for (int o = 0; o < 3; o++) {
                double sum = 0;
                for (int r = 0; r < 2; r++) {
                    for (int i = 0; i < 5; i++) {
                        sum += b[o * 2 + r] * a[r * 5 + i] * in[n * 5 + i];
                    }
                }
                assertEquals(base[n * 3 + o] + 6 / 2.0 * sum, found[n * 3 + o], 1e-5);
            }
        }
        assertThrows(TensorException.class, () -> linear.attach(lora));
        linear.detach(lora);
        assertArrayEquals(base, linear.forward(x).toDoubleArray());
        assertEquals(6 / Math.sqrt(2), LoraConfig.of(2).withAlpha(6).withRankStabilized(true).scale());
    }

    @Test
    void itsGradientsAreTheDifferences() {
        LoraAdapter adapter = trained(LoraConfig.of(2).withTargets(new LoraTargets.AllLinear()), 5);
        Gradients g = Gradients.of(model.loss(IDS, TARGETS));
        assertEquals(2 * 7 * 2, adapter.parameters().size());
        adapter.parameters().forEach((path, p) -> {
            Tensor direction = Rng.of(9).split(path).normal(p.spec().shape().toArray());
            Tensor at = p.snapshot();
            double up = lossAt(p, at.add(direction.mul(1e-2)));
            double down = lossAt(p, at.sub(direction.mul(1e-2)));
            p.assign(at);
            assertEquals((up - down) / 2e-2, g.get(p.variable()).mul(direction).sum().item(), 2e-3, path);
        });
    }

    private double lossAt(Parameter p, Tensor value) {
        p.assign(value);
        return NoGrad.call(() -> model.loss(IDS, TARGETS)).item();
    }

    @Test
    void overfitsOneBatchAndLeavesTheBase() {
        // A fresh head's logits are all near 0 whatever it reads, and it is not trained.
        Parameter head = model.parameters().get("lm_head.weight");
        head.assign(head.snapshot().mul(50));
        Map<String, float[]> before = weights();
        LoraAdapter adapter = LoraAdapter.on(model, LoraConfig.of(8).withTargets(new LoraTargets.AllLinear()), Rng.of(1));
        AdamW optimizer = AdamW.of(adapter.parameters(), 2e-2);
        for (int i = 0; i < 120; i++) {
            Gradients g = Gradients.of(model.loss(IDS, TARGETS), Gradients.reuseMemory());
            optimizer.step(g);
            g.release();
        }
        double loss = NoGrad.call(() -> model.loss(IDS, TARGETS)).item();
        assertTrue(loss < 0.1, "loss " + loss);
        assertSame(before, weights());
    }

    @Test
    void mergedItGivesTheSameAndUnmergedTheSameBits() {
        float[] base = logits();
        Map<String, float[]> before = weights();
        LoraAdapter adapter = trained(LoraConfig.of(4).withTargets(new LoraTargets.AllLinear()), 5);
        float[] with = logits();
        adapter.merge();
        assertTrue(adapter.isMerged());
        assertArrayEquals(with, logits(), 1e-5f);
        assertFalse(Arrays.equals(base, with));
        assertThrows(TensorException.class, adapter::merge);
        assertThrows(TensorException.class, adapter::attach);
        assertThrows(TensorException.class, adapter::detach);
        adapter.unmerge();
        assertSame(before, weights());
        assertArrayEquals(with, logits());
        adapter.detach();
        assertArrayEquals(base, logits());
        adapter.attach();
        adapter.attach();
        assertArrayEquals(with, logits());
        assertThrows(TensorException.class, adapter::unmerge);
    }

    @Test
    void twoAdaptersAddUpAndAreUnmergedInReverseOrder() {
        Map<String, float[]> before = weights();
        LoraAdapter first = trained(LoraConfig.of(2), 5);
        LoraAdapter second = trained(LoraConfig.of(3), 6);
        float[] both = logits();
        first.merge();
        second.merge();
        assertArrayEquals(both, logits(), 1e-5f);
        String message = assertThrows(TensorException.class, first::unmerge).getMessage();
        assertTrue(message.contains("model.layers.0.self_attn.q_proj") && message.contains("reverse order"), message);
        second.unmerge();
        first.unmerge();
        assertSame(before, weights());
        assertArrayEquals(both, logits(), 1e-6f);
    }

    @Test
    void dropsOutInTrainingAlone() {
        trained(LoraConfig.of(4).withDropout(0.5), 5);
        float[] evaluated = logits();
        assertArrayEquals(evaluated, logits());
        float[] first = Training.scope(Rng.of(1), this::logits);
        assertFalse(Arrays.equals(evaluated, first));
        assertArrayEquals(first, Training.scope(Rng.of(1), this::logits));
        assertFalse(Arrays.equals(first, Training.scope(Rng.of(2), this::logits)));
    }

    /** Halves stay halves: the gradients are those of a base in F32, and nothing is merged into them. */
    @Test
    void trainsOnABaseThatIsKeptAsStored() throws IOException {
        Map<String, Tensor> halves = new LinkedHashMap<>(model.stateDict());
        halves.replaceAll((path, t) -> t.to(DType.F16));
        Path file = folder.resolve("halves.safetensors");
        Safetensors.save(file, halves);
        Decoder stored = new Decoder(model.config(), Rng.of(2));
        try (SafetensorsFile source = SafetensorsFile.open(file)) {
            model.load(source);
            stored.loadAsStored(source);
        }
        LoraConfig all = LoraConfig.of(2).withTargets(new LoraTargets.AllLinear());
        LoraAdapter plain = LoraAdapter.on(model, all, Rng.of(4));
        LoraAdapter adapter = LoraAdapter.on(stored, all, Rng.of(4));
        Gradients expected = Gradients.of(model.loss(IDS, TARGETS));
        Gradients found = Gradients.of(stored.loss(IDS, TARGETS));
        adapter.parameters().forEach((path, p) -> assertArrayEquals(
                expected.get(plain.parameters().get(path).variable()).toFloatArray(), found.get(p.variable()).toFloatArray(),
                1e-6f, path));
        String message = assertThrows(TensorException.class, adapter::merge).getMessage();
        assertTrue(message.contains("is kept as F16"), message);
        Parameter one = adapter.parameters().values().iterator().next();
        assertTrue(Gradients.of(stored.loss(IDS, TARGETS)).contains(one.variable()), "a refused merge leaves it attached");
        adapter.detach();
        assertFalse(adapter.isMerged());
    }

    @Test
    void targetsAreNamesOrAPatternOrAll() {
        assertTargets("q_proj", 2, "self_attn.q_proj");
        assertTargets("self_attn.q_proj,mlp.up_proj", 4, "up_proj");
        assertTargets(".*layers\\.1\\..*_proj", 7, "model.layers.1.mlp.down_proj");
        assertTargets("all-linear", 14, "o_proj");
        assertRefused("proj", "no linear layer", "model.layers.0.self_attn.q_proj");
        assertRefused("lm_head", "output head");
        assertRefused("q_proj,", "none of them empty");
        assertRefused("(", "no regular expression");
    }

    private void assertTargets(String targets, int count, String one) {
        LoraAdapter adapter = LoraAdapter.on(model, LoraConfig.of(1).withTargets(LoraTargets.parse(targets)), Rng.of(1));
        assertEquals(2 * count, adapter.parameters().size());
        assertTrue(adapter.parameters().keySet().stream().anyMatch(path -> path.contains(one)), targets);
        adapter.detach();
    }

    private void assertRefused(String targets, String... parts) {
        String message = assertThrows(TensorException.class, () -> LoraAdapter.on(model,
                LoraConfig.of(1).withTargets(LoraTargets.parse(targets)), Rng.of(1))).getMessage();
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }

    @Test
    void numbersThatNoAdapterHasAreRefused() {
        assertThrows(TensorException.class, () -> LoraConfig.of(0));
        assertThrows(TensorException.class, () -> LoraConfig.of(1).withAlpha(Double.NaN));
        assertThrows(TensorException.class, () -> LoraConfig.of(1).withAlpha(0));
        assertThrows(TensorException.class, () -> LoraConfig.of(1).withDropout(1));
    }

    @TempDir
    private Path folder;

    /** A fresh model and adapter, trained for some of 20 steps. */
    private byte[][] run(Path run, int stopAfter) throws IOException {
        Decoder base = new Decoder(DecoderConfig.llama(11, 16, 2, 4, 2, 16, 24), Rng.of(1));
        LoraAdapter adapter = LoraAdapter.on(base, LoraConfig.of(2).withDropout(0.2), Rng.of(4));
        int[] text = IntStream.range(0, 300).map(i -> i * i % 11).toArray();
        Trainer trainer = Trainer.of(adapter, b -> base.loss(b.inputs(), b.targets()),
                DataLoader.of(TokenWindows.everywhere(text, 8), DataLoader.Options.drawn(4, 1)),
                AdamW.of(adapter.parameters(), 1e-2), TrainerOptions.of(20).withCheckpoints(run, 5));
        trainer.listener(new TrainingListener() {
            @Override
            public void onStep(Step event) {
                if (event.step() == stopAfter) {
                    trainer.stop();
                }
            }
        });
        trainer.resume();
        Path last = Checkpoint.latest(run).orElseThrow().folder();
        return new byte[][] {Files.readAllBytes(last.resolve(Checkpoint.MODEL)),
            Files.readAllBytes(last.resolve(Checkpoint.OPTIMIZER))};
    }

    @Test
    void aResumedTrainingEndsWithTheBytesOfAnUnbrokenOne() throws IOException {
        byte[][] whole = run(folder.resolve("whole"), -1);
        run(folder.resolve("broken"), 7);
        byte[][] resumed = run(folder.resolve("broken"), -1);
        assertArrayEquals(whole[0], resumed[0]);
        assertArrayEquals(whole[1], resumed[1]);
        assertTrue(whole[0].length < 8000, "a checkpoint holds no base: " + whole[0].length + " bytes");
    }
}
