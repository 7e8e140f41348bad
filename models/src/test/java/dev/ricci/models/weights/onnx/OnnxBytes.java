package dev.ricci.models.weights.onnx;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Messages in Protocol Buffers' encoding, written field by field. */
final class OnnxBytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    OnnxBytes varint(int field, long value) {
        return raw((long) field << 3).raw(value);
    }

    OnnxBytes bytes(int field, byte[] value) {
        raw((long) field << 3 | 2).raw(value.length);
        out.writeBytes(value);
        return this;
    }

    OnnxBytes text(int field, String value) {
        return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    OnnxBytes message(int field, OnnxBytes value) {
        return bytes(field, value.toBytes());
    }

    OnnxBytes fixed32(int field, float value) {
        raw((long) field << 3 | 5);
        out.writeBytes(floats(value));
        return this;
    }

    OnnxBytes packed(int field, long... values) {
        OnnxBytes inner = new OnnxBytes();
        for (long v : values) {
            inner.raw(v);
        }
        return bytes(field, inner.toBytes());
    }

    OnnxBytes raw(long value) {
        long v = value;
        for (; (v & ~0x7FL) != 0; v >>>= 7) {
            out.write((int) (v | 0x80));
        }
        out.write((int) v);
        return this;
    }

    byte[] toBytes() {
        return out.toByteArray();
    }

    static byte[] floats(float... values) {
        ByteBuffer b = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float v : values) {
            b.putFloat(v);
        }
        return b.array();
    }

    // ---------------------------------------------------------------- ONNX

    /** An initialiser without its elements. */
    static OnnxBytes tensor(String name, int type, long... dims) {
        OnnxBytes t = new OnnxBytes().varint(2, type).text(8, name);
        for (long d : dims) {
            t.varint(1, d);
        }
        return t;
    }

    static OnnxBytes node(String name, String op, String output, String... inputs) {
        OnnxBytes n = new OnnxBytes().text(2, output).text(3, name).text(4, op);
        for (String in : inputs) {
            n.text(1, in);
        }
        return n;
    }

    /** A model with this graph. */
    static byte[] model(OnnxBytes graph) {
        return new OnnxBytes().varint(1, 8).text(2, "test").message(7, graph).toBytes();
    }
}
