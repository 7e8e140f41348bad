package dev.ricci.tensor.reference;

/** Conversions to the 16-bit floats, rounded once, to nearest even. */
final class Rounding {
    private Rounding() {
    }

    /** The bits of the nearest F16. */
    static short toF16(double v) {
        return Float.floatToFloat16(toOdd(v));
    }

    /** The bits of the nearest BF16. */
    static short toBf16(double v) {
        int bits = Float.floatToRawIntBits(toOdd(v));
        if (Double.isNaN(v)) {
            return (short) (bits >>> 16 | 0x40); // a payload in the lower half alone must not turn into infinity
        }
        return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
    }

    /**
     * A double to F32, rounded to odd: if it is not exact, the neighbour whose last bit is 1. Rounding that to nearest
     * even with two or more bits fewer gives what rounding the double at once gives (Boldo and Melquiond 2008).
     */
    private static float toOdd(double v) {
        float f = (float) v;
        int bits = Float.floatToRawIntBits(f);
        if (Double.isNaN(v) || f == v || (bits & 1) == 1) {
            return f;
        }
        return Float.intBitsToFloat(Math.abs(v) > Math.abs((double) f) ? bits + 1 : bits - 1);
    }

    /** A long to a double that rounds to the same F16 or BF16: low bits that no 53 bits hold become one sticky bit. */
    static double sticky(long v) {
        return (double) v == v && Math.abs((double) v) < 0x1p53 ? v : (v & ~0xFFFL) + ((v & 0xFFF) != 0 ? 0x800 : 0);
    }
}
