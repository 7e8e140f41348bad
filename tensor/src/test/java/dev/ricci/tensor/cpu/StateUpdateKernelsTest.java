package dev.ricci.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.op.StateUpdate;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class StateUpdateKernelsTest {
    private static Operand copy(Operand x) {
        return new Operand(HeapStorage.of(x.heap().floats().clone()), x.layout());
    }

    private static float[] inPlace(Backend backend, StateUpdate op, Operand... in) {
        Operand[] out = new Operand[op.states()];
        System.arraycopy(in, 0, out, 0, out.length);
        backend.execute(op, in, out);
        return in[0].heap().floats();
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void equalsTheReference(Backend backend) {
        Random random = new Random(1);
        for (int i = 0; i < 50; i++) {
            int a = random.nextInt(5);
            int b = 1 + random.nextInt(8);
            int c = random.nextInt(30);
            Operand state = Operands.any(random, a, b, c);
            Operands.check(backend, 0, new StateUpdate.Assign(), state, Operands.any(random, a, b, c));
            int length = random.nextInt(b + 1);
            Operand start = Operands.ints(Shape.scalar(), random.nextInt(b - length + 1));
            Operands.check(backend, 0, new StateUpdate.WriteSlice(1), state, Operands.any(random, a, length, c), start);
            Operand squares = Operands.any(random, a, b, c);
            float[] v = squares.heap().floats();
            for (int n = 0; n < v.length; n++) {
                v[n] *= v[n];
            }
            Operands.check(backend, 1e-5, new StateUpdate.AdamWStep(1, 0.9, 0.999, 1e-8, 0.1), state,
                    Operands.any(random, a, b, c), squares, Operands.any(random, a, b, c), Operands.scalar(0.01f),
                    Operands.scalar(1 + i), Operands.scalar(0.5f));
        }
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void inPlaceGivesTheBitsOfApart(Backend backend) {
        Random random = new Random(2);
        Operand p = Operands.dense(random, 300, 500);
        Operand m = Operands.dense(random, 300, 500);
        Operand v = Operands.dense(random, 300, 500);
        Operand grad = Operands.dense(random, 300, 500);
        for (int n = 0; n < v.size(); n++) {
            v.heap().floats()[n] += 1;
        }
        StateUpdate adam = new StateUpdate.AdamWStep(1, 0.9, 0.95, 1e-8, 0.1);
        Operand[] rest = {grad, Operands.scalar(0.01f), Operands.scalar(3), Operands.scalar(0.5f)};
        Operand[] in = {p, m, v, rest[0], rest[1], rest[2], rest[3]};
        Operands.threadsDoNotMatter(backend, adam, in);
        float[] apart = Operands.run(backend, adam, in)[0].heap().floats();
        Operands.sameBits(apart, inPlace(backend, adam, copy(p), copy(m), copy(v), rest[0], rest[1], rest[2], rest[3]),
                "adamw");
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void parametersMoveTogetherAsEachAlone(Backend backend) {
        Random random = new Random(3);
        int[] sizes = {70_001, 5, 0, 40_000};
        int n = sizes.length;
        Operand[] together = new Operand[4 * n + 3];
        for (int i = 4 * n; i < together.length; i++) {
            together[i] = Operands.scalar(i == 4 * n + 1 ? 3 : 0.5f);
        }
        for (int k = 0; k < n; k++) {
            for (int i = 0; i < 4; i++) {
                Operand x = Operands.dense(random, sizes[k]);
                for (int e = 0; e < x.size(); e++) {
                    x.heap().floats()[e] += i == 2 ? 1 : 0;
                }
                together[i < 3 ? 3 * k + i : 3 * n + k] = x;
            }
        }
        StateUpdate all = new StateUpdate.AdamWStep(n, 0.9, 0.95, 1e-8, 0.1);
        Operands.threadsDoNotMatter(backend, all, together);
        Operand[] moved = Operands.run(backend, all, together);
        for (int k = 0; k < n; k++) {
            Operand[] alone = Operands.run(backend, new StateUpdate.AdamWStep(1, 0.9, 0.95, 1e-8, 0.1),
                    together[3 * k], together[3 * k + 1], together[3 * k + 2], together[3 * n + k], together[4 * n],
                    together[4 * n + 1], together[4 * n + 2]);
            for (int i = 0; i < 3; i++) {
                Operands.sameBits(alone[i].heap().floats(), moved[3 * k + i].heap().floats(), "parameter " + k);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void aScaleOfZeroOrNaNMakesNoStep(Backend backend) {
        Random random = new Random(4);
        Operand[] states = {Operands.dense(random, 70_001), Operands.dense(random, 70_001),
            Operands.dense(random, 70_001)};
        Operand grad = Operands.dense(random, 70_001);
        grad.heap().floats()[5] = Float.NaN;
        StateUpdate adam = new StateUpdate.AdamWStep(1, 0.9, 0.95, 1e-8, 0.1);
        for (float scale : new float[] {0f, -0f, Float.NaN}) {
            Operand[] in = {copy(states[0]), copy(states[1]), copy(states[2]), grad, Operands.scalar(0.01f),
                Operands.scalar(3), Operands.scalar(scale)};
            Operand[] apart = Operands.run(backend, adam, in);
            inPlace(backend, adam, in);
            for (int i = 0; i < 3; i++) {
                Operands.sameBits(states[i].heap().floats(), apart[i].heap().floats(), scale + ", apart");
                Operands.sameBits(states[i].heap().floats(), in[i].heap().floats(), scale + ", in place");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void theNewValueMayBeAViewOfTheOld(Backend backend) {
        Operand x = Operands.matrix(2, 2, 1, 2, 3, 4);
        Operand turned = new Operand(x.storage(), x.layout().permute(new int[] {1, 0}));
        assertArrayEquals(new float[] {1, 3, 2, 4}, inPlace(backend, new StateUpdate.Assign(), x, turned));
        Operand y = Operands.matrix(3, 1, 1, 2, 3);
        Operand head = new Operand(y.storage(), y.layout().slice(new int[] {0, 0}, new int[] {2, 1}, new int[] {1, 1}));
        assertArrayEquals(new float[] {1, 1, 2}, inPlace(backend, new StateUpdate.WriteSlice(0), y, head,
                Operands.ints(Shape.scalar(), 1)));
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void aSliceThatDoesNotFitIsRefusedBeforeWriting(Backend backend) {
        Operand x = Operands.matrix(2, 2, 1, 2, 3, 4);
        Operand row = Operands.matrix(1, 2, 8, 9);
        assertThrows(IndexOutOfRangeException.class, () -> inPlace(backend, new StateUpdate.WriteSlice(0), x, row,
                Operands.ints(Shape.scalar(), 2)));
        assertArrayEquals(new float[] {1, 2, 3, 4}, x.heap().floats());
    }
}
