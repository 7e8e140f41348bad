package dev.ricci.models.weights.gguf;

/** The types of metadata values, in the order of their numbers in files. */
public enum GgufValueType {
    /** Unsigned 8-bit integer. */
    UINT8(1),
    /** Signed 8-bit integer. */
    INT8(1),
    /** Unsigned 16-bit integer. */
    UINT16(2),
    /** Signed 16-bit integer. */
    INT16(2),
    /** Unsigned 32-bit integer. */
    UINT32(4),
    /** Signed 32-bit integer. */
    INT32(4),
    /** 32-bit IEEE float. */
    FLOAT32(4),
    /** Truth value, one byte, 0 or 1. */
    BOOL(1),
    /** UTF-8 text with its length before it. */
    STRING(8),
    /** Values of one type, which may be arrays again. */
    ARRAY(12),
    /** Unsigned 64-bit integer; only values below 2^63 are read and written. */
    UINT64(8),
    /** Signed 64-bit integer. */
    INT64(8),
    /** 64-bit IEEE float. */
    FLOAT64(8);

    private final int minimalBytes;

    GgufValueType(int minimalBytes) {
        this.minimalBytes = minimalBytes;
    }

    /** Bytes that a value takes at least: by this a count is checked before anything is allocated. */
    int minimalBytes() {
        return minimalBytes;
    }

    /** Whether it is one of the integer types. */
    public boolean isInteger() {
        return switch (this) {
            case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> true;
            case FLOAT32, BOOL, STRING, ARRAY, FLOAT64 -> false;
        };
    }
}
