package dev.ricci.tensor.cpu;

import dev.ricci.tensor.cpu.rows.MicroKernel;
import dev.ricci.tensor.weights.WeightStorage;
import dev.ricci.tensor.weights.WeightType;
import java.util.Arrays;

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

    /** Whether one row of a left operand is best multiplied by {@link #row}. */
    default boolean hasRow() {
        return false;
    }

    /**
     * One row of a left operand times a part of one or two panels.
     *
     * @param x the row of the left operand at depth q, from xAt on, xStep apart
     * @param p the first panel
     * @param panels 1 or 2
     * @param sums receives [2, columns of a panel], of which one panel takes the first half
     */
    default void row(float[] x, int xAt, int xStep, int p, int panels, int q, int depth, float[] sums) {
        throw new UnsupportedOperationException();
    }

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
        /**
         * Depth that is decoded at once for one row: so little that the processor reads weights of the next part while it
         * multiplies this one.
         */
        private static final int PART = 32;

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

        @Override
        public boolean hasRow() {
            return weights.type() != WeightType.F32;
        }

        @Override
        public void row(float[] x, int xAt, int xStep, int p, int panels, int q, int depth, float[] sums) {
            WeightType type = weights.type();
            Arrays.fill(sums, 0, 2 * micro.columns(), 0f);
            boolean done = (type.bits() == 8 || type.bits() == 4)
                    && fusedRow(x, xAt, xStep, p, panels, q, depth, sums);
            if (!done) {
                int part = PART * micro.columns();
                float[] decoded = Scratch.take(2 * part);
                for (int k = 0; k < depth; k += PART) {
                    int count = Math.min(PART, depth - k);
                    for (int i = 0; i < panels; i++) {
                        decode(p + i, q + k, count, decoded, i * part);
                    }
                    micro.row(x, xAt + k * xStep, xStep, count, decoded, 0, (panels - 1) * part, sums);
                }
                Scratch.give(decoded);
            }
        }

        private boolean fusedRow(float[] x, int xAt, int xStep, int p, int panels, int q, int depth, float[] sums) {
            int group = weights.type().groupElements();
            int width = micro.columns();
            int scales = depth / group * width;
            float[] d = Scratch.take(2 * scales);
            float[] m = Scratch.take(2 * scales);
            for (int i = 0; i < panels; i++) {
                weights.scales(p + i, q, depth, d, m, i * scales);
            }
            byte[] low = weights.arrays().low();
            int first = (p * weights.columns() + q) * width;
            int second = first + (panels - 1) * weights.columns() * width;
            boolean done = weights.type().bits() == 8
                    ? micro.rowBytes(x, xAt, xStep, depth, low, first, second, group, d, sums)
                    : micro.rowNibbles(x, xAt, xStep, depth, low, first / 2, second / 2, group, d, m, sums);
            Scratch.give(d);
            Scratch.give(m);
            return done;
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
                    weights.scales(p, q, depth, d, null, 0);
                    micro.decodeBytes(a.low(), first, depth, weights.type().groupElements(), d, to, at);
                    Scratch.give(d);
                }
                case Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K -> {
                    int upper = weights.type().bits() - 4;
                    int group = weights.type().groupElements();
                    float[] d = Scratch.take(depth * width / group);
                    float[] m = Scratch.take(depth * width / group);
                    weights.scales(p, q, depth, d, m, 0);
                    micro.decodeNibbles(a.low(), first / 2, a.high(), first / 8 * upper, upper, depth, group, d, m, to,
                            at);
                    Scratch.give(d);
                    Scratch.give(m);
                }
            }
        }
    }
}
