package dev.ricci.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.op.Loss;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LossKernelsTest {
    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void equalsTheReference(Backend backend) {
        Random random = new Random(1);
        for (int i = 0; i < 100; i++) {
            int n = random.nextInt(40);
            int c = 1 + random.nextInt(200);
            double s = i % 3 == 0 ? 0 : i % 3 == 1 ? 0.1 : 1;
            Operand logits = Operands.any(random, n, c);
            int[] ids = random.ints(n, 0, c).map(t -> random.nextInt(5) == 0 ? -100 : t).toArray();
            Operand targets = Operands.ints(Shape.of(n), ids);
            Operand lse = Operands.check(backend, 2e-6, new Loss.CrossEntropy(-100, s), logits, targets)[1];
            Operand grad = Operands.any(random, n);
            Operands.check(backend, 2e-6, new Loss.CrossEntropyBackward(-100, s), grad, logits, targets, lse);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void logitsOfMinusInfinityCostNothing(Backend backend) {
        float inf = Float.POSITIVE_INFINITY;
        Operand logits = Operands.matrix(2, 3, -inf, 4, 5, 700, -inf, 700);
        Operand targets = Operands.ints(Shape.of(2), 1, 0);
        Operand[] y = Operands.check(backend, 1e-6, new Loss.CrossEntropy(-100, 0), logits, targets);
        Operands.check(backend, 1e-6, new Loss.CrossEntropyBackward(-100, 0), y[0], logits, targets, y[1]);
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void theLossOfALinearHeadEqualsTheReference(Backend backend) {
        Random random = new Random(2);
        // The last has more than one block of rows, the one before a block that is not full.
        int[][] sizes = {{0, 3, 5}, {3, 0, 4}, {1, 1, 1}, {40, 33, 70}, {270, 5, 300}, {300, 7, 17000}};
        for (int[] n : sizes) {
            for (double s : new double[] {0, 0.1}) {
                int[] ids = random.ints(n[0], 0, n[2]).map(t -> random.nextInt(5) == 0 ? -100 : t).toArray();
                Operand[] in = {Operands.any(random, n[0], n[1]), Operands.any(random, n[2], n[1]),
                    Operands.ints(Shape.of(n[0]), ids), Operands.any(random, n[0])};
                Operands.check(backend, 2e-5, new Loss.LinearCrossEntropy(-100, s, true), in);
                Operands.check(backend, 2e-5, new Loss.LinearCrossEntropy(-100, s, false), in);
                Operands.threadsDoNotMatter(backend, new Loss.LinearCrossEntropy(-100, s, true), in);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void targetsAreCheckedBeforeAnythingIsWritten(Backend backend) {
        Operand logits = Operands.matrix(2, 2, 1, 2, 3, 4);
        Operand targets = Operands.ints(Shape.of(2), 0, 2);
        Operand[] out = {new Operand(HeapStorage.of(new float[] {8, 9}), Layout.dense(Shape.of(2))),
            new Operand(HeapStorage.of(new float[] {8, 9}), Layout.dense(Shape.of(2)))};
        assertThrows(IndexOutOfRangeException.class, () ->
                backend.execute(new Loss.CrossEntropy(-100, 0), new Operand[] {logits, targets}, out));
        assertEquals(8, out[0].heap().floats()[0]);
    }
}
