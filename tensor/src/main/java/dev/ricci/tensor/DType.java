package dev.ricci.tensor;

/**
 * Element types. {@link #F32} is what kernels compute in; {@link #F64} runs on the double-precision reference
 * kernels; {@link #F16} and {@link #BF16} are storage types that are cast before arithmetic.
 */
public enum DType {
    /** 32-bit IEEE float, the type of computation. */
    F32(4, true),
    /** 64-bit IEEE float, computed by the reference kernels. */
    F64(8, true),
    /** 16-bit IEEE float, storage only. */
    F16(2, true),
    /** bfloat16: the upper half of an F32, storage only. */
    BF16(2, true),
    /** 32-bit signed integer, the usual type of ids and positions. */
    I32(4, false),
    /** 64-bit signed integer. */
    I64(8, false),
    /** Unsigned byte, storage only (images, bytes of text). */
    U8(1, false),
    /** Truth value, one byte, 0 or 1. */
    BOOL(1, false);

    private final int blockBytes;
    private final boolean floating;

    DType(int blockBytes, boolean floating) {
        this.blockBytes = blockBytes;
        this.floating = floating;
    }

    /** Elements in one storage block: 1 for plain types. */
    public int blockElements() {
        return 1;
    }

    /** Bytes of one storage block: the size of an element for plain types. */
    public int blockBytes() {
        return blockBytes;
    }

    /** Whether it is one of the floating-point types. */
    public boolean isFloating() {
        return floating;
    }

    /** Whether arithmetic and gradients are defined on it: F32 and F64. */
    public boolean isComputable() {
        return this == F32 || this == F64;
    }

    /** Whether it can hold ids: I32 and I64. */
    public boolean isInteger() {
        return this == I32 || this == I64;
    }
}
