package dev.ricci.bench.peers;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes an ONNX model of one node whose inputs and outputs are F32, in the wire format of protocol buffers; the
 * numbers of the fields are those of onnx.proto.
 */
final class OnnxModel {
    private static final int IR_VERSION = 10;
    private static final int FLOAT = 1;
    private static final int ATTRIBUTE_INT = 2;
    private static final int ATTRIBUTE_STRING = 3;
    private static final int ATTRIBUTE_FLOAT = 1;

    private final Message graph = new Message();
    private final Message node = new Message();
    private final List<Message> attributes = new ArrayList<>();
    private final int opset;
    private final String op;

    OnnxModel(String op, int opset) {
        this.op = op;
        this.opset = opset;
    }

    /** An input that each run is given. */
    OnnxModel input(String name, int... shape) {
        node.text(1, name);
        graph.message(11, value(name, shape));
        return this;
    }

    /** An input that is part of the model, so that it can be rearranged once. */
    OnnxModel constant(String name, float[] values, int... shape) {
        node.text(1, name);
        Message tensor = new Message();
        for (int dim : shape) {
            tensor.number(1, dim);
        }
        ByteBuffer raw = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        raw.asFloatBuffer().put(values);
        graph.message(5, tensor.number(2, FLOAT).text(8, name).bytes(9, raw.array()));
        return this;
    }

    OnnxModel attribute(String name, long value) {
        attributes.add(new Message().text(1, name).number(3, value).number(20, ATTRIBUTE_INT));
        return this;
    }

    OnnxModel attribute(String name, String value) {
        attributes.add(new Message().text(1, name).text(4, value).number(20, ATTRIBUTE_STRING));
        return this;
    }

    OnnxModel attribute(String name, float value) {
        attributes.add(new Message().text(1, name).real(2, value).number(20, ATTRIBUTE_FLOAT));
        return this;
    }

    /** The model, complete with its only output. */
    byte[] output(String name, int... shape) {
        node.text(2, name).text(4, op);
        attributes.forEach(a -> node.message(5, a));
        graph.message(1, node).text(2, "g").message(12, value(name, shape));
        return new Message().number(1, IR_VERSION).message(7, graph)
                .message(8, new Message().text(1, "").number(2, opset)).toBytes();
    }

    private static Message value(String name, int... shape) {
        Message dims = new Message();
        for (int dim : shape) {
            dims.message(1, new Message().number(1, dim));
        }
        Message tensor = new Message().number(1, FLOAT).message(2, dims);
        return new Message().text(1, name).message(2, new Message().message(1, tensor));
    }

    /** A message under construction. */
    private static final class Message {
        private static final int VARINT = 0;
        private static final int LENGTH = 2;
        private static final int FIXED_32 = 5;

        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        private void varint(long value) {
            long rest = value;
            while ((rest & ~0x7fL) != 0) {
                out.write((int) (rest & 0x7f | 0x80));
                rest >>>= 7;
            }
            out.write((int) rest);
        }

        private void tag(int field, int type) {
            varint((long) field << 3 | type);
        }

        Message number(int field, long value) {
            tag(field, VARINT);
            varint(value);
            return this;
        }

        Message real(int field, float value) {
            tag(field, FIXED_32);
            out.writeBytes(ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN).putFloat(value).array());
            return this;
        }

        Message bytes(int field, byte[] value) {
            tag(field, LENGTH);
            varint(value.length);
            out.writeBytes(value);
            return this;
        }

        Message text(int field, String value) {
            return bytes(field, value.getBytes(StandardCharsets.UTF_8));
        }

        Message message(int field, Message value) {
            return bytes(field, value.toBytes());
        }

        byte[] toBytes() {
            return out.toByteArray();
        }
    }
}
