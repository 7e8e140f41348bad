package dev.ricci.tensor.io;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.spi.HeapStorage;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The element types that files of weights have (the names are those of safetensors). Those that tensors lack are read as the next wider type, which holds all their
 * values; only an unsigned 64-bit integer may be too large for it, and is refused then.
 */
public enum StoredType {
    /** 32-bit IEEE float. */
    F32(DType.F32),
    /** 64-bit IEEE float. */
    F64(DType.F64),
    /** 16-bit IEEE float. */
    F16(DType.F16),
    /** The upper half of an F32. */
    BF16(DType.BF16),
    /** Signed 32-bit integer. */
    I32(DType.I32),
    /** Signed 64-bit integer. */
    I64(DType.I64),
    /** Unsigned byte. */
    U8(DType.U8),
    /** Truth value, one byte, 0 or 1. */
    BOOL(DType.BOOL),
    /** Signed byte, read as I32. */
    I8(DType.I32, 1),
    /** Signed 16-bit integer, read as I32. */
    I16(DType.I32, 2),
    /** Unsigned 16-bit integer, read as I32. */
    U16(DType.I32, 2),
    /** Unsigned 32-bit integer, read as I64. */
    U32(DType.I64, 4),
    /** Unsigned 64-bit integer, read as I64 and refused from 2^63 on. */
    U64(DType.I64, 8),
    /** 8-bit float without infinities, read as F32. */
    F8_E4M3(DType.F32, 1),
    /** 8-bit float: the upper half of an F16, read as F32. */
    F8_E5M2(DType.F32, 1);

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final DType readAs;
    private final int bytes;
    private final boolean own;

    StoredType(DType same) {
        this.readAs = same;
        this.bytes = same.blockBytes();
        this.own = true;
    }

    StoredType(DType wider, int bytes) {
        this.readAs = wider;
        this.bytes = bytes;
        this.own = false;
    }

    /**
     * The type of a header's entry.
     *
     * @throws FormatException if it is none of these
     */
    static StoredType of(String source, Object value) {
        for (StoredType t : values()) {
            if (t.name().equals(value)) {
                return t;
            }
        }
        throw new FormatException(source + ": unknown dtype " + (value instanceof String s
                ? "'" + Json.abbreviate(s) + "'" : Json.kind(value)) + "; known are " + Arrays.toString(values()));
    }

    /** The type of the tensor that is made of it. */
    public DType readAs() {
        return readAs;
    }

    /** Bytes of one element in the file. */
    public int bytes() {
        return bytes;
    }

    /**
     * Copies bytes into new storage.
     *
     * @param from exactly the elements
     * @param source named in errors
     * @throws FormatException if a truth value is neither 0 nor 1, or an integer does not fit
     */
    public HeapStorage read(MemorySegment from, String source) {
        if (own) {
            return Elements.read(from, readAs, source);
        }
        int n = (int) (from.byteSize() / bytes);
        HeapStorage to = HeapStorage.allocate(readAs, n);
        for (int i = 0; i < n; i++) {
            switch (this) {
                case I8 -> to.ints()[i] = from.get(ValueLayout.JAVA_BYTE, i);
                case I16 -> to.ints()[i] = from.get(SHORT, 2L * i);
                case U16 -> to.ints()[i] = from.get(SHORT, 2L * i) & 0xFFFF;
                case U32 -> to.longs()[i] = from.get(INT, 4L * i) & 0xFFFFFFFFL;
                case U64 -> to.longs()[i] = signed(from.get(LONG, 8L * i), source, i);
                case F8_E4M3 -> to.floats()[i] = e4m3(from.get(ValueLayout.JAVA_BYTE, i));
                // The upper half of an F16.
                case F8_E5M2 -> to.floats()[i] = Float.float16ToFloat(
                        (short) (from.get(ValueLayout.JAVA_BYTE, i) << 8));
                case F32, F64, F16, BF16, I32, I64, U8, BOOL -> throw new AssertionError(this);
            }
        }
        return to;
    }

    private static long signed(long bits, String source, int i) {
        if (bits < 0) {
            throw new FormatException(source + ": element " + i + " is " + Long.toUnsignedString(bits)
                    + ", more than an I64 holds");
        }
        return bits;
    }

    /** Four bits of exponent with bias 7, three of mantissa, no infinities; all ones are NaN (Micikevicius et al. 2022). */
    private static float e4m3(byte b) {
        int exponent = b >> 3 & 0xF;
        int mantissa = b & 7;
        float magnitude = (b & 0x7F) == 0x7F ? Float.NaN
                : exponent == 0 ? mantissa * 0x1p-9f : Math.scalb(8 + mantissa, exponent - 10);
        return b < 0 ? -magnitude : magnitude;
    }
}
