package dev.ricci.tensor.weights;

import dev.ricci.tensor.TensorException;

/**
 * Floats as blocks of the types that are written, with the rounding of the format's own encoder: every product and sum is
 * one rounded float operation, in its order.
 */
public final class BlockEncoder {
    private BlockEncoder() {
    }

    /** Whether floats can be turned into this type: F32, F16, BF16, Q8_0 and Q4_0. */
    public static boolean supports(WeightType type) {
        return switch (type) {
            case F32, F16, BF16, Q8_0, Q4_0 -> true;
            case Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K -> false;
        };
    }

    /**
     * Encodes floats.
     *
     * @param type one of those that are supported
     * @param from holds the elements
     * @param offset where the first lies
     * @param elements how many, a multiple of the type's block
     * @return the blocks' bytes
     * @throws TensorException if the type is not supported, there are not as many elements or no whole blocks; or if a
     *     block with a scale holds NaN, an infinity, or values too large for an F16 scale
     */
    public static byte[] encode(WeightType type, float[] from, int offset, int elements) {
        if (elements < 0 || elements % type.blockElements() != 0 || offset < 0 || elements > from.length - offset
                || type.bytes(elements) > Integer.MAX_VALUE - 64) {
            throw new TensorException("encode: " + elements + " elements from " + offset + " of " + from.length
                    + " as " + type + " need whole blocks of " + type.blockElements() + " and at most 2^31 bytes");
        }
        byte[] to = new byte[(int) type.bytes(elements)];
        int n = elements / type.blockElements();
        switch (type) {
            case F32 -> {
                for (int i = 0; i < n; i++) {
                    Block.putInt(to, 4 * i, Float.floatToRawIntBits(from[offset + i]));
                }
            }
            case F16 -> {
                for (int i = 0; i < n; i++) {
                    Block.putShort(to, 2 * i, Float.floatToFloat16(from[offset + i]));
                }
            }
            case BF16 -> {
                for (int i = 0; i < n; i++) {
                    Block.putShort(to, 2 * i, bf16(from[offset + i]));
                }
            }
            case Q8_0 -> {
                for (int i = 0; i < n; i++) {
                    q80(from, offset + 32 * i, to, 34 * i);
                }
            }
            case Q4_0 -> {
                for (int i = 0; i < n; i++) {
                    q40(from, offset + 32 * i, to, 18 * i);
                }
            }
            case Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K -> throw new TensorException("encode: " + type
                    + " is read only; use one of F32, F16, BF16, Q8_0, Q4_0");
        }
        return to;
    }

    /** The upper half, rounded to nearest even; a NaN keeps a payload bit there. */
    private static short bf16(float v) {
        int bits = Float.floatToRawIntBits(v);
        return (short) (v != v ? bits >>> 16 | 0x40 : bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
    }

    /** The largest magnitude becomes 127; halves are rounded away from zero. */
    private static void q80(float[] x, int from, byte[] to, int at) {
        float most = 0;
        for (int j = 0; j < 32; j++) {
            most = Math.max(most, Math.abs(finite(x[from + j])));
        }
        float d = most / 127;
        float inverse = d == 0 ? 0 : 1 / d;
        Block.putShort(to, at, scale(d));
        for (int j = 0; j < 32; j++) {
            float v = x[from + j] * inverse;
            float magnitude = Math.min(Math.abs(v), 127);
            int q = (int) magnitude;
            if (magnitude - q >= 0.5f) {
                q++;
            }
            to[at + 2 + j] = (byte) (v < 0 ? -q : q);
        }
    }

    /** The value of largest magnitude, the first of equals, becomes -8, whatever its sign. */
    private static void q40(float[] x, int from, byte[] to, int at) {
        float most = 0;
        float extreme = 0;
        for (int j = 0; j < 32; j++) {
            float v = finite(x[from + j]);
            if (most < Math.abs(v)) {
                most = Math.abs(v);
                extreme = v;
            }
        }
        float d = extreme / -8;
        float inverse = d == 0 ? 0 : 1 / d;
        Block.putShort(to, at, scale(d));
        for (int j = 0; j < 16; j++) {
            int low = nibble(x[from + j] * inverse);
            int high = nibble(x[from + 16 + j] * inverse);
            to[at + 2 + j] = (byte) (low | high << 4);
        }
    }

    private static int nibble(float v) {
        return Math.clamp((int) (v + 8.5f), 0, 15);
    }

    private static float finite(float v) {
        if (!(Math.abs(v) <= Float.MAX_VALUE)) {
            throw new TensorException("encode: " + v + " cannot be quantised; write the tensor as F32 or F16");
        }
        return v;
    }

    private static short scale(float d) {
        short half = Float.floatToFloat16(d);
        if ((half & 0x7FFF) == 0x7C00) {
            throw new TensorException("encode: a scale of " + d + " exceeds F16's 65504; write the tensor as F32");
        }
        return half;
    }
}
