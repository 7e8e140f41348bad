package dev.ricci.tensor.cpu;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;

/** Conversions between element types that models use: to and from F32, and between the integer types. */
final class CastKernels {
    private CastKernels() {
    }

    /** Whether there is a kernel for a pair of types; the others are rare and left to the reference backend. */
    static boolean supports(DType from, DType to) {
        return from == DType.F32 || to == DType.F32
                || from == DType.I32 && to == DType.I64 || from == DType.I64 && to == DType.I32
                || from == DType.BOOL && (to == DType.I32 || to == DType.I64);
    }

    static void run(Operand x, Operand out) {
        // Conversions run over dense operands: a copy of another layout costs little beside them.
        Operand dense = Copies.dense(x);
        int xo = dense.layout().offset();
        int oo = out.layout().offset();
        Parallel.ranges(x.size(), 1, (from, to) ->
                convert(dense.heap(), xo + from, out.heap(), oo + from, to - from));
    }

    private static void convert(HeapStorage x, int xo, HeapStorage out, int oo, int n) {
        switch (x.dtype()) {
            case F32 -> fromFloats(x.floats(), xo, out, oo, n);
            case F64 -> {
                double[] a = x.doubles();
                float[] to = out.floats();
                for (int i = 0; i < n; i++) {
                    to[oo + i] = (float) a[xo + i];
                }
            }
            case F16 -> {
                short[] a = x.shorts();
                float[] to = out.floats();
                for (int i = 0; i < n; i++) {
                    to[oo + i] = Float.float16ToFloat(a[xo + i]);
                }
            }
            case BF16 -> {
                short[] a = x.shorts();
                float[] to = out.floats();
                for (int i = 0; i < n; i++) {
                    to[oo + i] = Float.intBitsToFloat(a[xo + i] << 16);
                }
            }
            case I32 -> fromInts(x.ints(), xo, out, oo, n);
            case I64 -> fromLongs(x.longs(), xo, out, oo, n);
            case U8 -> {
                byte[] a = x.bytes();
                float[] to = out.floats();
                for (int i = 0; i < n; i++) {
                    to[oo + i] = a[xo + i] & 0xFF;
                }
            }
            case BOOL -> fromBooleans(x.bytes(), xo, out, oo, n);
        }
    }

    private static void fromFloats(float[] a, int xo, HeapStorage out, int oo, int n) {
        switch (out.dtype()) {
            case F32 -> System.arraycopy(a, xo, out.floats(), oo, n);
            case F64 -> {
                double[] to = out.doubles();
                for (int i = 0; i < n; i++) {
                    to[oo + i] = a[xo + i];
                }
            }
            case F16 -> {
                short[] to = out.shorts();
                for (int i = 0; i < n; i++) {
                    to[oo + i] = Float.floatToFloat16(a[xo + i]);
                }
            }
            case BF16 -> {
                short[] to = out.shorts();
                for (int i = 0; i < n; i++) {
                    to[oo + i] = toBf16(a[xo + i]);
                }
            }
            case I32 -> {
                int[] to = out.ints();
                for (int i = 0; i < n; i++) {
                    to[oo + i] = (int) a[xo + i];
                }
            }
            case I64 -> {
                long[] to = out.longs();
                for (int i = 0; i < n; i++) {
                    to[oo + i] = (long) a[xo + i];
                }
            }
            case U8 -> {
                byte[] to = out.bytes();
                for (int i = 0; i < n; i++) {
                    to[oo + i] = (byte) Math.clamp((int) a[xo + i], 0, 255);
                }
            }
            case BOOL -> {
                byte[] to = out.bytes();
                for (int i = 0; i < n; i++) {
                    to[oo + i] = (byte) (a[xo + i] != 0 ? 1 : 0);
                }
            }
        }
    }

    /** The upper half, rounded to nearest even; a NaN keeps a payload bit there. */
    private static short toBf16(float v) {
        int bits = Float.floatToRawIntBits(v);
        return (short) (v != v ? bits >>> 16 | 0x40 : bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
    }

    private static void fromInts(int[] a, int xo, HeapStorage out, int oo, int n) {
        if (out.dtype() == DType.F32) {
            float[] to = out.floats();
            for (int i = 0; i < n; i++) {
                to[oo + i] = a[xo + i];
            }
        } else {
            long[] to = out.longs();
            for (int i = 0; i < n; i++) {
                to[oo + i] = a[xo + i];
            }
        }
    }

    private static void fromLongs(long[] a, int xo, HeapStorage out, int oo, int n) {
        if (out.dtype() == DType.F32) {
            float[] to = out.floats();
            for (int i = 0; i < n; i++) {
                to[oo + i] = a[xo + i];
            }
        } else {
            int[] to = out.ints();
            for (int i = 0; i < n; i++) {
                to[oo + i] = Math.clamp(a[xo + i], Integer.MIN_VALUE, Integer.MAX_VALUE);
            }
        }
    }

    private static void fromBooleans(byte[] a, int xo, HeapStorage out, int oo, int n) {
        switch (out.dtype()) {
            case F32 -> {
                float[] to = out.floats();
                for (int i = 0; i < n; i++) {
                    to[oo + i] = a[xo + i] != 0 ? 1 : 0;
                }
            }
            case I32 -> {
                int[] to = out.ints();
                for (int i = 0; i < n; i++) {
                    to[oo + i] = a[xo + i] != 0 ? 1 : 0;
                }
            }
            default -> {
                long[] to = out.longs();
                for (int i = 0; i < n; i++) {
                    to[oo + i] = a[xo + i] != 0 ? 1 : 0;
                }
            }
        }
    }
}
