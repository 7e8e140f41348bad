package dev.ricci.tensor.cpu;

import static dev.ricci.tensor.cpu.Operands.any;
import static dev.ricci.tensor.cpu.Operands.cast;
import static dev.ricci.tensor.cpu.Operands.check;
import static dev.ricci.tensor.cpu.Operands.dense;
import static dev.ricci.tensor.cpu.Operands.threadsDoNotMatter;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.op.BinaryKind;
import dev.ricci.tensor.op.CompareKind;
import dev.ricci.tensor.op.Creation;
import dev.ricci.tensor.op.Elementwise;
import dev.ricci.tensor.op.Indexing;
import dev.ricci.tensor.op.Ints;
import dev.ricci.tensor.op.Movement;
import dev.ricci.tensor.op.ReduceKind;
import dev.ricci.tensor.op.Reduction;
import dev.ricci.tensor.op.UnaryKind;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Element-wise ops, reductions, movements, indexing and draws against the reference, in random layouts. */
final class KernelsTest {
    private static final int ROUNDS = 60;
    private static final double TOLERANCE = 2e-6;

    static Stream<Backend> backends() {
        return Operands.backends();
    }

    private static int[] shape(Random random) {
        int rank = random.nextInt(5);
        int[] shape = new int[rank];
        for (int a = 0; a < rank; a++) {
            int kind = random.nextInt(12);
            shape[a] = kind == 0 ? 0 : kind < 3 ? 1 : kind == 3 && rank < 4 ? 40 + random.nextInt(100)
                    : 1 + random.nextInt(7);
        }
        return shape;
    }

    /** Any layout, or some axes broadcast. */
    private static Operand operand(Random random, int... shape) {
        if (random.nextInt(3) > 0) {
            return any(random, shape);
        }
        int[] small = shape.clone();
        for (int a = 0; a < shape.length; a++) {
            small[a] = random.nextBoolean() && shape[a] > 0 ? 1 : shape[a];
        }
        Operand x = any(random, small);
        return new Operand(x.storage(), x.layout().expand(Shape.of(shape)));
    }

    /** Every element once, some of them special. */
    private static Operand special(Random random, int... shape) {
        Operand x = operand(random, shape);
        float[] v = x.heap().floats();
        float[] values = {0f, -0f, 1, -1, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 3e38f, 1e-40f};
        for (int i = 0; i < v.length; i++) {
            if (random.nextInt(4) == 0) {
                v[i] = values[random.nextInt(values.length)];
            }
        }
        return x;
    }

    @ParameterizedTest
    @MethodSource("backends")
    void elementwise(Backend backend) {
        Random random = new Random(3);
        for (int round = 0; round < ROUNDS; round++) {
            int[] s = shape(random);
            for (UnaryKind kind : UnaryKind.values()) {
                if (kind != UnaryKind.LOGICAL_NOT) {
                    check(backend, TOLERANCE, new Elementwise.Unary(kind), special(random, s));
                    check(backend, TOLERANCE, new Elementwise.Unary(kind), operand(random, s));
                }
            }
            for (UnaryKind kind : List.of(UnaryKind.GELU, UnaryKind.GELU_TANH, UnaryKind.SILU)) {
                check(backend, TOLERANCE, new Elementwise.UnaryBackward(kind), operand(random, s), operand(random, s));
                check(backend, TOLERANCE, new Elementwise.Gate(kind), operand(random, s), operand(random, s));
                check(backend, TOLERANCE, new Elementwise.GateBackward(kind), operand(random, s), operand(random, s),
                        operand(random, s));
            }
            for (BinaryKind kind : BinaryKind.values()) {
                if (!kind.isLogical()) {
                    check(backend, TOLERANCE, new Elementwise.Binary(kind), special(random, s), special(random, s));
                    check(backend, TOLERANCE, new Elementwise.Binary(kind), operand(random, s), operand(random, s));
                }
            }
            for (CompareKind kind : CompareKind.values()) {
                check(backend, 0, new Elementwise.Compare(kind), special(random, s), special(random, s));
            }
            check(backend, 0, new Elementwise.Where(), cast(operand(random, s), DType.BOOL), special(random, s),
                    special(random, s));
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void powersWithKnownExponents(Backend backend) {
        Random random = new Random(31);
        for (float exponent : new float[] {2, 1, 3, 0.5f, -1, 0, -0.5f, Float.NaN}) {
            Operand b = Operands.scalar(exponent);
            check(backend, TOLERANCE, new Elementwise.Binary(BinaryKind.POW), special(random, 50),
                    new Operand(b.storage(), b.layout().expand(Shape.of(50))));
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void casts(Backend backend) {
        Random random = new Random(4);
        for (int round = 0; round < ROUNDS; round++) {
            int[] s = shape(random);
            for (DType to : DType.values()) {
                for (DType from : DType.values()) {
                    check(backend, 0, new Elementwise.Cast(to), cast(operand(random, s), from));
                }
                check(backend, 0, new Elementwise.Cast(to), special(random, s));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void reductions(Backend backend) {
        Random random = new Random(5);
        for (int round = 0; round < 4 * ROUNDS; round++) {
            int[] s = shape(random);
            int[] axes = IntStream.range(0, s.length).filter(a -> random.nextBoolean()).toArray();
            boolean empty = Arrays.stream(axes).anyMatch(a -> s[a] == 0);
            for (ReduceKind kind : ReduceKind.values()) {
                boolean extreme = kind == ReduceKind.MAX || kind == ReduceKind.MIN;
                if (kind != ReduceKind.ANY && kind != ReduceKind.ALL && !(extreme && empty)) {
                    Reduction.Reduce op = new Reduction.Reduce(kind, Ints.of(axes), random.nextBoolean());
                    check(backend, 5e-6, op, operand(random, s));
                    if (extreme || kind == ReduceKind.LOG_SUM_EXP) {
                        check(backend, 5e-6, op, special(random, s));
                    }
                }
            }
            if (s.length > 0) {
                int axis = random.nextInt(s.length);
                check(backend, 5e-6, new Reduction.CumSum(axis, random.nextBoolean()), operand(random, s));
                if (s[axis] > 0) {
                    check(backend, 0, new Reduction.ArgReduce(random.nextBoolean(), axis, random.nextBoolean()),
                            round % 2 == 0 ? special(random, s) : operand(random, s));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void longReductionsAndThreads(Backend backend) {
        Random random = new Random(6);
        int[][] shapes = {{200_003}, {3, 50_001}, {1000, 70}, {70_000, 3}, {2, 700, 3, 40}, {1, 300, 1500}};
        for (int[] s : shapes) {
            Operand x = dense(random, s);
            for (int axes = 1; axes < 1 << s.length; axes++) {
                int chosen = axes;
                Ints gone = Ints.of(IntStream.range(0, s.length).filter(a -> (chosen >> a & 1) == 1).toArray());
                for (ReduceKind kind : List.of(ReduceKind.SUM, ReduceKind.SUM_SQUARES, ReduceKind.MEAN, ReduceKind.MAX, ReduceKind.MIN,
                        ReduceKind.LOG_SUM_EXP)) {
                    Reduction.Reduce op = new Reduction.Reduce(kind, gone, false);
                    check(backend, kind == ReduceKind.SUM || kind == ReduceKind.SUM_SQUARES ? 1e-4 : 1e-6, op, x);
                    threadsDoNotMatter(backend, op, x);
                }
            }
            for (int axis = 0; axis < s.length; axis++) {
                check(backend, 0, new Reduction.ArgReduce(true, axis, false), x);
                check(backend, 1e-5, new Reduction.CumSum(axis, false), x);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void largeElementwiseOpsAndThreads(Backend backend) {
        Random random = new Random(7);
        Operand x = any(random, 301, 520);
        Operand y = dense(random, 301, 520);
        Operand row = Operands.expanded(random, 1, 301, 520);
        for (UnaryKind kind : List.of(UnaryKind.EXP, UnaryKind.GELU, UnaryKind.SQUARE)) {
            check(backend, TOLERANCE, new Elementwise.Unary(kind), x);
            threadsDoNotMatter(backend, new Elementwise.Unary(kind), x);
        }
        for (Operand other : List.of(y, row)) {
            check(backend, TOLERANCE, new Elementwise.Binary(BinaryKind.ADD), x, other);
            check(backend, TOLERANCE, new Elementwise.Binary(BinaryKind.ADD), y, other);
            threadsDoNotMatter(backend, new Elementwise.Binary(BinaryKind.MUL), y, other);
        }
        check(backend, 0, new Movement.Copy(), x);
        for (int n : new int[] {100_001, 65_536, 7}) {
            Operand key = new Operand(HeapStorage.of(new long[] {42}), Layout.dense(Shape.scalar()));
            dev.ricci.tensor.op.Random.Normal normal = new dev.ricci.tensor.op.Random.Normal(Shape.of(n), DType.F32);
            check(backend, 0, normal, key);
            threadsDoNotMatter(backend, normal, key);
            check(backend, 0, new dev.ricci.tensor.op.Random.Uniform(Shape.of(n), DType.F32), key);
            check(backend, 0, new dev.ricci.tensor.op.Random.RandomInt(Shape.of(n), 1000), key);
            check(backend, 0, new dev.ricci.tensor.op.Random.Dropout(0.3), any(random, n), key);
            check(backend, 0, new dev.ricci.tensor.op.Random.SplitKey(7), key);
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void movements(Backend backend) {
        Random random = new Random(8);
        DType[] types = DType.values();
        for (int round = 0; round < 4 * ROUNDS; round++) {
            int[] s = shape(random);
            int rank = s.length;
            Operand x = cast(operand(random, s), types[random.nextInt(types.length)]);
            check(backend, 0, new Movement.Copy(), x);
            check(backend, 0, new Movement.Reshape(Shape.of(x.size())), x);
            List<Integer> order = new ArrayList<>();
            for (int a = 0; a < rank; a++) {
                order.add(random.nextInt(a + 1), a);
            }
            check(backend, 0, new Movement.Permute(Ints.of(order.stream().mapToInt(a -> a).toArray())), x);
            int[] before = new int[rank];
            int[] after = new int[rank];
            int[] steps = new int[rank];
            int[] wide = new int[rank];
            for (int a = 0; a < rank; a++) {
                before[a] = random.nextInt(3);
                after[a] = random.nextInt(3);
                steps[a] = 1 + random.nextInt(3);
                wide[a] = before[a] + Math.max(0, s[a] - 1) * steps[a] + 1 + after[a];
            }
            check(backend, 0, new Movement.Pad(Ints.of(before), Ints.of(after), 1.5), x);
            check(backend, 0, new Movement.SliceBackward(Shape.of(wide), Ints.of(before), Ints.of(steps)), x);
            if (rank > 0) {
                int axis = random.nextInt(rank);
                int[] t = s.clone();
                t[axis] = random.nextInt(4);
                check(backend, 0, new Movement.Cat(axis), x, cast(operand(random, t), x.dtype()), x);
            }
            if (rank > 1) {
                check(backend, 0, new Movement.Triangular(random.nextBoolean(), random.nextInt(9) - 4), x);
            }
            check(backend, 0, new Creation.Full(Shape.of(s), x.dtype(), 2.7));
        }
        for (DType t : List.of(DType.F32, DType.F64, DType.I32, DType.I64)) {
            check(backend, 0, new Creation.Arange(100, t, -3, 0.7));
        }
    }

    private static Operand ids(Random random, Shape shape, int bound, boolean wide) {
        int n = shape.size();
        int[] ids = new int[n];
        for (int i = 0; i < n; i++) {
            ids[i] = random.nextInt(bound);
        }
        return new Operand(wide ? HeapStorage.of(Arrays.stream(ids).asLongStream().toArray()) : HeapStorage.of(ids),
                Layout.dense(shape));
    }

    @ParameterizedTest
    @MethodSource("backends")
    void indexing(Backend backend) {
        Random random = new Random(9);
        DType[] types = DType.values();
        for (int round = 0; round < 6 * ROUNDS; round++) {
            int[] s = shape(random);
            if (s.length == 0) {
                continue;
            }
            int axis = random.nextInt(s.length);
            s[axis] = Math.max(1, s[axis]);
            Operand x = round % 3 == 0 ? special(random, s) : operand(random, s);
            Shape chosen = Shape.of(random.nextInt(4), 1 + random.nextInt(4));
            Operand ids = ids(random, chosen, s[axis], random.nextBoolean());
            Indexing.IndexSelect select = new Indexing.IndexSelect(axis);
            Operand selected = check(backend, 0, select, x, ids)[0];
            check(backend, 0, select, cast(operand(random, s), types[random.nextInt(types.length)]), ids);
            Operand source = operand(random, selected.shape().toArray());
            check(backend, 5e-6, new Indexing.IndexAdd(Shape.of(s), axis), ids, source);
            int[] inner = s.clone();
            for (int a = 0; a < s.length; a++) {
                inner[a] = a == axis ? random.nextInt(6) : random.nextInt(s[a] + 1);
            }
            Operand places = ids(random, Shape.of(inner), s[axis], random.nextBoolean());
            check(backend, 0, new Indexing.Gather(axis), x, places);
            check(backend, 5e-6, new Indexing.ScatterAdd(axis), operand(random, s), places, operand(random, inner));
            check(backend, 0, new Indexing.OneHot(s[axis]), places);
            check(backend, 0, new Indexing.Sort(axis, random.nextBoolean()), x);
            check(backend, 0, new Indexing.TopK(random.nextInt(s[axis] + 1), axis, random.nextBoolean()), x);
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void topKOfAVocabulary(Backend backend) {
        Random random = new Random(10);
        Operand x = dense(random, 2, 50_257);
        float[] v = x.heap().floats();
        for (int i = 0; i < v.length; i++) {
            v[i] = Math.round(v[i] * 1000) / 1000f; // many equals
        }
        for (int k : new int[] {1, 2, 50, 5000, 50_257}) {
            check(backend, 0, new Indexing.TopK(k, 1, true), x);
            check(backend, 0, new Indexing.TopK(k, 1, false), x);
        }
        Operand ids = ids(random, Shape.of(500), 1000, false);
        Operand rows = any(random, 500, 200);
        threadsDoNotMatter(backend, new Indexing.IndexAdd(Shape.of(1000, 200), 0), ids, rows);
        check(backend, 1e-5, new Indexing.IndexAdd(Shape.of(1000, 200), 0), ids, rows);
    }
}
