package dev.ricci.bench;

import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Matrix products of the shapes that language models have: M rows times a weight of [K, N] or, transposed, [N, K]. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class MatMulBenchmark {
    /** M x K x N. */
    @Param({"512x512x512", "1x768x3072", "8x768x3072", "128x768x3072"})
    public String shape;

    private Tensor x;
    private Tensor weight;
    private Tensor transposed;

    /** Made by JMH. */
    public MatMulBenchmark() {
    }

    /** Draws the operands. */
    @Setup
    public void setup() {
        String[] s = shape.split("x");
        int m = Integer.parseInt(s[0]);
        int k = Integer.parseInt(s[1]);
        int n = Integer.parseInt(s[2]);
        x = Rng.of(1).normal(m, k);
        weight = Rng.of(2).normal(k, n);
        transposed = Rng.of(3).normal(n, k).transpose(0, 1);
    }

    /** Weight stored [K, N]. */
    @Benchmark
    public Tensor plain() {
        return x.matmul(weight);
    }

    /** Weight stored [N, K], as layers have it. */
    @Benchmark
    public Tensor transposed() {
        return x.matmul(transposed);
    }
}
