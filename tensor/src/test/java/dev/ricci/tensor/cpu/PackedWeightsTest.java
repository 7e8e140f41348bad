package dev.ricci.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.op.Contraction;
import dev.ricci.tensor.op.StateUpdate;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Packed copies of weights show in speed alone. */
final class PackedWeightsTest {
    private static final int K = 700;
    private static final int N = 75;

    static Stream<Backend> backends() {
        return Operands.backends();
    }

    private static float[] multiply(Backend backend, Operand x, Operand w) {
        Shape shape = Shape.of(x.shape().dim(0), w.shape().dim(1));
        Operand y = new Operand(HeapStorage.of(new float[shape.size()]), Layout.dense(shape));
        backend.execute(new Contraction.MatMul(), new Operand[] {x, w}, new Operand[] {y});
        return y.heap().floats();
    }

    private static Operand rows(Operand x, int from, int to) {
        return new Operand(x.storage(), x.layout().slice(new int[] {from, 0}, new int[] {to - from, K}, new int[] {1, 1}));
    }

    private static List<Operand> weights(Random random) {
        Operand w = Operands.dense(random, N, K);
        return List.of(Operands.dense(random, K, N), new Operand(w.storage(), w.layout().permute(new int[] {1, 0})));
    }

    @ParameterizedTest
    @MethodSource("backends")
    void aRowHasTheSameBitsAmongAnyNumberOfRowsPackedOrNot(Backend backend) {
        Random random = new Random(1);
        Operand x = Operands.dense(random, 230, K);
        for (Operand w : weights(random)) {
            float[] all = multiply(backend, x, w);
            assertNull(w.storage().companion(), "many rows do not make a copy");
            for (int m : new int[] {1, 1, 1, 2, 3, 5, 8, 11, 12, 13, 40, 192, 193, 230}) {
                for (int from : new int[] {0, 230 - m}) {
                    assertArrayEquals(Arrays.copyOfRange(all, from * N, (from + m) * N),
                            multiply(backend, rows(x, from, from + m), w), m + " rows from " + from);
                }
            }
            assertInstanceOf(PackedWeights.class, w.storage().companion());
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void aChangeOfTheWeightsIsSeen(Backend backend) {
        Random random = new Random(2);
        Operand x = Operands.dense(random, 1, K);
        for (Operand w : weights(random)) {
            float[] before = multiply(backend, x, w);
            assertArrayEquals(before, multiply(backend, x, w));
            assertArrayEquals(before, multiply(backend, x, w));
            Operand state = new Operand(w.storage(), Layout.dense(Shape.of(K * N)));
            Operand next = Operands.dense(random, K * N);
            backend.execute(new StateUpdate.Assign(), new Operand[] {state, next}, new Operand[] {state});
            // What the dispatcher does after an update.
            w.storage().changed();
            float[] after = multiply(backend, x, w);
            assertNotEquals(before[0], after[0]);
            assertArrayEquals(after, multiply(backend, x, new Operand(next.storage(), w.layout())));
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void viewsOfOneStorageDoNotMixUpTheirCopies(Backend backend) {
        Random random = new Random(3);
        Operand square = Operands.dense(random, K, K);
        Operand turned = new Operand(square.storage(), square.layout().permute(new int[] {1, 0}));
        Operand x = Operands.dense(random, 2, K);
        float[] straight = multiply(backend, x, square);
        float[] across = multiply(backend, x, turned);
        for (int round = 0; round < 3; round++) {
            assertArrayEquals(straight, multiply(backend, x, square));
            assertArrayEquals(straight, multiply(backend, x, square));
            assertArrayEquals(across, multiply(backend, x, turned));
            assertArrayEquals(across, multiply(backend, x, turned));
        }
        assertEquals(2 * K, straight.length);
    }
}
