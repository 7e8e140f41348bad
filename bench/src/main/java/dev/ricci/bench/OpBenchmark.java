package dev.ricci.bench;

import dev.ricci.tensor.Functional;
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
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The fused ops at the sizes of a small language model. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class OpBenchmark {
    private Tensor rows;
    private Tensor logits;
    private Tensor targets;
    private Tensor weight;
    private Tensor q;
    private Tensor k;
    private Tensor v;

    /** Made by JMH. */
    public OpBenchmark() {
    }

    /** Draws the operands. */
    @Setup
    public void setup() {
        Rng rng = Rng.of(1);
        rows = rng.split(0).normal(4096, 768);
        weight = Tensor.ones(768);
        logits = rng.split(1).normal(512, 50257);
        targets = rng.split(2).ints(50257, 512);
        q = rng.split(3).normal(4, 8, 512, 64);
        k = rng.split(4).normal(4, 8, 512, 64);
        v = rng.split(5).normal(4, 8, 512, 64);
    }

    /** Softmax 512 x 50257. */
    @Benchmark
    public Tensor softmax() {
        return logits.softmax(-1);
    }

    /** Cross-entropy 512 x 50257. */
    @Benchmark
    public Tensor crossEntropy() {
        return Functional.crossEntropy(logits, targets);
    }

    /** Layer norm 4096 x 768. */
    @Benchmark
    public Tensor layerNorm() {
        return Functional.layerNorm(rows, weight, weight, 1e-5);
    }

    /** RMS norm 4096 x 768. */
    @Benchmark
    public Tensor rmsNorm() {
        return Functional.rmsNorm(rows, weight, 1e-5);
    }

    /** GELU with the error function, 4096 x 768. */
    @Benchmark
    public Tensor gelu() {
        return rows.gelu();
    }

    /** Causal attention, B 4 H 8 T 512 D 64. */
    @Benchmark
    public Tensor attention() {
        return Functional.attention(q, k, v, true);
    }
}
