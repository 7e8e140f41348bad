package dev.ricci.tensor;

import dev.ricci.tensor.spi.HeapStorage;
import java.util.function.IntConsumer;

/** Copies of a tensor's elements, row-major, as Java arrays. */
final class TensorReader {
    private TensorReader() {
    }

    /** One element of any type as a double. */
    static double element(HeapStorage s, int i) {
        return switch (s.dtype()) {
            case F32 -> s.floats()[i];
            case F64 -> s.doubles()[i];
            case F16 -> Float.float16ToFloat(s.shorts()[i]);
            case BF16 -> Float.intBitsToFloat(s.shorts()[i] << 16);
            case I32 -> s.ints()[i];
            case I64 -> s.longs()[i];
            case U8 -> s.bytes()[i] & 0xFF;
            case BOOL -> s.bytes()[i];
        };
    }

    static float[] floats(HeapStorage s, Layout layout) {
        float[] out = new float[layout.shape().size()];
        if (s.dtype() == DType.F32 && layout.isDense()) {
            System.arraycopy(s.floats(), layout.offset(), out, 0, out.length);
            return out;
        }
        int[] n = {0};
        forEach(layout, i -> out[n[0]++] = (float) element(s, i));
        return out;
    }

    static double[] doubles(HeapStorage s, Layout layout) {
        double[] out = new double[layout.shape().size()];
        copy(s, layout, out);
        return out;
    }

    /** Into the beginning of {@code out}. */
    static void copy(HeapStorage s, Layout layout, double[] out) {
        if (s.dtype() == DType.F32 && layout.isDense()) {
            float[] values = s.floats();
            for (int i = 0, from = layout.offset(); i < layout.shape().size(); i++) {
                out[i] = values[from + i];
            }
            return;
        }
        int[] n = {0};
        forEach(layout, i -> out[n[0]++] = element(s, i));
    }

    static int[] ints(HeapStorage s, Layout layout) {
        long[] wide = longs("toIntArray", s, layout);
        int[] out = new int[wide.length];
        for (int i = 0; i < out.length; i++) {
            if ((int) wide[i] != wide[i]) {
                throw new DTypeException("toIntArray: " + wide[i] + " does not fit an int; use toLongArray()");
            }
            out[i] = (int) wide[i];
        }
        return out;
    }

    static long[] longs(HeapStorage s, Layout layout) {
        return longs("toLongArray", s, layout);
    }

    private static long[] longs(String op, HeapStorage s, Layout layout) {
        if (s.dtype().isFloating()) {
            throw new DTypeException(op + ": reads integers or truth values, got " + s.dtype()
                    + "; convert with to(DType.I64)");
        }
        long[] out = new long[layout.shape().size()];
        int[] n = {0};
        if (s.dtype() == DType.I64) {
            forEach(layout, i -> out[n[0]++] = s.longs()[i]);
        } else {
            forEach(layout, i -> out[n[0]++] = (long) element(s, i));
        }
        return out;
    }

    /** Calls with the storage index of each element in row-major order. */
    static void forEach(Layout layout, IntConsumer each) {
        int size = layout.shape().size();
        int rank = layout.shape().rank();
        int[] at = new int[rank];
        int i = layout.offset();
        for (int n = 0; n < size; n++) {
            each.accept(i);
            for (int a = rank - 1; a >= 0; a--) {
                i += layout.stride(a);
                if (++at[a] < layout.shape().dim(a)) {
                    break;
                }
                i -= layout.stride(a) * at[a];
                at[a] = 0;
            }
        }
    }
}
