package dev.ricci.testkit;

import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.weights.WeightStorage;
import dev.ricci.tensor.weights.WeightType;

/** Matrices of weights in the types that files have, with any bits that a file may hold and scales of a usual size. */
final class StoredWeights {
    private StoredWeights() {
    }

    /**
     * A drawn type, in panels for a drawn kind of kernels.
     *
     * @param columns a multiple of 256
     */
    static Tensor drawn(Draw draw, int rows, int columns) {
        WeightType type = draw.pick(WeightType.values());
        Draw bits = Draw.seeded(draw.below(Integer.MAX_VALUE));
        byte[] b = new byte[Math.max(1, (int) type.bytes((long) rows * columns))];
        for (int i = 0; i < b.length; i++) {
            b[i] = (byte) bits.below(256);
        }
        // Exponents of scales, and of plain floats, such that elements are of size 2 at most.
        int scale = type == WeightType.Q6_K ? 208 : 0;
        for (int i = 0; i + type.blockBytes() <= b.length; i += type.blockBytes()) {
            switch (type) {
                case F32 -> b[i + 3] = (byte) (b[i + 3] & 0x80 | 0x3E);
                case F16 -> b[i + 1] = (byte) (b[i + 1] & 0xBF);
                case BF16 -> b[i + 1] = (byte) (b[i + 1] & 0x80 | 0x3E);
                case Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K -> {
                    // Below 2^-6, or 2^-11 where whole numbers scale in turn.
                    int most = type.isNested() ? 0x0F : 0x23;
                    b[i + scale + 1] = (byte) (b[i + scale + 1] & 0x80 | (b[i + scale + 1] & 0x7F) % most);
                    if (type.hasMinimum()) {
                        b[i + 3] = (byte) (b[i + 3] & 0x80 | (b[i + 3] & 0x7F) % most);
                    }
                }
            }
        }
        return WeightStorage.tensor(type, Shape.of(rows, columns), draw.pick(4, 8, 16, 32),
                (from, to, n) -> System.arraycopy(b, (int) from, to, 0, n));
    }
}
