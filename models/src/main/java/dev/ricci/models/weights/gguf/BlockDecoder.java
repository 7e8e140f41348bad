package dev.ricci.models.weights.gguf;

import dev.ricci.tensor.TensorException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Blocks of any type as floats, with the rounding of the format's own decoder: every product and sum is one rounded
 * float operation, in its order.
 */
public final class BlockDecoder {
    /** Blocks are copied to the heap first, so that the loops see one kind of memory. */
    private static final int CHUNK_BYTES = 1 << 16;
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

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
    public static void decode(GgufType type, MemorySegment blocks, float[] to, int offset, int elements) {
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

    private static void decode(GgufType type, byte[] b, int n, float[] to, int at) {
        switch (type) {
            case F32 -> {
                for (int i = 0; i < n; i++) {
                    to[at + i] = Float.intBitsToFloat((int) INT.get(b, 4 * i));
                }
            }
            case F16 -> {
                for (int i = 0; i < n; i++) {
                    to[at + i] = half(b, 2 * i);
                }
            }
            case BF16 -> {
                for (int i = 0; i < n; i++) {
                    to[at + i] = Float.intBitsToFloat((short) SHORT.get(b, 2 * i) << 16);
                }
            }
            case Q4_0 -> SimpleBlocks.q40(b, n, to, at);
            case Q4_1 -> SimpleBlocks.q41(b, n, to, at);
            case Q5_0 -> SimpleBlocks.q50(b, n, to, at);
            case Q5_1 -> SimpleBlocks.q51(b, n, to, at);
            case Q8_0 -> SimpleBlocks.q80(b, n, to, at);
            case Q4_K -> SuperBlocks.q4k(b, n, to, at);
            case Q5_K -> SuperBlocks.q5k(b, n, to, at);
            case Q6_K -> SuperBlocks.q6k(b, n, to, at);
        }
    }

    /** The F16 at a byte. */
    static float half(byte[] b, int at) {
        return Float.float16ToFloat((short) SHORT.get(b, at));
    }

    /** The 32 bits at a byte. */
    static int word(byte[] b, int at) {
        return (int) INT.get(b, at);
    }

    /** Writes 16 bits at a byte. */
    static void putShort(byte[] b, int at, short v) {
        SHORT.set(b, at, v);
    }

    /** Writes 32 bits at a byte. */
    static void putWord(byte[] b, int at, int v) {
        INT.set(b, at, v);
    }
}
