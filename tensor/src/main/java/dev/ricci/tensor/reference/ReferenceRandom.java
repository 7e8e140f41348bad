package dev.ricci.tensor.reference;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Philox;
import dev.ricci.tensor.op.Random;
import dev.ricci.tensor.spi.Operand;

/** Draws from Philox, each element from the key and its own index alone. */
final class ReferenceRandom {
    private ReferenceRandom() {
    }

    static void run(Random op, Operand[] in, Operand[] out) {
        int size = out[0].size();
        int[] words = new int[4];
        switch (op) {
            case Random.SplitKey o -> {
                long salt = in.length == 2 ? Dense.longs(in[1])[0] : 0;
                Dense.write(out[0], new long[] {Philox.split(Dense.longs(in[0])[0], o.stream(), salt)});
            }
            case Random.Uniform o -> {
                long key = Dense.longs(in[0])[0];
                for (int i = 0; i < size; i++) {
                    Dense.put(out[0], i, o.dtype() == DType.F32 ? uniform(words, key, i) : wideUniform(words, key, i));
                }
            }
            case Random.Normal o -> {
                long key = Dense.longs(in[0])[0];
                for (int i = 0; i < size; i++) {
                    Philox.block(words, key, i / 2);
                    Dense.put(out[0], i, Philox.normal(words, i));
                }
            }
            case Random.RandomInt o -> {
                long key = Dense.longs(in[0])[0];
                for (int i = 0; i < size; i++) {
                    Philox.block(words, key, i / 4);
                    Dense.put(out[0], i, Philox.bounded(words[i % 4], o.bound()));
                }
            }
            case Random.Dropout o -> {
                double[] x = Dense.doubles(in[0]);
                long key = Dense.longs(in[1])[0];
                for (int i = 0; i < size; i++) {
                    x[i] = uniform(words, key, i) >= o.p() ? x[i] / (1 - o.p()) : 0;
                }
                Dense.write(out[0], x);
            }
        }
    }

    private static float uniform(int[] words, long key, int i) {
        Philox.block(words, key, i / 4);
        return Philox.uniform(words[i % 4]);
    }

    private static double wideUniform(int[] words, long key, int i) {
        Philox.block(words, key, i / 2);
        return Philox.uniform(words[2 * (i % 2)], words[2 * (i % 2) + 1]);
    }
}
