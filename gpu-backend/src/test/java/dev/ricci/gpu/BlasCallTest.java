package dev.ricci.gpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Contraction;
import dev.ricci.tensor.program.Buffer;
import dev.ricci.tensor.program.Instruction;
import dev.ricci.tensor.program.Value;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What cuBLAS is asked for, against its documented meaning in a few loops. */
class BlasCallTest {
    private static final int[] SWAP = {1, 0};
    private static final int[] SWAP_LAST = {0, 2, 1};

    private static Value input(int id, int... shape) {
        Shape s = Shape.of(shape);
        return new Value(new Buffer(id, Buffer.Kind.INPUT, DType.F32, s.size(), null), Layout.dense(s));
    }

    private static Value permuted(Value v, int... order) {
        return new Value(v.buffer(), v.layout().permute(order));
    }

    private static Value sliced(Value v, int from, int to) {
        return new Value(v.buffer(), v.layout().slice(new int[] {0, from},
                new int[] {v.layout().shape().dim(0), to - from}, new int[] {1, 1}));
    }

    private static Launch launch(Arena arena, Value... in) {
        List<Shape> shapes = List.of(in).stream().map(v -> v.layout().shape()).toList();
        int rank = shapes.get(0).rank();
        int[] result = shapes.get(0).toArray();
        result[rank - 1] = shapes.get(1).dim(-1);
        Value y = Arena.dense(9, DType.F32, Shape.of(result));
        for (Value v : in) {
            arena.add(v.buffer());
        }
        arena.add(y.buffer());
        List<Launch> made = Launches.of(new Instruction(new Contraction.MatMul(), List.of(in), List.of(y)), arena);
        return made.getFirst();
    }

    /** op(X) of a column-major matrix. */
    private static float element(float[] memory, int at, boolean turned, int leading, int row, int column) {
        return memory[at + (turned ? column + row * leading : row + column * leading)];
    }

    /** C' = B' A', column-major, as the manual of cublasSgemmStridedBatched has it. */
    private static void gemm(BlasCall call, float[] memory) {
        for (int batch = 0; batch < call.batches(); batch++) {
            for (int i = 0; i < call.n(); i++) {
                for (int j = 0; j < call.m(); j++) {
                    float sum = 0;
                    for (int d = 0; d < call.k(); d++) {
                        sum = Math.fma(element(memory, call.b() + batch * call.stepB(), call.turnedB(), call.leadingB(), i,
                                d), element(memory, call.a() + batch * call.stepA(), call.turnedA(), call.leadingA(), d, j),
                                sum);
                    }
                    int to = call.c() + batch * call.m() * call.n() + i + j * call.n();
                    memory[to] = sum + (call.adds() ? memory[to] : 0);
                }
            }
        }
    }

    private static void check(Value... in) {
        Arena arena = new Arena();
        Launch launch = launch(arena, in);
        BlasCall call = BlasCall.of(launch);
        assertNotNull(call, () -> List.of(in).toString());
        assertEquals(in.length == 3, call.adds());
        arena.allocate();
        float[] memory = arena.floats();
        float[] values = Rng.of(7).normal(memory.length).toFloatArray();
        System.arraycopy(values, 0, memory, 0, memory.length);
        float[] expected = expected(memory, arena, in);
        if (call.adds()) {
            copy(BlasCall.bias(launch), memory);
        }
        gemm(call, memory);
        float[] actual = new float[expected.length];
        System.arraycopy(memory, call.c(), actual, 0, actual.length);
        assertArrayEquals(expected, actual, 1e-5f);
    }

    private static float[] expected(float[] memory, Arena arena, Value... in) {
        List<Tensor> tensors = new ArrayList<>();
        for (Value v : in) {
            float[] elements = new float[v.layout().shape().size()];
            int[] at = new int[v.layout().shape().rank()];
            for (int i = 0; i < elements.length; i++) {
                elements[i] = memory[arena.offset(v) - v.layout().offset() + v.layout().index(at)];
                for (int a = at.length - 1; a >= 0 && ++at[a] == v.layout().shape().dim(a); a--) {
                    at[a] = 0;
                }
            }
            tensors.add(Tensor.of(elements, v.layout().shape()));
        }
        return Tensor.apply(new Contraction.MatMul(), tensors.toArray(Tensor[]::new)).toFloatArray();
    }

    private static void copy(Launch launch, float[] memory) {
        int[] p = launch.ints();
        assertEquals(Kernel.COPY, launch.kernel());
        assertEquals(p[Params.DIMS] * p[Params.DIMS + 1], p[Params.COUNT]);
        for (int i = 0; i < p[Params.COUNT]; i++) {
            int row = i / p[Params.DIMS + 1];
            int column = i % p[Params.DIMS + 1];
            memory[p[Params.OUT] + row * p[Params.STRIDES_OUT] + column * p[Params.STRIDES_OUT + 1]]
                    = memory[p[Params.A] + row * p[Params.STRIDES_A] + column * p[Params.STRIDES_A + 1]];
        }
    }

    @Test
    void operandsLieByRowsOrByColumns() {
        check(input(0, 3, 4), input(1, 4, 5));
        check(permuted(input(0, 4, 3), SWAP), input(1, 4, 5));
        check(input(0, 3, 4), permuted(input(1, 5, 4), SWAP));
        check(permuted(input(0, 4, 3), SWAP), permuted(input(1, 5, 4), SWAP));
    }

    @Test
    void partsOfMatricesAndBatches() {
        check(sliced(input(0, 3, 9), 2, 6), input(1, 4, 5));
        check(input(0, 3, 4), sliced(input(1, 4, 9), 1, 6));
        check(input(0, 2, 3, 4), input(1, 2, 4, 5));
        check(permuted(input(0, 2, 4, 3), SWAP_LAST), permuted(input(1, 2, 5, 4), SWAP_LAST));
        Value b = input(1, 4, 5);
        check(input(0, 2, 3, 4), new Value(b.buffer(), b.layout().expand(Shape.of(2, 4, 5))));
    }

    @Test
    void biasesAndSingleRows() {
        check(input(0, 3, 4), input(1, 4, 5), input(2, 5));
        check(input(0, 2, 3, 4), input(1, 2, 4, 5), input(2, 5));
        Value scalar = input(2, 1);
        check(input(0, 3, 4), input(1, 4, 5), new Value(scalar.buffer(), scalar.layout().expand(Shape.of(5))));
        check(input(0, 1, 4), permuted(input(1, 5, 4), SWAP));
        check(input(0, 3, 1), input(1, 1, 5));
        check(input(0, 3, 4), sliced(input(1, 4, 9), 3, 4));
        check(permuted(input(0, 4, 1), SWAP), permuted(input(1, 1, 4), SWAP));
    }

    @Test
    void otherLayoutsKeepTheKernel() {
        Value a = input(0, 3, 8);
        Value everySecond = new Value(a.buffer(), a.layout().slice(new int[] {0, 0}, new int[] {3, 4}, new int[] {1, 2}));
        assertNull(BlasCall.of(launch(new Arena(), everySecond, input(1, 4, 5))));
        Value row = input(0, 1, 4);
        Value rows = new Value(row.buffer(), row.layout().expand(Shape.of(3, 4)));
        assertNull(BlasCall.of(launch(new Arena(), rows, input(1, 4, 5))));
        assertNull(BlasCall.of(launch(new Arena(), input(0, 3, 0), input(1, 0, 5))));
        assertNull(BlasCall.of(launch(new Arena(), permuted(input(0, 6, 5, 3, 4), 1, 0, 2, 3), input(1, 5, 6, 4, 2))));
        assertNull(BlasCall.of(new Launch(Kernel.COPY, null)));
    }

    @Test
    void flagsSayHowOperandsLie() {
        BlasCall call = BlasCall.of(launch(new Arena(), input(0, 3, 4), permuted(input(1, 5, 4), SWAP)));
        assertFalse(call.turnedA());
        assertTrue(call.turnedB());
        assertEquals(4, call.leadingB());
    }
}
