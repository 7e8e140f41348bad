package dev.ricci.tensor.cpu;

import dev.ricci.tensor.spi.Storage;
import java.lang.ref.SoftReference;

/**
 * Packed copies of right operands that are multiplied with few rows again and again, as a model's weights are while it
 * generates. Packing costs more than such a product; a packed operand is read as one stream, and gives the same bits. A
 * copy is made when an operand is used the second time since its storage changed, lies beside the storage, and goes with
 * the next change or when memory is short.
 */
final class PackedWeights {
    private final Matrix matrix;
    private SoftReference<float[]> packed = new SoftReference<>(null);

    private PackedWeights(Matrix matrix) {
        this.matrix = matrix;
    }

    /**
     * The packed form of an operand, or null if it has none and this use does not make one.
     *
     * @param rows of the left operand
     */
    static float[] find(Storage storage, Matrix matrix, int rows, Gemm gemm) {
        PackedWeights known = storage.companion() instanceof PackedWeights p && p.matrix.equals(matrix) ? p : null;
        float[] packed = known == null ? null : known.packed.get();
        if (packed != null || rows > Gemm.FEW_ROWS) {
            return packed;
        }
        if (known == null) {
            storage.keep(new PackedWeights(matrix));
            return null;
        }
        packed = gemm.pack(matrix);
        known.packed = new SoftReference<>(packed);
        return packed;
    }
}
