package dev.ricci.bench;

import dev.ricci.autograd.Gradients;
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

/** What an op costs when there is nearly nothing to compute. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class OverheadBenchmark {
    private final Tensor a = Tensor.ones(16);
    private final Tensor b = Tensor.ones(16);
    private final Tensor tracked = Tensor.ones(16).tracked();

    /** Made by JMH. */
    public OverheadBenchmark() {
    }

    /** Adding two tensors of 16 elements. */
    @Benchmark
    public Tensor add() {
        return a.add(b);
    }

    /** The same, tracked. */
    @Benchmark
    public Tensor addTracked() {
        return tracked.add(b);
    }

    /** A view. */
    @Benchmark
    public Tensor reshape() {
        return a.reshape(4, 4);
    }

    /** A chain of eight tracked ops, and the way back. */
    @Benchmark
    public Tensor chainAndGradient() {
        Tensor x = tracked;
        for (int i = 0; i < 8; i++) {
            x = x.mul(b);
        }
        return Gradients.of(x.sum()).get(tracked);
    }
}
