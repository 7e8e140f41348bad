package dev.ricci.tensor.cpu;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Philox;
import dev.ricci.tensor.op.Random;
import dev.ricci.tensor.spi.Operand;

/** Draws of F32 and I32: the reference backend's bits, on several threads. */
final class RandomKernels {
    private RandomKernels() {
    }

    static void run(Random op, Operand[] in, Operand[] out) {
        switch (op) {
            case Random.SplitKey o -> CpuBackend.reference(o, in, out);
            case Random.Uniform o when o.dtype() == DType.F32 -> uniform(key(in[0]), out[0]);
            case Random.Uniform o -> CpuBackend.reference(o, in, out);
            case Random.Normal o when o.dtype() == DType.F32 -> normal(key(in[0]), out[0]);
            case Random.Normal o -> CpuBackend.reference(o, in, out);
            case Random.RandomInt o -> ints(key(in[0]), o.bound(), out[0]);
            case Random.Dropout o when in[0].dtype() == DType.F32 -> dropout(o.p(), in[0], key(in[1]), out[0]);
            case Random.Dropout o -> CpuBackend.reference(o, in, out);
        }
    }

    private static long key(Operand key) {
        return key.heap().longs()[key.layout().offset()];
    }

    private static int blocks(int size, int perBlock) {
        return (int) (((long) size + perBlock - 1) / perBlock);
    }

    private static void uniform(long key, Operand out) {
        float[] to = out.heap().floats();
        int oo = out.layout().offset();
        int size = out.size();
        Parallel.ranges(blocks(size, 4), 12, (from, end) -> {
            int[] words = new int[4];
            for (int b = from; b < end; b++) {
                Philox.block(words, key, b);
                for (int j = 0, n = Math.min(4, size - 4 * b); j < n; j++) {
                    to[oo + 4 * b + j] = Philox.uniform(words[j]);
                }
            }
        });
    }

    private static void normal(long key, Operand out) {
        float[] to = out.heap().floats();
        int oo = out.layout().offset();
        int size = out.size();
        Parallel.ranges(blocks(size, 2), 128, (from, end) -> {
            int[] words = new int[4];
            double[] pair = new double[2];
            for (int b = from; b < end; b++) {
                Philox.block(words, key, b);
                Philox.normals(words, pair);
                to[oo + 2 * b] = (float) pair[0];
                if (2 * b + 1 < size) {
                    to[oo + 2 * b + 1] = (float) pair[1];
                }
            }
        });
    }

    private static void ints(long key, int bound, Operand out) {
        int[] to = out.heap().ints();
        int oo = out.layout().offset();
        int size = out.size();
        Parallel.ranges(blocks(size, 4), 12, (from, end) -> {
            int[] words = new int[4];
            for (int b = from; b < end; b++) {
                Philox.block(words, key, b);
                for (int j = 0, n = Math.min(4, size - 4 * b); j < n; j++) {
                    to[oo + 4 * b + j] = Philox.bounded(words[j], bound);
                }
            }
        });
    }

    private static void dropout(double p, Operand given, long key, Operand out) {
        Operand x = Copies.dense(given);
        float[] from = x.heap().floats();
        float[] to = out.heap().floats();
        int xo = x.layout().offset();
        int oo = out.layout().offset();
        int size = out.size();
        double kept = 1 - p;
        Parallel.ranges(blocks(size, 4), 16, (start, end) -> {
            int[] words = new int[4];
            for (int b = start; b < end; b++) {
                Philox.block(words, key, b);
                for (int i = 4 * b, n = Math.min(4, size - i), j = 0; j < n; j++) {
                    to[oo + i + j] = Philox.uniform(words[j]) >= p ? (float) (from[xo + i + j] / kept) : 0;
                }
            }
        });
    }
}
