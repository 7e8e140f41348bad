package dev.ricci.models.weights.onnx;

import dev.ricci.tensor.FormatException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * A walk over the fields of one message in Protocol Buffers' encoding. Every length is checked against the message that
 * holds it, and nothing is allocated but the texts that are asked for.
 */
final class Protobuf {
    /** Wire type of integers. */
    static final int VARINT = 0;
    /** Wire type of doubles. */
    static final int FIXED64 = 1;
    /** Wire type of texts, bytes, messages and packed numbers. */
    static final int BYTES = 2;
    /** Wire type of floats. */
    static final int FIXED32 = 5;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment bytes;
    private final String source;
    private long at;
    private int field;
    private int wire;

    Protobuf(MemorySegment bytes, String source) {
        this.bytes = bytes;
        this.source = source;
    }

    /** Moves to the next field; false at the end of the message. What the last field holds must have been taken. */
    boolean next() {
        if (at == bytes.byteSize()) {
            return false;
        }
        long tag = varint();
        field = (int) (tag >>> 3);
        wire = (int) (tag & 7);
        if (tag >>> 3 == 0 || tag >>> 32 != 0 || wire != VARINT && wire != FIXED64 && wire != BYTES && wire != FIXED32) {
            throw new FormatException(source + ": not an ONNX model, or damaged: field " + (tag >>> 3)
                    + " of wire type " + wire + " at byte " + at + " of a message");
        }
        return true;
    }

    /** Number of the field. */
    int field() {
        return field;
    }

    /** Wire type of the field. */
    int wire() {
        return wire;
    }

    /** Whether numbers of another wire type stand in the field one after another. */
    boolean isPacked() {
        return wire == BYTES;
    }

    /** Whether there are numbers left in a packed field that this walks over. */
    boolean hasMore() {
        return at < bytes.byteSize();
    }

    /** Passes over what the field holds. */
    void skip() {
        switch (wire) {
            case VARINT -> varint();
            case FIXED64 -> take(8);
            case FIXED32 -> take(4);
            default -> segment();
        }
    }

    /** The integer of a field. */
    long integer() {
        expect(VARINT);
        return varint();
    }

    /** The float of a field. */
    float floating() {
        expect(FIXED32);
        return Float.intBitsToFloat(take(4).get(INT, 0));
    }

    /** The bytes of a field, not copied. */
    MemorySegment segment() {
        expect(BYTES);
        long length = varint();
        if (length < 0 || length > bytes.byteSize() - at) {
            throw new FormatException(source + ": truncated, or not an ONNX model: field " + field + " should have "
                    + Long.toUnsignedString(length) + " bytes, its message has " + (bytes.byteSize() - at) + " left");
        }
        return take(length);
    }

    /** The message in a field. */
    Protobuf message(String where) {
        return new Protobuf(segment(), where);
    }

    /** The numbers of a packed field. */
    Protobuf packed() {
        return new Protobuf(segment(), source);
    }

    /** The text of a field. */
    String string() {
        MemorySegment segment = segment();
        if (segment.byteSize() == 0) {
            return "";
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(segment.toArray(ValueLayout.JAVA_BYTE)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new FormatException(source + ": the text of field " + field + " is not valid UTF-8", e);
        }
    }

    /** A fixed number of bytes of the field, not copied. */
    MemorySegment take(long length) {
        if (length > bytes.byteSize() - at) {
            throw new FormatException(source + ": truncated, or not an ONNX model: a message ends within field " + field);
        }
        at += length;
        return bytes.asSlice(at - length, length);
    }

    /** Seven bits a byte, the lowest first, at most ten bytes. */
    long varint() {
        long v = 0;
        for (int shift = 0; shift < 70; shift += 7) {
            if (at == bytes.byteSize()) {
                break;
            }
            byte b = bytes.get(ValueLayout.JAVA_BYTE, at++);
            v |= (long) (b & 0x7F) << shift;
            if (b >= 0) {
                return v;
            }
        }
        throw new FormatException(source + ": truncated, or not an ONNX model: no end of an integer at byte " + at
                + " of a message");
    }

    private void expect(int type) {
        if (wire != type) {
            throw new FormatException(source + ": not an ONNX model, or damaged: field " + field + " has wire type " + wire
                    + ", expected " + type);
        }
    }
}
