package dev.ricci.tensor.weights;

import dev.ricci.tensor.TensorException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Weights of any type as floats, with the rounding of the format's own decoder: every product and sum is one rounded
 * float operation, in its order.
 */
public final class BlockDecoder {
    /** Blocks are copied to the heap first, so that the loops see one kind of memory. */
    private static final int CHUNK_BYTES = 1 << 16;

    private BlockDecoder() {
    }

    /**
     * Decodes blocks.
     *
     * @param type of the blocks
     * @param blocks their bytes, from the first block that is wanted
     * @param to receives the elements
     * @param offset where the first goes
     * @param elements how many, a multiple of the type's block
     * @throws TensorException if there are fewer bytes or places than elements, or no whole blocks
     */
    public static void decode(WeightType type, MemorySegment blocks, float[] to, int offset, int elements) {
        if (elements < 0 || elements % type.blockElements() != 0 || type.bytes(elements) > blocks.byteSize()
                || offset < 0 || elements > to.length - offset) {
            throw new TensorException("decode: " + elements + " elements of " + type + " need whole blocks of "
                    + type.blockElements() + ", " + type.blockBytes() + " bytes each, and as many places; got "
                    + blocks.byteSize() + " bytes and " + (to.length - offset) + " places");
        }
        int most = CHUNK_BYTES / type.blockBytes();
        int count = elements / type.blockElements();
        byte[] chunk = new byte[Math.min(most, count) * type.blockBytes()];
        long from = 0;
        int at = offset;
        for (int done = 0; done < count;) {
            int n = Math.min(most, count - done);
            MemorySegment.copy(blocks, ValueLayout.JAVA_BYTE, from, chunk, 0, n * type.blockBytes());
            decode(type, chunk, n, to, at);
            done += n;
            from += (long) n * type.blockBytes();
            at += n * type.blockElements();
        }
    }

    private static void decode(WeightType type, byte[] b, int n, float[] to, int at) {
        switch (type) {
            case F32 -> {
                for (int i = 0; i < n; i++) {
                    to[at + i] = Float.intBitsToFloat(Block.getInt(b, 4 * i));
                }
            }
            case F16 -> {
                for (int i = 0; i < n; i++) {
                    to[at + i] = Float.float16ToFloat(Block.getShort(b, 2 * i));
                }
            }
            case BF16 -> {
                for (int i = 0; i < n; i++) {
                    to[at + i] = Float.intBitsToFloat(Block.getShort(b, 2 * i) << 16);
                }
            }
            case Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K -> {
                Block block = new Block();
                for (int i = 0; i < n; i++) {
                    block.read(type, b, i * type.blockBytes());
                    decode(type, block, to, at + i * type.blockElements());
                }
            }
        }
    }

    private static void decode(WeightType type, Block block, float[] to, int at) {
        int group = type.groupElements();
        byte[] q = block.quants;
        for (int j = 0; j < type.blockElements(); j += group) {
            float d = block.scale(type, j / group);
            if (type.hasMinimum()) {
                float m = block.minimum(type, j / group);
                for (int i = j; i < j + group; i++) {
                    to[at + i] = q[i] * d + m;
                }
            } else {
                for (int i = j; i < j + group; i++) {
                    to[at + i] = (q[i] - type.zero()) * d;
                }
            }
        }
    }
}
