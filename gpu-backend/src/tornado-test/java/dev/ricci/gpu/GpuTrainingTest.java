package dev.ricci.gpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.autograd.Gradients;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.nn.Layer;
import dev.ricci.nn.Parameter;
import dev.ricci.nn.Training;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.data.InMemory;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.nn.optim.Optimizer;
import dev.ricci.nn.optim.Schedule;
import dev.ricci.nn.optim.Sgd;
import dev.ricci.nn.train.Trainer;
import dev.ricci.nn.train.TrainerOptions;
import dev.ricci.nn.train.TrainingListener;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.Program;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.Variable;
import dev.ricci.tensor.spi.CompiledProgram;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Whole training steps of decoders on the device, strict, beside the same program on the CPU. */
final class GpuTrainingTest {
    private static final int VOCABULARY = 29;
    private static final int TOKENS = 12;

    private static GpuBackend backend;

    @BeforeAll
    static void deviceIsThere() {
        TornadoHalf half = new TornadoHalf();
        String reason = half.unavailable();
        Assumptions.assumeTrue(reason == null, () -> "no device: " + reason);
        backend = new GpuBackend(half, true);
    }

    /** A model and its training step. */
    private static final class Run {
        final Decoder model;
        final Program step;

        Run(DecoderConfig config) {
            model = new Decoder(config, Rng.of(1));
            AdamW optimizer = AdamW.of(model.parameters(), 1);
            step = Program.capture("step", in -> {
                Tensor loss = Training.scope(Rng.ofKey(in.get(3)), () -> model.loss(in.get(0).slice(1, 0, TOKENS),
                        in.get(0).slice(1, 1, TOKENS + 1)));
                optimizer.step(Gradients.of(loss).clipByGlobalNorm(0.5), in.get(1), in.get(2));
                return List.of(loss);
            }, inputs(1));
        }

        static List<Tensor> inputs(int t) {
            return List.of(Rng.of(t % 5).ints(VOCABULARY, 4, TOKENS + 1), Tensor.scalar(3e-3), Tensor.scalar(t),
                    Rng.of(7).split(t).key());
        }

        static float[] losses(int steps, Function<List<Tensor>, Float> step) {
            float[] losses = new float[steps];
            for (int t = 1; t <= steps; t++) {
                losses[t - 1] = step.apply(inputs(t));
            }
            return losses;
        }

        float[] onCpu(int steps) {
            return losses(steps, in -> step.run(in.toArray(Tensor[]::new)).getFirst().toFloatArray()[0]);
        }

        static float run(CompiledProgram there, List<Tensor> in) {
            float[] loss = new float[1];
            there.run(in.stream().map(Tensor::storage).toArray(Storage[]::new), new Storage[] {HeapStorage.of(loss)});
            return loss[0];
        }
    }

    private static void trainsAsTheCpu(DecoderConfig config, int steps) {
        float[] expected = new Run(config).onCpu(steps);
        Run run = new Run(config);
        try (CompiledProgram there = backend.compile(run.step.graph())) {
            assertArrayEquals(expected, Run.losses(steps, in -> Run.run(there, in)), 1e-3f);
        }
    }

    @Test
    void gpt2WithDropoutTrainsAsOnTheCpu() {
        trainsAsTheCpu(DecoderConfig.gpt2(VOCABULARY, TOKENS, 2, 2, 16).withDropout(0.1), 100);
    }

    @Test
    void llamaTrainsAsOnTheCpu() {
        trainsAsTheCpu(DecoderConfig.llama(VOCABULARY, TOKENS, 2, 4, 2, 16, 24), 100);
    }

    /** The host reads a loss and a scale, and learns of the NaN when all is over. */
    @Test
    void aStepWhoseLossIsNotFiniteChangesNothing() {
        refuses(p -> AdamW.of(p, 0.1));
        refuses(p -> Sgd.of(p, Schedule.constant(0.1), Sgd.Options.DEFAULT.withMomentum(0.9)));
    }

    private static void refuses(Function<Map<String, Parameter>, Optimizer> make) {
        Layer model = new Layer() {
            {
                parameter("w", Tensor.of(1f, 2f, 3f));
            }
        };
        Parameter w = model.parameters().get("w");
        Optimizer optimizer = make.apply(model.parameters());
        // Batch i holds i: the loss is a number up to 2, and NaN from 3 on.
        DataLoader counting = DataLoader.of(InMemory.of(Tensor.arange(9).to(DType.F32), null),
                DataLoader.Options.sequential(1));
        List<float[]> seen = new ArrayList<>();
        TensorException e = assertThrows(TensorException.class, () -> Trainer.of(model,
                b -> w.value().square().sum().mul(b.inputs().mean().neg().add(2.5).log()), counting, optimizer,
                TrainerOptions.of(9).withClipNorm(10).withDevice(Device.gpu())).listener(new TrainingListener() {
                    @Override
                    public void onStep(Step event) {
                        seen.add(w.value().toFloatArray());
                    }
                }).run());
        assertTrue(e.getMessage().startsWith("trainer: step 4: the loss is NaN; the first NaN was made by 'log'"),
                e.getMessage());
        assertEquals(3, optimizer.steps());
        assertArrayEquals(seen.getLast(), w.value().toFloatArray());
        for (Variable v : optimizer.state().variables()) {
            for (float x : v.value().toFloatArray()) {
                assertTrue(Float.isFinite(x), v.name());
            }
        }
    }

    /** Also when the host reads the parameters in the middle, and after the device's memory was given back. */
    @Test
    void twoRunsGiveTheSameBits() {
        DecoderConfig config = DecoderConfig.gpt2(VOCABULARY, TOKENS, 1, 2, 8).withDropout(0.1);
        Run first = new Run(config);
        float[] expected;
        try (CompiledProgram there = backend.compile(first.step.graph())) {
            expected = Run.losses(6, in -> Run.run(there, in));
        }
        Run second = new Run(config);
        CompiledProgram[] there = {backend.compile(second.step.graph())};
        int[] made = {0};
        float[] actual = Run.losses(6, in -> {
            if (++made[0] == 3) {
                second.model.parameters().values().forEach(p -> p.value().toFloatArray());
            } else if (made[0] == 5) {
                there[0].close();
                there[0] = backend.compile(second.step.graph());
            }
            return Run.run(there[0], in);
        });
        there[0].close();
        assertArrayEquals(expected, actual);
        second.model.parameters().forEach((name, p) -> assertArrayEquals(
                first.model.parameters().get(name).value().toFloatArray(), p.value().toFloatArray(), name));
        assertEquals(first.model.parameters().size(), second.model.parameters().size());
    }
}
