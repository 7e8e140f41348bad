package dev.ricci.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.autograd.Gradients;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.nn.Training;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Program;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.io.Safetensors;
import dev.ricci.tensor.io.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Decoders as captured programs. */
class CapturedDecoderTest {
    private static final int VOCABULARY = 29;

    @TempDir
    private Path folder;

    static List<DecoderConfig> decoders() {
        return List.of(DecoderConfig.gpt2(VOCABULARY, 12, 2, 2, 16).withDropout(0.1),
                DecoderConfig.llama(VOCABULARY, 12, 2, 4, 2, 16, 24), DecoderConfig.llama(VOCABULARY, 12, 1, 2, 1, 16, 24)
                        .withTiedHead(true));
    }

    private static Tensor ids(int step, int batch) {
        return Rng.of(step).ints(VOCABULARY, batch, 12);
    }

    private static Tensor step(Decoder model, AdamW optimizer, List<Tensor> in) {
        Tensor loss = Training.scope(Rng.ofKey(in.get(2)), () -> model.loss(in.get(0), in.get(1)));
        optimizer.step(Gradients.of(loss).clipByGlobalNorm(0.5), in.get(3), in.get(4));
        return loss.detach();
    }

    private static List<Tensor> inputs(int step) {
        return List.of(ids(step, 3), ids(step + 100, 3), Rng.of(7).split(step).key(), Tensor.scalar(1e-2 / step),
                Tensor.scalar(step));
    }

    @ParameterizedTest
    @MethodSource("decoders")
    void trainsWithTheBitsOfEagerSteps(DecoderConfig config) {
        Decoder eager = new Decoder(config, Rng.of(1));
        Decoder captured = new Decoder(config, Rng.of(1));
        AdamW eagerOptimizer = AdamW.of(eager.parameters(), 1);
        AdamW optimizer = AdamW.of(captured.parameters(), 1);
        Program program = Program.capture("step", in -> List.of(step(captured, optimizer, in)), inputs(1));
        assertTrue(program.plan().bytes() < program.plan().unsharedBytes() / 2, program.table());
        for (int t = 1; t <= 6; t++) {
            double loss = program.run(inputs(t).toArray(Tensor[]::new)).getFirst().item();
            assertEquals(step(eager, eagerOptimizer, inputs(t)).item(), loss, "step " + t);
        }
        eager.stateDict().forEach((name, value) -> assertArrayEquals(value.toFloatArray(),
                captured.stateDict().get(name).toFloatArray(), name));
    }

    @Test
    void readsWeightsAsTheyAreStored() throws IOException {
        DecoderConfig config = DecoderConfig.llama(VOCABULARY, 12, 2, 4, 2, 32, 64);
        Map<String, Tensor> halves = new LinkedHashMap<>(new Decoder(config, Rng.of(1)).stateDict());
        halves.replaceAll((path, t) -> t.to(DType.F16));
        Path file = folder.resolve("halves.safetensors");
        Safetensors.save(file, halves);
        Decoder model = new Decoder(config, Rng.of(2));
        try (SafetensorsFile source = SafetensorsFile.open(file)) {
            model.loadAsStored(source);
        }
        Program program = NoGrad.call(() -> Program.capture("logits", in -> List.of(model.logits(in.getFirst())),
                List.of(ids(1, 2))));
        Tensor other = ids(2, 2);
        assertArrayEquals(NoGrad.call(() -> model.logits(other)).toFloatArray(),
                program.run(other).getFirst().toFloatArray());
    }
}
