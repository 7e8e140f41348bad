package dev.ricci.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.op.AttentionOp;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AttentionKernelsTest {
    private static Operand mask(Random random, boolean additive, int... shape) {
        int[] small = shape.clone();
        for (int a = 0; a < 2; a++) {
            small[a] = random.nextBoolean() ? 1 : small[a];
        }
        if (additive) {
            Operand x = Operands.any(random, small);
            float[] values = x.heap().floats();
            for (int i = 0; i < values.length; i++) {
                values[i] = random.nextInt(4) == 0 ? Float.NEGATIVE_INFINITY : values[i];
            }
            return new Operand(x.storage(), x.layout().expand(Shape.of(shape)));
        }
        Shape s = Shape.of(small);
        byte[] seen = new byte[s.size()];
        int share = 1 + random.nextInt(4);
        for (int i = 0; i < seen.length; i++) {
            seen[i] = (byte) (random.nextInt(4) < share ? 1 : 0);
        }
        return new Operand(HeapStorage.of(DType.BOOL, seen), Layout.dense(s).expand(Shape.of(shape)));
    }

    private static Operand[] append(Operand[] in, Operand last) {
        Operand[] all = Arrays.copyOf(in, in.length + 1);
        all[in.length] = last;
        return all;
    }

    private static void forwardAndBackward(Backend backend, Random random, double scale, boolean causal, int window,
            Operand... in) {
        Operand[] y = Operands.check(backend, 1e-5, new AttentionOp.Attention(scale, causal, window), in);
        Operand[] all = new Operand[in.length + 3];
        all[0] = Operands.any(random, y[0].shape().toArray());
        all[1] = y[0];
        all[2] = y[1];
        System.arraycopy(in, 0, all, 3, in.length);
        Operands.check(backend, 3e-5, new AttentionOp.AttentionBackward(scale, causal, window), all);
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void equalsTheReferenceWithItsGradient(Backend backend) {
        Random random = new Random(1);
        for (int i = 0; i < 250; i++) {
            int b = 1 + random.nextInt(2);
            int groups = 1 + random.nextInt(2);
            int h = groups * (1 + random.nextInt(3));
            int t = random.nextInt(i % 5 == 0 ? 150 : 20);
            int s = random.nextInt(3) == 0 ? t : random.nextInt(i % 5 == 0 ? 200 : 30);
            int d = random.nextInt(20);
            int e = random.nextInt(3) == 0 ? random.nextInt(40) : d;
            Operand[] in = {Operands.any(random, b, h, t, d), Operands.any(random, b, groups, s, d),
                Operands.any(random, b, groups, s, e)};
            int kind = random.nextInt(4);
            if (kind > 1) {
                in = append(in, mask(random, kind == 2, b, h, t, s));
            }
            forwardAndBackward(backend, random, 0.3 + random.nextDouble(), random.nextBoolean(),
                    random.nextBoolean() ? 0 : 1 + random.nextInt(80), in);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void equalsTheReferenceOverManyBlocks(Backend backend) {
        Random random = new Random(2);
        Operand q = Operands.any(random, 1, 4, 260, 40);
        Operand k = Operands.any(random, 1, 2, 330, 40);
        Operand v = Operands.any(random, 1, 2, 330, 24);
        forwardAndBackward(backend, random, 1, true, 0, q, k, v);
        forwardAndBackward(backend, random, 1, true, 90, q, k, v);
        forwardAndBackward(backend, random, 1, false, 70, q, k, v, mask(random, true, 1, 4, 260, 330));
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void oneQueryAgainstACacheHasTheBitsOfAllTogether(Backend backend) {
        Random random = new Random(3);
        int n = 300;
        Operand q = Operands.dense(random, 2, 4, n, 32);
        Operand k = Operands.dense(random, 2, 2, n, 32);
        Operand v = Operands.dense(random, 2, 2, n, 32);
        for (int window : new int[] {0, 100}) {
            AttentionOp.Attention op = new AttentionOp.Attention(0.2, true, window);
            Operand all = Operands.run(backend, op, q, k, v)[0];
            for (int t = 0; t < n; t += 1 + random.nextInt(9)) {
                for (int queries = 1; queries <= Math.min(t + 1, 20); queries += 6) {
                    Operand some = Operands.run(backend, op, slice(q, t + 1 - queries, queries), slice(k, 0, t + 1),
                            slice(v, 0, t + 1))[0];
                    float[] expected = Arrays.copyOf(Dense.copyOf(slice(all, t + 1 - queries, queries)).data(),
                            some.size());
                    Operands.sameBits(expected, some.heap().floats(), backend.name() + " query " + t);
                    Operand masked = Operands.run(backend, new AttentionOp.Attention(0.2, false, 0),
                            slice(q, t + 1 - queries, queries), k, v, hiding(t + 1 - queries, queries, n, window))[0];
                    Operands.sameBits(expected, masked.heap().floats(), backend.name() + " masked query " + t);
                }
            }
        }
    }

    /** What causality and window hide, as a mask of queries from {@code first} on: of either kind, by turns. */
    private static Operand hiding(int first, int queries, int keys, int window) {
        byte[] seen = new byte[queries * keys];
        float[] added = new float[queries * keys];
        for (int i = 0; i < seen.length; i++) {
            int back = first + i / keys - i % keys;
            boolean sees = back >= 0 && (window == 0 || back < window);
            seen[i] = (byte) (sees ? 1 : 0);
            added[i] = sees ? 0 : Float.NEGATIVE_INFINITY;
        }
        HeapStorage mask = first % 2 == 0 ? HeapStorage.of(DType.BOOL, seen) : HeapStorage.of(added);
        return new Operand(mask, Layout.dense(Shape.of(1, 1, queries, keys)).expand(Shape.of(2, 4, queries, keys)));
    }

    private static Operand slice(Operand x, int from, int n) {
        int[] sizes = x.shape().toArray();
        sizes[2] = n;
        return new Operand(x.storage(), x.layout().slice(new int[] {0, 0, from, 0}, sizes, new int[] {1, 1, 1, 1}));
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void whatIsNotSeenMayBeNotANumber(Backend backend) {
        Random random = new Random(4);
        int n = 80;
        Operand q = Operands.dense(random, 1, 2, n, 8);
        Operand k = Operands.dense(random, 1, 2, n, 8);
        Operand v = Operands.dense(random, 1, 2, n, 8);
        Arrays.fill(k.heap().floats(), 70 * 8, 72 * 8, Float.NaN);
        Arrays.fill(v.heap().floats(), 75 * 8, 76 * 8, Float.POSITIVE_INFINITY);
        forwardAndBackward(backend, random, 0.4, true, 0, q, k, v);
        AttentionOp.Attention op = new AttentionOp.Attention(0.4, true, 0);
        float[] clean = Operands.run(backend, op, slice(q, 0, 70), slice(k, 0, 70), slice(v, 0, 70))[0].heap().floats();
        float[] y = Operands.run(backend, op, q, k, v)[0].heap().floats();
        Operands.sameBits(Arrays.copyOf(clean, 70 * 8), Arrays.copyOf(y, 70 * 8), backend.name());
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void anInfiniteKeyOfWeightZeroAddsNothing(Backend backend) {
        Random random = new Random(8);
        Operand q = Operands.dense(random, 1, 2, 40, 8);
        float[] values = q.heap().floats();
        for (int i = 0; i < values.length; i++) {
            values[i] = 0.1f + Math.abs(values[i]);
        }
        Operand k = Operands.dense(random, 1, 2, 40, 8);
        Operand v = Operands.dense(random, 1, 2, 40, 8);
        Arrays.fill(k.heap().floats(), 7 * 8, 8 * 8, Float.NEGATIVE_INFINITY);
        forwardAndBackward(backend, random, 0.4, false, 0, q, k, v);
        forwardAndBackward(backend, random, 0.4, true, 0, q, k, v);
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void aQueryThatSeesNothingGivesZero(Backend backend) {
        Random random = new Random(5);
        Operand q = Operands.dense(random, 1, 1, 4, 8);
        Operand k = Operands.dense(random, 1, 1, 2, 8);
        Operand[] y = Operands.check(backend, 1e-5, new AttentionOp.Attention(1, true, 0), q, k, k);
        assertEquals(0f, y[0].heap().floats()[0]);
        assertEquals(Float.NEGATIVE_INFINITY, y[1].heap().floats()[1]);
        Operand hidden = new Operand(HeapStorage.of(DType.BOOL, new byte[8]), Layout.dense(Shape.of(1, 1, 4, 2)));
        Operand[] masked = Operands.check(backend, 1e-5, new AttentionOp.Attention(1, false, 0), q, k, k, hidden);
        assertEquals(0f, masked[0].heap().floats()[3]);
        assertEquals(Float.NEGATIVE_INFINITY, masked[1].heap().floats()[3]);
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void threadsDoNotMatter(Backend backend) {
        Random random = new Random(6);
        Operand q = Operands.any(random, 2, 4, 300, 32);
        Operand k = Operands.any(random, 2, 2, 300, 32);
        Operand[] y = Operands.run(backend, new AttentionOp.Attention(0.2, true, 0), q, k, k);
        Operands.threadsDoNotMatter(backend, new AttentionOp.Attention(0.2, true, 0), q, k, k);
        Operands.threadsDoNotMatter(backend, new AttentionOp.AttentionBackward(0.2, true, 0), q, y[0], y[1], q, k, k);
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void rotaryEqualsTheReference(Backend backend) {
        Random random = new Random(7);
        for (int i = 0; i < 200; i++) {
            int b = 1 + random.nextInt(3);
            int t = random.nextInt(12);
            int half = random.nextInt(8);
            int[] shape = i % 3 == 0 ? new int[] {t, 2 * half + random.nextInt(3)}
                    : new int[] {b, 1 + random.nextInt(3), t, 2 * half + random.nextInt(3)};
            boolean perBatch = shape.length > 2 && random.nextBoolean();
            int n = perBatch ? b * t : t;
            Operand positions = Operands.ints(perBatch ? Shape.of(b, t) : Shape.of(t),
                    random.ints(n, 0, 9).toArray());
            AttentionOp.Rotary op = new AttentionOp.Rotary(random.nextBoolean(), random.nextBoolean());
            Operands.check(backend, 1e-6, op, Operands.any(random, shape), positions,
                    Operands.any(random, 9, half), Operands.any(random, 9, half));
        }
    }
}
