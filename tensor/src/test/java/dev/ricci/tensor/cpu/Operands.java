package dev.ricci.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.op.Elementwise;
import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.reference.ReferenceBackend;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Random operands in random layouts, and the comparison of kernels with the reference. */
final class Operands {
    private Operands() {
    }

    /** The kernel kinds under test. */
    static Stream<Backend> backends() {
        return Stream.of(CpuBackend.plain(), CpuBackend.vector());
    }

    /** F32, dense, elements in -1 .. 1. */
    static Operand dense(Random random, int... shape) {
        Shape s = Shape.of(shape);
        return new Operand(HeapStorage.of(floats(random, s.size())), Layout.dense(s));
    }

    /** F32 in a layout drawn at random: an offset, gaps, an order of axes, flipped axes. */
    static Operand any(Random random, int... shape) {
        int rank = shape.length;
        List<Integer> order = new ArrayList<>();
        for (int a = 0; a < rank; a++) {
            order.add(random.nextInt(a + 1), a);
        }
        boolean plain = random.nextInt(3) == 0;
        int[] stored = new int[rank];
        int[] starts = new int[rank];
        int[] sizes = new int[rank];
        int[] steps = new int[rank];
        int[] back = new int[rank];
        for (int a = 0; a < rank; a++) {
            int axis = plain ? a : order.get(a);
            back[axis] = a;
            sizes[a] = shape[axis];
            steps[a] = plain ? 1 : 1 + random.nextInt(2);
            starts[a] = plain ? 0 : random.nextInt(2);
            stored[a] = starts[a] + sizes[a] * steps[a];
        }
        Shape whole = Shape.of(stored);
        Layout layout = Layout.dense(whole, random.nextInt(4)).slice(starts, sizes, steps).permute(back);
        if (!plain && rank > 0 && random.nextBoolean()) {
            layout = layout.flip(new int[] {random.nextInt(rank)});
        }
        return new Operand(HeapStorage.of(floats(random, whole.size() + 4)), layout);
    }

    /** F32 whose axes before {@code from} are broadcast from one. */
    static Operand expanded(Random random, int from, int... shape) {
        int[] small = shape.clone();
        Arrays.fill(small, 0, from, 1);
        Operand x = any(random, small);
        return new Operand(x.storage(), x.layout().expand(Shape.of(shape)));
    }

    static float[] floats(Random random, int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = 2 * random.nextFloat() - 1;
        }
        return x;
    }

    /** Any type, in the layout of an F32 operand, each element cast from 100 times the float there. */
    static Operand cast(Operand floats, DType dtype) {
        int n = floats.storage().size();
        Operand scaled = new Operand(HeapStorage.allocate(DType.F32, n), Layout.dense(Shape.of(n)));
        for (int i = 0; i < n; i++) {
            scaled.heap().floats()[i] = (dtype == DType.BOOL ? 1.5f : 100) * floats.heap().floats()[i];
            if (dtype == DType.BOOL) {
                scaled.heap().floats()[i] = (int) scaled.heap().floats()[i];
            }
        }
        Operand to = new Operand(HeapStorage.allocate(dtype, n), Layout.dense(Shape.of(n)));
        ReferenceBackend.INSTANCE.execute(new Elementwise.Cast(dtype), new Operand[] {scaled}, new Operand[] {to});
        return new Operand(to.storage(), floats.layout());
    }

    /** I32 scalar or vector. */
    static Operand ints(Shape shape, int... values) {
        return new Operand(HeapStorage.of(values), Layout.dense(shape));
    }

    /** F32 [rows, columns] with given elements. */
    static Operand matrix(int rows, int columns, float... values) {
        return new Operand(HeapStorage.of(values), Layout.dense(Shape.of(rows, columns)));
    }

    static Operand scalar(float value) {
        return new Operand(HeapStorage.of(new float[] {value}), Layout.dense(Shape.scalar()));
    }

    /** Runs an op on outputs that hold rubbish. */
    static Operand[] run(Backend backend, Op op, Operand... in) {
        List<TensorSpec> specs = op.infer(Arrays.stream(in).map(x -> new TensorSpec(x.dtype(), x.shape())).toList());
        Operand[] out = new Operand[specs.size()];
        for (int i = 0; i < out.length; i++) {
            Shape shape = specs.get(i).shape();
            HeapStorage storage = HeapStorage.allocate(specs.get(i).dtype(), shape.size());
            if (storage.dtype() == DType.F32) {
                Arrays.fill(storage.floats(), Float.NaN);
            }
            out[i] = new Operand(storage, Layout.dense(shape));
        }
        backend.execute(op, in, out);
        return out;
    }

    /** Runs an op on a backend and on the reference and compares all outputs. */
    static Operand[] check(Backend backend, double tolerance, Op op, Operand... in) {
        Operand[] actual = run(backend, op, in);
        Operand[] expected = run(ReferenceBackend.INSTANCE, op, in);
        for (int i = 0; i < actual.length; i++) {
            String what = backend.name() + " " + op + " of " + Arrays.toString(in) + " output " + i;
            switch (actual[i].dtype()) {
                case F32 -> near(expected[i].heap().floats(), actual[i].heap().floats(), tolerance, what);
                case F64 -> assertArrayEquals(expected[i].heap().doubles(), actual[i].heap().doubles(), what);
                case F16, BF16 -> assertArrayEquals(expected[i].heap().shorts(), actual[i].heap().shorts(), what);
                case I32 -> assertArrayEquals(expected[i].heap().ints(), actual[i].heap().ints(), what);
                case I64 -> assertArrayEquals(expected[i].heap().longs(), actual[i].heap().longs(), what);
                case U8, BOOL -> assertArrayEquals(expected[i].heap().bytes(), actual[i].heap().bytes(), what);
            }
        }
        return actual;
    }

    static void near(float[] expected, float[] actual, double tolerance, String what) {
        assertEquals(expected.length, actual.length, what);
        for (int i = 0; i < expected.length; i++) {
            boolean same = Float.compare(expected[i], actual[i]) == 0
                    || Math.abs((double) expected[i] - actual[i]) <= tolerance * (1 + Math.abs(expected[i]));
            if (!same) {
                fail(what + ": element " + i + " is " + actual[i] + ", the reference has " + expected[i]);
            }
        }
    }

    /** Compares bits. */
    static void sameBits(float[] expected, float[] actual, String what) {
        for (int i = 0; i < Math.max(expected.length, actual.length); i++) {
            if (Float.floatToRawIntBits(expected[i]) != Float.floatToRawIntBits(actual[i])) {
                fail(what + ": element " + i + " is " + actual[i] + ", must be exactly " + expected[i]);
            }
        }
    }

    /** Runs an op with one thread and with all, and compares the bits. */
    static void threadsDoNotMatter(Backend backend, Op op, Operand... in) {
        Operand[] one = Threads.limit(1, () -> run(backend, op, in));
        Operand[] all = run(backend, op, in);
        for (int i = 0; i < one.length; i++) {
            String what = backend.name() + " " + op + " output " + i;
            if (one[i].dtype() == DType.F32) {
                sameBits(one[i].heap().floats(), all[i].heap().floats(), what);
            } else {
                assertArrayEquals(one[i].heap().ints(), all[i].heap().ints(), what);
            }
        }
    }
}
