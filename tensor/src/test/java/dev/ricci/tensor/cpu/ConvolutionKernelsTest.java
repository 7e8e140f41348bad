package dev.ricci.tensor.cpu;

import dev.ricci.tensor.op.Contraction;
import dev.ricci.tensor.op.Contraction.Window;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.Operand;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ConvolutionKernelsTest {
    private static int up(Random random, int n) {
        return 1 + random.nextInt(n);
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void convolutionAndItsGradientsEqualTheReference(Backend backend) {
        Random random = new Random(1);
        for (int i = 0; i < 200; i++) {
            int groups = up(random, 3);
            int b = random.nextInt(4);
            int c = groups * random.nextInt(4);
            int o = groups * random.nextInt(5);
            Window window = new Window(up(random, 3), up(random, 3), random.nextInt(3), random.nextInt(3),
                    up(random, 2), up(random, 2));
            int kh = up(random, 3);
            int kw = up(random, 3);
            int h = (kh - 1) * window.dilationH() + up(random, 12);
            int w = (kw - 1) * window.dilationW() + up(random, 40);
            check(backend, random, 2e-5, window, groups, new int[] {b, c, h, w}, new int[] {o, c / groups, kh, kw});
        }
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void imagesThatAreCut(Backend backend) {
        Random random = new Random(2);
        check(backend, random, 1e-4, Window.of(1, 1), 1, new int[] {11, 40, 33, 31}, new int[] {20, 40, 3, 3});
        check(backend, random, 1e-4, Window.of(2, 2), 2, new int[] {1, 120, 40, 40}, new int[] {6, 60, 5, 5});
    }

    private static void check(Backend backend, Random random, double tolerance, Window window, int groups, int[] x,
            int[] w) {
        Operand image = Operands.any(random, x);
        Operand weight = Operands.any(random, w);
        Operand y = Operands.check(backend, tolerance, new Contraction.Conv2d(window, groups), image, weight)[0];
        Operand grad = Operands.any(random, y.shape().toArray());
        Operands.check(backend, tolerance, new Contraction.Conv2dBackwardInput(window, groups, image.shape()), grad,
                weight);
        Operands.check(backend, tolerance, new Contraction.Conv2dBackwardWeight(window, groups, weight.shape()),
                grad, image);
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void poolingAndItsGradientsEqualTheReference(Backend backend) {
        Random random = new Random(3);
        for (int i = 0; i < 200; i++) {
            int kh = up(random, 4);
            int kw = up(random, 4);
            boolean dilated = random.nextBoolean();
            Window window = new Window(up(random, 3), up(random, 3), dilated ? 0 : random.nextInt(kh / 2 + 1),
                    dilated ? 0 : random.nextInt(kw / 2 + 1), dilated ? 2 : 1, dilated ? 2 : 1);
            int h = (kh - 1) * window.dilationH() + up(random, 10);
            int w = (kw - 1) * window.dilationW() + up(random, 20);
            Operand x = Operands.any(random, random.nextInt(3), random.nextInt(4), h, w);
            if (i % 4 == 0) {
                float[] data = x.heap().floats();
                for (int n = 0; n < data.length; n++) {
                    data[n] = random.nextInt(8) == 0 ? Float.NaN : Math.round(2 * data[n]);
                }
            }
            Operand[] y = Operands.check(backend, 0, new Contraction.MaxPool2d(kh, kw, window), x);
            Operand grad = Operands.any(random, y[0].shape().toArray());
            Operands.check(backend, 1e-5, new Contraction.MaxPool2dBackward(x.shape()), grad, y[1]);
            Operands.check(backend, 1e-5, new Contraction.AvgPool2d(kh, kw, window), x);
            Operands.check(backend, 1e-5, new Contraction.AvgPool2dBackward(kh, kw, window, x.shape()), grad);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void threadsDoNotMatter(Backend backend) {
        Random random = new Random(4);
        Operand x = Operands.any(random, 5, 16, 30, 30);
        Operand w = Operands.any(random, 12, 16, 3, 3);
        Operand grad = Operands.any(random, 5, 12, 30, 30);
        Window window = Window.of(1, 1);
        Operands.threadsDoNotMatter(backend, new Contraction.Conv2d(window, 1), x, w);
        Operands.threadsDoNotMatter(backend, new Contraction.Conv2dBackwardInput(window, 1, x.shape()), grad, w);
        Operands.threadsDoNotMatter(backend, new Contraction.Conv2dBackwardWeight(window, 1, w.shape()), grad, x);
    }
}
