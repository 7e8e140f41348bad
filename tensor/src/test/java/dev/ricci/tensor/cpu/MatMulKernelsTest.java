package dev.ricci.tensor.cpu;

import dev.ricci.tensor.op.Contraction;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.Operand;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MatMulKernelsTest {
    private static final Contraction.MatMul OP = new Contraction.MatMul();

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void equalsTheReferenceForAllShapesAndLayouts(Backend backend) {
        Random random = new Random(1);
        for (int i = 0; i < 400; i++) {
            int m = random.nextInt(70);
            int k = random.nextInt(50);
            int n = random.nextInt(90);
            switch (random.nextInt(5)) {
                case 3 -> Operands.check(backend, 1e-5, OP, Operands.any(random, m, k), Operands.any(random, k, n),
                        Operands.any(random, n));
                case 4 -> Operands.check(backend, 1e-5, OP, Operands.any(random, 3, 5, m, k),
                        Operands.any(random, 3, 5, k, n), Operands.any(random, n));
                case 0 -> Operands.check(backend, 1e-5, OP, Operands.any(random, m, k), Operands.any(random, k, n));
                case 1 -> Operands.check(backend, 1e-5, OP, Operands.any(random, 2, 3, m, k),
                        Operands.any(random, 2, 3, k, n));
                default -> Operands.check(backend, 1e-5, OP, Operands.any(random, 3, 5, m, k),
                        Operands.expanded(random, 1 + random.nextInt(2), 3, 5, k, n));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void equalsTheReferenceForSizesThatAreCut(Backend backend) {
        Random random = new Random(2);
        int[][] sizes = {{1, 2000, 97}, {49, 385, 33}, {200, 768, 131}, {130, 1537, 40}, {13, 1600, 800},
            {700, 40, 300}, {200, 40, 4200}};
        for (int[] s : sizes) {
            Operands.check(backend, 3e-5, OP, Operands.any(random, s[0], s[1]), Operands.any(random, s[1], s[2]));
            Operands.check(backend, 3e-5, OP, Operands.any(random, s[0], s[1]), Operands.any(random, s[1], s[2]),
                    Operands.any(random, s[2]));
            Operands.check(backend, 3e-5, OP, Operands.any(random, 2, s[0], s[1]),
                    Operands.any(random, 2, s[1], s[2]));
        }
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void aRowHasTheSameBitsInAMatrixOfAnyHeight(Backend backend) {
        Random random = new Random(3);
        for (int[] s : new int[][] {{40, 70, 50}, {40, 900, 67}, {600, 400, 330}}) {
            Operand a = Operands.dense(random, s[0], s[1]);
            Operand b = Operands.any(random, s[1], s[2]);
            Operand bias = Operands.any(random, s[2]);
            float[] all = Operands.run(backend, OP, a, b, bias)[0].heap().floats();
            for (int m = 1; m < 40; m++) {
                int from = random.nextInt(s[0] - m + 1);
                Operand part = new Operand(a.storage(),
                        a.layout().slice(new int[] {from, 0}, new int[] {m, s[1]}, new int[] {1, 1}));
                Operands.sameBits(Arrays.copyOfRange(all, from * s[2], (from + m) * s[2]),
                        Operands.run(backend, OP, part, b, bias)[0].heap().floats(), backend.name() + " rows " + m);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void threadsDoNotMatter(Backend backend) {
        Random random = new Random(4);
        Operands.threadsDoNotMatter(backend, OP, Operands.any(random, 300, 500), Operands.any(random, 500, 200));
        Operands.threadsDoNotMatter(backend, OP, Operands.any(random, 5, 1000), Operands.any(random, 1000, 600));
        Operands.threadsDoNotMatter(backend, OP, Operands.any(random, 9, 90, 80), Operands.any(random, 9, 80, 100));
    }
}
