package dev.ricci.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.op.Normalization;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.Operand;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class NormalizationKernelsTest {
    private static final int[][] SHAPES = {{1}, {7}, {0}, {1, 1}, {5, 33}, {0, 4}, {3, 4, 65},
        {2, 3, 1, 130}, {300, 40}};

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void softmaxAlongEveryAxis(Backend backend) {
        Random random = new Random(1);
        for (int repeat = 0; repeat < 8; repeat++) {
            for (int[] shape : SHAPES) {
                for (int axis = 0; axis < shape.length; axis++) {
                    Operand x = Operands.any(random, shape);
                    Operand g = Operands.any(random, shape);
                    Operand y = Operands.check(backend, 1e-6, new Normalization.Softmax(axis), x)[0];
                    Operands.check(backend, 1e-6, new Normalization.SoftmaxBackward(axis), g, y);
                    Operand z = Operands.check(backend, 2e-6, new Normalization.LogSoftmax(axis), x)[0];
                    Operands.check(backend, 1e-5, new Normalization.LogSoftmaxBackward(axis), g, z);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void softmaxOfExtremeRows(Backend backend) {
        float inf = Float.POSITIVE_INFINITY;
        Operand x = Operands.matrix(4, 3, 1000, 1001, 999, -inf, 2, -inf, -inf, -inf, -inf, -2000, 3, 500);
        float[] y = Operands.check(backend, 1e-6, new Normalization.Softmax(1), x)[0].heap().floats();
        assertEquals(1, y[4]);
        assertTrue(Float.isNaN(y[6]));
        Operands.check(backend, 1e-6, new Normalization.LogSoftmax(1), x);
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void softmaxOfLongRowsWhoseMaximumGrows(Backend backend) {
        int n = 5003;
        for (int direction : new int[] {1, -1, 0}) {
            float[] values = new float[2 * n];
            for (int i = 0; i < values.length; i++) {
                values[i] = direction == 0 ? i % 7 : direction * (i % n) / 1000f;
            }
            Operand x = Operands.matrix(2, n, values);
            // The elements are of the size 1 / n to 1e-3.
            Operands.check(backend, 1e-8, new Normalization.Softmax(1), x);
            Operands.check(backend, 2e-6, new Normalization.LogSoftmax(1), x);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void normsAndTheirGradients(Backend backend) {
        Random random = new Random(2);
        for (int repeat = 0; repeat < 8; repeat++) {
            for (int[] shape : SHAPES) {
                int d = shape[shape.length - 1];
                if (d == 0) {
                    continue;
                }
                Operand x = Operands.any(random, shape);
                Operand g = Operands.any(random, shape);
                Operand w = Operands.any(random, d);
                Operand b = Operands.any(random, d);
                double eps = repeat % 2 == 0 ? 1e-5 : 0.1;
                Operand[] y = Operands.check(backend, 1e-5, new Normalization.LayerNorm(eps), x, w, b);
                Operands.check(backend, 1e-5, new Normalization.LayerNorm(eps), x, w);
                Operands.check(backend, 4e-5, new Normalization.LayerNormBackward(true), g, x, w, y[1], y[2]);
                Operands.check(backend, 4e-5, new Normalization.LayerNormBackward(false), g, x, w, y[1], y[2]);
                Operand[] z = Operands.check(backend, 1e-5, new Normalization.RmsNorm(eps), x, w);
                Operands.check(backend, 4e-5, new Normalization.RmsNormBackward(), g, x, w, z[1]);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.ricci.tensor.cpu.Operands#backends")
    void threadsDoNotMatter(Backend backend) {
        Random random = new Random(3);
        Operand x = Operands.any(random, 500, 300);
        Operand g = Operands.any(random, 500, 300);
        Operand w = Operands.any(random, 300);
        Operand s = Operands.any(random, 500);
        Operands.threadsDoNotMatter(backend, new Normalization.Softmax(0), x);
        Operands.threadsDoNotMatter(backend, new Normalization.LayerNorm(1e-5), x, w);
        Operands.threadsDoNotMatter(backend, new Normalization.LayerNormBackward(true), g, x, w, s, s);
        Operands.threadsDoNotMatter(backend, new Normalization.RmsNormBackward(), g, x, w, s);
    }
}
