package dev.ricci.tensor.cpu;

import dev.ricci.tensor.cpu.rows.MicroKernel;
import dev.ricci.tensor.weights.WeightStorage;

/** The right operand [K, N] of a product, cut into panels of the micro kernel's columns. */
sealed interface Right {
    /** N. */
    int columns();

    /** All panels with their whole depth, one after the other, if they are there, else null. */
    float[] panels();

    /**
     * Writes the same part of several panels one after the other, each [depth, columns of a panel].
     *
     * @param p the first panel
     * @param panels how many
     * @param q the first row of the part, a multiple of {@link Gemm#DEPTH}
     * @param depth rows of the part
     */
    void pack(int p, int panels, int q, int depth, float[] to, int at);

    /**
     * A matrix of any strides.
     *
     * @param matrix [K, N]
     * @param panels of it, or null
     * @param micro whose panels they are
     */
    record Strided(Matrix matrix, float[] panels, MicroKernel micro) implements Right {
        @Override
        public int columns() {
            return matrix.columns();
        }

        @Override
        public void pack(int p, int panels, int q, int depth, float[] to, int at) {
            int width = micro.columns();
            micro.pack(matrix.data(), matrix.offset() + p * width * matrix.columnStride() + q * matrix.rowStride(),
                    matrix.columnStride(), matrix.rowStride(), Math.min(panels * width, matrix.columns() - p * width),
                    depth, to, at, width);
        }
    }

    /**
     * Weights [N, K] that are kept in such panels, in the type of their file, and decoded as they are read.
     *
     * @param weights with panels of the micro kernel's columns
     * @param micro decodes them
     */
    record Stored(WeightStorage weights, MicroKernel micro) implements Right {
        @Override
        public int columns() {
            return weights.rows();
        }

        @Override
        public float[] panels() {
            return weights.arrays().floats();
        }

        @Override
        public void pack(int p, int panels, int q, int depth, float[] to, int at) {
            for (int i = 0; i < panels; i++) {
                decode(p + i, q, depth, to, at + i * depth * micro.columns());
            }
        }

        private void decode(int p, int q, int depth, float[] to, int at) {
            int width = micro.columns();
            int first = (p * weights.columns() + q) * width;
            WeightStorage.Arrays a = weights.arrays();
            switch (weights.type()) {
                case F32 -> System.arraycopy(a.floats(), first, to, at, depth * width);
                case F16 -> micro.decodeF16(a.halves(), first, depth * width, to, at);
                case BF16 -> micro.decodeBf16(a.halves(), first, depth * width, to, at);
                case Q8_0 -> {
                    float[] d = Scratch.take(depth * width / weights.type().groupElements());
                    weights.scales(p, q, depth, d, null);
                    micro.decodeBytes(a.low(), first, depth, weights.type().groupElements(), d, to, at);
                    Scratch.give(d);
                }
                case Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K -> {
                    int upper = weights.type().bits() - 4;
                    int group = weights.type().groupElements();
                    float[] d = Scratch.take(depth * width / group);
                    float[] m = Scratch.take(depth * width / group);
                    weights.scales(p, q, depth, d, m);
                    micro.decodeNibbles(a.low(), first / 2, a.high(), first / 8 * upper, upper, depth, group, d, m, to,
                            at);
                    Scratch.give(d);
                    Scratch.give(m);
                }
            }
        }
    }
}
