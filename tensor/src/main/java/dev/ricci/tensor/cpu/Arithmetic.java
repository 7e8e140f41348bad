package dev.ricci.tensor.cpu;

import dev.ricci.tensor.op.CompareKind;

/** Comparisons and choices over dense rows, one plain loop each. */
final class Arithmetic {
    private Arithmetic() {
    }

    /** {@code out = a kind b} as 0 or 1. */
    static void compare(CompareKind kind, float[] a, int ao, float[] b, int bo, byte[] out, int oo, int n) {
        switch (kind) {
            case EQ -> {
                for (int i = 0; i < n; i++) {
                    out[oo + i] = (byte) (a[ao + i] == b[bo + i] ? 1 : 0);
                }
            }
            case NE -> {
                for (int i = 0; i < n; i++) {
                    out[oo + i] = (byte) (a[ao + i] != b[bo + i] ? 1 : 0);
                }
            }
            case LT -> {
                for (int i = 0; i < n; i++) {
                    out[oo + i] = (byte) (a[ao + i] < b[bo + i] ? 1 : 0);
                }
            }
            case LE -> {
                for (int i = 0; i < n; i++) {
                    out[oo + i] = (byte) (a[ao + i] <= b[bo + i] ? 1 : 0);
                }
            }
            case GT -> compare(CompareKind.LT, b, bo, a, ao, out, oo, n);
            case GE -> compare(CompareKind.LE, b, bo, a, ao, out, oo, n);
        }
    }

    /** {@code out = c ? a : b}, by masks: conditions are often random, and a branch would be guessed wrong. */
    static void where(byte[] c, int co, float[] a, int ao, float[] b, int bo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            int mask = (c[co + i] | -c[co + i]) >> 31;
            out[oo + i] = Float.intBitsToFloat(Float.floatToRawIntBits(a[ao + i]) & mask
                    | Float.floatToRawIntBits(b[bo + i]) & ~mask);
        }
    }
}
