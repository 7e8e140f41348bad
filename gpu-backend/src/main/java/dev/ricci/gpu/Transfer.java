package dev.ricci.gpu;

import dev.ricci.tensor.spi.HeapStorage;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Copies elements between a storage and the device's arrays, which have fewer element types: {@link Memory#type}. */
final class Transfer {
    private Transfer() {
    }

    /**
     * Elements from a storage.
     *
     * @param to of the array of the storage's type
     * @param at element there
     */
    static void up(HeapStorage from, int first, MemorySegment to, long at, int count) {
        switch (from.dtype()) {
            case F32 -> MemorySegment.copy(from.floats(), first, to, ValueLayout.JAVA_FLOAT, at * 4, count);
            case I32 -> MemorySegment.copy(from.ints(), first, to, ValueLayout.JAVA_INT, at * 4, count);
            case I64 -> MemorySegment.copy(from.longs(), first, to, ValueLayout.JAVA_LONG, at * 8, count);
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    to.setAtIndex(ValueLayout.JAVA_FLOAT, at + i, Float.float16ToFloat(from.shorts()[first + i]));
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    to.setAtIndex(ValueLayout.JAVA_FLOAT, at + i, Float.intBitsToFloat(from.shorts()[first + i] << 16));
                }
            }
            case U8, BOOL -> {
                for (int i = 0; i < count; i++) {
                    to.setAtIndex(ValueLayout.JAVA_INT, at + i, from.bytes()[first + i] & 0xFF);
                }
            }
            case F64 -> throw new IllegalStateException("F64 does not go to the device");
        }
    }

    /** Elements into a storage. */
    static void down(MemorySegment from, long at, HeapStorage to, int first, int count) {
        switch (to.dtype()) {
            case F32 -> MemorySegment.copy(from, ValueLayout.JAVA_FLOAT, at * 4, to.floats(), first, count);
            case I32 -> MemorySegment.copy(from, ValueLayout.JAVA_INT, at * 4, to.ints(), first, count);
            case I64 -> MemorySegment.copy(from, ValueLayout.JAVA_LONG, at * 8, to.longs(), first, count);
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    to.shorts()[first + i] = Float.floatToFloat16(from.getAtIndex(ValueLayout.JAVA_FLOAT, at + i));
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    to.shorts()[first + i] = (short) (Float.floatToRawIntBits(
                            from.getAtIndex(ValueLayout.JAVA_FLOAT, at + i)) >> 16);
                }
            }
            case U8, BOOL -> {
                for (int i = 0; i < count; i++) {
                    to.bytes()[first + i] = (byte) from.getAtIndex(ValueLayout.JAVA_INT, at + i);
                }
            }
            case F64 -> throw new IllegalStateException("F64 does not go to the device");
        }
    }
}
