package dev.ricci.bench;

import dev.ricci.autograd.Gradients;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One step of AdamW with clipping on a small GPT: 4 layers, width 256, 4 heads, sequence 128, batch 8, vocabulary 4096,
 * tied head; 4.2 million parameters, 1,024 tokens a step.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 5)
@Measurement(iterations = 5, time = 5)
@Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "-XX:+UseParallelGC"})
public class TrainStepBenchmark {
    private static final int BATCH = 8;
    private static final DecoderConfig CONFIG = DecoderConfig.gpt2(4096, 128, 4, 4, 256);

    private final Decoder model = new Decoder(CONFIG, Rng.of(1));
    private final AdamW optimizer = AdamW.of(model.parameters(), 3e-4);
    private final Tensor inputs = Rng.of(2).ints(CONFIG.vocabSize(), BATCH, CONFIG.contextLength());
    private final Tensor targets = Rng.of(3).ints(CONFIG.vocabSize(), BATCH, CONFIG.contextLength());

    /** Made by JMH. */
    public TrainStepBenchmark() {
    }

    /** Forward, backward, clipping, update. */
    @Benchmark
    public Tensor step() {
        Tensor loss = model.loss(inputs, targets);
        Gradients gradients = Gradients.of(loss, Gradients.reuseMemory());
        optimizer.step(gradients.clipByGlobalNorm(1));
        gradients.release();
        return loss;
    }
}
