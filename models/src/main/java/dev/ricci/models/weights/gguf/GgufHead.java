package dev.ricci.models.weights.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** The bytes before the tensors' bytes. */
final class GgufHead {
    private static final int VERSION = 3;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** The header and the metadata. */
    void start(GgufMetadata metadata, int tensors) {
        integer(4, GgufReader.MAGIC);
        integer(4, VERSION);
        integer(8, tensors);
        integer(8, metadata.values().size());
        for (Map.Entry<String, GgufValue> e : metadata.values().entrySet()) {
            string(e.getKey());
            integer(4, e.getValue().type().ordinal());
            value(e.getValue());
        }
    }

    /** One entry of the list of tensors. */
    void tensor(GgufTensorInfo t, long offset) {
        string(t.name());
        integer(4, t.shape().rank());
        for (int axis = t.shape().rank() - 1; axis >= 0; axis--) {
            integer(8, t.shape().dim(axis));
        }
        integer(4, t.type().id());
        integer(8, offset);
    }

    byte[] toBytes() {
        return out.toByteArray();
    }

    private void value(GgufValue v) {
        int bytes = v.elements() == null ? v.type().minimalBytes() : v.elements().minimalBytes();
        if (v.elements() != null) {
            integer(4, v.elements().ordinal());
            integer(8, v.size());
        }
        switch (v.value()) {
            case Long n -> integer(bytes, n);
            case Float f -> integer(4, Float.floatToRawIntBits(f));
            case Double d -> integer(8, Double.doubleToRawLongBits(d));
            case Boolean b -> integer(1, b ? 1 : 0);
            case String s -> string(s);
            case long[] a -> {
                for (long n : a) {
                    integer(bytes, n);
                }
            }
            case float[] a -> {
                for (float f : a) {
                    integer(4, Float.floatToRawIntBits(f));
                }
            }
            case double[] a -> {
                for (double d : a) {
                    integer(8, Double.doubleToRawLongBits(d));
                }
            }
            case boolean[] a -> {
                for (boolean b : a) {
                    integer(1, b ? 1 : 0);
                }
            }
            case List<?> list -> {
                for (Object element : list) {
                    if (element instanceof GgufValue inner) {
                        value(inner);
                    } else {
                        string((String) element);
                    }
                }
            }
            default -> throw new AssertionError(v);
        }
    }

    private void string(String s) {
        byte[] utf8 = s.getBytes(StandardCharsets.UTF_8);
        integer(8, utf8.length);
        out.writeBytes(utf8);
    }

    private void integer(int bytes, long value) {
        out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array(), 0, bytes);
    }
}
