package dev.ricci.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.ricci.tensor.cpu.CpuBackend;
import dev.ricci.tensor.cpu.Threads;
import dev.ricci.tensor.profile.OpProfile;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class ProgramTest {
    private static Program capture(UnaryOperator<Tensor> f, Tensor x) {
        return Program.capture("f", in -> List.of(f.apply(in.getFirst())), List.of(x));
    }

    private static float[] run(Program p, Tensor... inputs) {
        return p.run(inputs).getFirst().toFloatArray();
    }

    @Test
    void runsWithOtherInputs() {
        Program p = Program.capture("f", in -> List.of(in.get(0).mul(in.get(1)).exp(), in.get(0).sum()),
                List.of(Tensor.of(1, 2), Tensor.of(3, 4)));
        List<Tensor> results = p.run(Tensor.of(0, 1), Tensor.of(5, 2));
        assertArrayEquals(Tensor.of(0, 2).exp().toFloatArray(), results.get(0).toFloatArray());
        assertEquals(1, results.get(1).item());
    }

    @Test
    void resultsOfEarlierRunsStay() {
        Program p = capture(x -> x.add(1), Tensor.of(1));
        Tensor first = p.run(Tensor.of(1)).getFirst();
        Tensor second = p.run(Tensor.of(5)).getFirst();
        assertNotSame(first.storage(), second.storage());
        assertEquals(2, first.item());
        assertEquals(6, second.item());
    }

    @Test
    void anyLayoutIsAnInput() {
        Program p = capture(x -> x.transpose(0, 1).mul(2), Tensor.zeros(2, 3));
        Tensor x = Rng.of(1).normal(3, 2).transpose(0, 1);
        assertArrayEquals(x.transpose(0, 1).mul(2).toFloatArray(), run(p, x));
        Tensor part = Rng.of(1).normal(5, 3).slice(0, 2, 4);
        assertArrayEquals(part.transpose(0, 1).mul(2).toFloatArray(), run(p, part));
    }

    @Test
    void inputsViewsAndTheSameTensorTwiceAreResults() {
        Tensor held = Tensor.of(7, 8);
        Program p = Program.capture("f", in -> {
            Tensor y = in.getFirst().exp();
            return List.of(in.getFirst(), y, y, y.slice(0, 1, 2), y.reshape(2, 1).expand(Shape.of(2, 2)), held);
        }, List.of(Tensor.of(0, 0)));
        List<Tensor> r = p.run(Tensor.of(0, 1));
        float e = (float) Tensor.of(1).exp().item();
        float[][] expected = {{0, 1}, {1, e}, {1, e}, {e}, {1, 1, e, e}, {7, 8}};
        for (int i = 0; i < expected.length; i++) {
            assertArrayEquals(expected[i], r.get(i).toFloatArray(), "result " + i);
        }
        assertEquals(6, r.stream().map(Tensor::storage).distinct().count(), "each has memory of its own");
    }

    @Test
    void statesAreReadAndWrittenWhereTheyAre() {
        Variable sum = Variable.of("sum", Tensor.of(0, 0), false);
        Program p = capture(x -> {
            Tensor before = sum.snapshot();
            sum.assign(sum.value().add(x));
            return before;
        }, Tensor.of(1, 1));
        assertArrayEquals(new float[] {0, 0}, sum.value().toFloatArray(), "the capture is no run");
        run(p, Tensor.of(1, 2));
        sum.assign(sum.value().mul(10));
        assertArrayEquals(new float[] {10, 20}, run(p, Tensor.of(3, 3)));
        assertArrayEquals(new float[] {13, 23}, sum.value().toFloatArray());
    }

    @Test
    void aVariableOfTheFunctionBeginsAnewInEveryRun() {
        Program p = capture(x -> {
            Variable v = Variable.of("v", Tensor.of(1, 1), false);
            v.assign(v.value().add(x));
            v.assign(v.value().mul(v.value()));
            return v.value();
        }, Tensor.of(1, 1));
        assertArrayEquals(new float[] {4, 9}, run(p, Tensor.of(1, 2)));
        assertArrayEquals(new float[] {4, 9}, run(p, Tensor.of(1, 2)));
    }

    @Test
    void whatIsAlwaysTheSameIsComputedOnceAndWhatNobodyReadsNever() {
        Program p = capture(x -> {
            Tensor table = Tensor.arange(4).to(DType.F32).mul(0.5).cos().reshape(4, 1).expand(Shape.of(4, 4));
            x.mul(3).log().sum();
            return x.mul(table);
        }, Tensor.ones(4, 4));
        assertEquals(List.of("mul"), p.graph().instructions().stream().map(i -> i.op().name()).toList());
        Tensor x = Rng.of(1).normal(4, 4);
        assertArrayEquals(x.mul(Tensor.arange(4).to(DType.F32).mul(0.5).cos().reshape(4, 1)).toFloatArray(), run(p, x));
    }

    @Test
    void valuesThatAreDeadGiveTheirPlace() {
        Program p = capture(x -> {
            for (int i = 0; i < 20; i++) {
                x = x.exp().sub(1);
            }
            return x.sum();
        }, Tensor.zeros(1000));
        assertEquals(40 * 4000, p.plan().unsharedBytes());
        assertTrue(p.plan().bytes() <= 2 * 4096, p.plan().bytes() + " bytes");
        assertEquals(40, p.plan().places().size());
        Tensor x = Rng.of(2).uniform(1000);
        Tensor y = x;
        for (int i = 0; i < 20; i++) {
            y = y.exp().sub(1);
        }
        assertEquals(y.sum().item(), p.run(x).getFirst().item());
    }

    @Test
    void aRunTakesNoMemoryButForItsResults() {
        Tensor w = Rng.of(3).normal(64, 64);
        Program p = capture(x -> {
            for (int i = 0; i < 10; i++) {
                x = x.matmul(w).tanh();
            }
            return x.sum();
        }, Tensor.zeros(512, 64));
        Tensor x = Rng.of(4).normal(512, 64);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        // Vectors of code that is not compiled yet are objects.
        long taken = Threads.limit(1, () -> Backends.with(CpuBackend.plain(), () -> {
            p.run(x);
            long before = threads.getCurrentThreadAllocatedBytes();
            p.run(x);
            return threads.getCurrentThreadAllocatedBytes() - before;
        }));
        assertTrue(taken < 100_000, taken + " bytes; one intermediate value has " + 512 * 64 * 4);
    }

    /** Products with few rows pack a right operand that they meet again; here it is another one each time. */
    @Test
    void nothingIsKeptOfTheValuesOfEarlierRuns() {
        Program p = Program.capture("f", in -> List.of(in.get(0).matmul(in.get(1).mul(in.get(1))).sum(),
                in.get(0).matmul(in.get(1).mul(in.get(1)))), List.of(Tensor.zeros(1, 96), Tensor.zeros(96, 64)));
        for (int i = 1; i <= 5; i++) {
            Tensor x = Rng.of(i).normal(1, 96);
            Tensor w = Rng.of(i).normal(96, 64);
            assertArrayEquals(x.matmul(w.mul(w)).toFloatArray(), p.run(x, w).get(1).toFloatArray(), "run " + i);
        }
    }

    @Test
    void listenersSeeItsOps() {
        Program p = capture(x -> x.exp().sum(), Tensor.zeros(10));
        OpProfile profile = new OpProfile();
        Tensor x = Tensor.ones(10);
        profile.listen(() -> p.run(x));
        assertEquals(2, profile.total().calls());
        assertTrue(p.table().contains("2 ops") && p.table().contains("exp"), p.table());
        assertEquals("Program 'f', 2 ops", p.toString());
    }

    @Test
    void aProgramCanBePartOfAnother() {
        Variable count = Variable.of("count", Tensor.of(0), false);
        Program inner = capture(x -> {
            count.assign(count.value().add(1));
            return x.exp().sub(1).mul(count.value());
        }, Tensor.zeros(3));
        Program outer = capture(x -> inner.run(inner.run(x).getFirst()).getFirst(), Tensor.zeros(3));
        assertEquals(0, count.value().item(), "captures are no runs");
        Tensor x = Tensor.of(0.1f, 0.2f, 0.3f);
        assertArrayEquals(x.exp().sub(1).exp().sub(1).mul(2).toFloatArray(), run(outer, x));
        assertEquals(2, count.value().item());
    }

    @Test
    void inputsThatDoNotFitAreRefused() {
        Program p = capture(Tensor::exp, Tensor.zeros(2, 3));
        assertEquals("program 'f': takes 1 inputs, got 0",
                assertThrows(TensorException.class, p::run).getMessage());
        assertEquals("program 'f': input 0 was captured as F32[2, 3], got F32[3, 2]; capture another program for it",
                assertThrows(ShapeException.class, () -> p.run(Tensor.zeros(3, 2))).getMessage());
        assertThrows(ShapeException.class, () -> p.run(Tensor.full(Shape.of(2, 3), DType.I32, 0)));
    }
}
