package dev.ricci.gpu.probe;

import dev.ricci.autograd.Gradients;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.nn.Training;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.Program;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.Variable;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** A decoder and its whole training step as one program: forward, backward, clipping and AdamW. */
final class TrainStep {
    private final int vocabulary;
    private final int batch;
    private final int tokens;
    private final double rate;
    private final List<Variable> states;
    /** Values of the states before the first step. */
    private final List<Tensor> initial;
    private final Program program;

    /** Draws the weights and captures the step on the CPU. */
    TrainStep(DecoderConfig config, int batch, int tokens, double rate) {
        this.vocabulary = config.vocabSize();
        this.batch = batch;
        this.tokens = tokens;
        this.rate = rate;
        Decoder model = new Decoder(config, Rng.of(1));
        AdamW optimizer = AdamW.of(model.parameters(), 1);
        states = Stream.concat(optimizer.state().parameters().stream(), optimizer.state().variables().stream()).toList();
        initial = states.stream().map(Variable::snapshot).toList();
        program = Program.capture("step", in -> {
            Tensor loss = Training.scope(Rng.ofKey(in.get(3)), () -> model.loss(in.get(0).slice(1, 0, tokens),
                    in.get(0).slice(1, 1, tokens + 1)));
            optimizer.step(Gradients.of(loss).clipByGlobalNorm(0.5), in.get(1), in.get(2));
            return List.of(loss);
        }, List.of(inputs(1, 1)));
    }

    /** Number {@code batch} of the batches, for step {@code t}. */
    private Tensor[] inputs(int batch, int t) {
        return new Tensor[] {Rng.of(batch).ints(vocabulary, this.batch, tokens + 1), Tensor.scalar(rate), Tensor.scalar(t),
            Rng.of(7).split(t).key()};
    }

    /** The program on a device, with the same states. */
    Program on(Device device) {
        return program.on(device);
    }

    /** Runs step {@code t} on one of {@code batches} batches by turns, and gives the loss. */
    float run(Program there, int t, int batches) {
        return there.run(inputs(t % batches, t)).getFirst().toFloatArray()[0];
    }

    /** The losses of steps 1 to {@code count}, from the initial states. */
    float[] losses(Program there, int count, int batches) {
        for (int i = 0; i < states.size(); i++) {
            states.get(i).assign(initial.get(i));
        }
        float[] losses = new float[count];
        for (int t = 1; t <= count; t++) {
            losses[t - 1] = run(there, t, batches);
        }
        return losses;
    }

    /** A checksum over the bits of parameters and moments. */
    int bits() {
        return Arrays.hashCode(states.stream().mapToInt(v -> Gpu.bits(v.value().toFloatArray())).toArray());
    }

    /** Number of parameters: a third of the states, the rest are moments. */
    long parameters() {
        return states.stream().mapToLong(v -> v.spec().shape().size()).sum() / 3;
    }
}
