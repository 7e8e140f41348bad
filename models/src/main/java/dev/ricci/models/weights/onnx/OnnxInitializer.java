package dev.ricci.models.weights.onnx;

import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.io.StoredType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;

/**
 * One tensor of the graph.
 *
 * @param name its name
 * @param stored type of the bytes
 * @param shape sizes of the axes
 * @param bytes the elements, little-endian, row-major: of the file where they lie there so, else a copy
 */
record OnnxInitializer(String name, StoredType stored, Shape shape, MemorySegment bytes) {
    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int MAX_RANK = 64;
    private static final Map<Integer, StoredType> TYPES = Map.ofEntries(Map.entry(1, StoredType.F32),
            Map.entry(2, StoredType.U8), Map.entry(3, StoredType.I8), Map.entry(4, StoredType.U16),
            Map.entry(5, StoredType.I16), Map.entry(6, StoredType.I32), Map.entry(7, StoredType.I64),
            Map.entry(9, StoredType.BOOL), Map.entry(10, StoredType.F16), Map.entry(11, StoredType.F64),
            Map.entry(12, StoredType.U32), Map.entry(13, StoredType.U64), Map.entry(16, StoredType.BF16));

    /** Type and shape of the tensor that is made of it. */
    TensorSpec spec() {
        return new TensorSpec(stored.readAs(), shape);
    }

    static OnnxInitializer read(Protobuf in, String source) {
        String name = "";
        int type = 0;
        long[] dims = {};
        boolean external = false;
        Data data = new Data();
        while (in.next()) {
            switch (in.field()) {
                case 1 -> dims = dims(dims, in, source);
                case 2 -> type = (int) in.integer();
                case 8 -> name = in.string();
                case 9 -> data.add(in.field(), in.segment());
                // Floats and doubles lie packed as they do in raw data; integers are of varying length.
                case 4, 10 -> data.add(in.field(), in.isPacked() ? in.segment() : in.take(in.field() == 4 ? 4 : 8));
                case 5, 7, 11 -> {
                    if (in.isPacked()) {
                        data.add(in.field(), in.segment());
                    } else {
                        data.add(in.field(), in.integer());
                    }
                }
                case 14 -> external = in.integer() == 1;
                default -> in.skip();
            }
        }
        String where = source + ": initialiser '" + abbreviate(name) + "'";
        if (external) {
            throw new FormatException(where + " keeps its elements in another file, which is not read; save the model with"
                    + " its data inside");
        }
        StoredType stored = TYPES.get(type);
        if (stored == null) {
            throw new FormatException(where + ": data type " + type + " is not read; known are the plain numbers "
                    + Arrays.toString(StoredType.values()));
        }
        Shape shape = shape(dims, where);
        MemorySegment bytes = data.bytes(stored, where);
        if (bytes.byteSize() != (long) shape.size() * stored.bytes()) {
            throw new FormatException(where + ": " + stored + shape + " takes " + (long) shape.size() * stored.bytes()
                    + " bytes, the file has " + bytes.byteSize());
        }
        return new OnnxInitializer(name, stored, shape, bytes);
    }

    private static long[] dims(long[] dims, Protobuf in, String source) {
        if (!in.isPacked()) {
            return append(dims, in.integer(), source);
        }
        Protobuf all = in.packed();
        long[] more = dims;
        while (all.hasMore()) {
            more = append(more, all.varint(), source);
        }
        return more;
    }

    private static long[] append(long[] dims, long d, String source) {
        if (dims.length == MAX_RANK) {
            throw new FormatException(source + ": an initialiser with more than " + MAX_RANK + " axes");
        }
        long[] more = Arrays.copyOf(dims, dims.length + 1);
        more[dims.length] = d;
        return more;
    }

    private static Shape shape(long[] sizes, String where) {
        int[] dims = new int[sizes.length];
        for (int i = 0; i < dims.length; i++) {
            if (sizes[i] < 0 || sizes[i] > Integer.MAX_VALUE) {
                throw new FormatException(where + ": shape " + Arrays.toString(sizes) + ": sizes must lie in 0 .. "
                        + Integer.MAX_VALUE);
            }
            dims[i] = (int) sizes[i];
        }
        try {
            return Shape.of(dims);
        } catch (TensorException e) {
            throw new FormatException(where + ": " + e.getMessage(), e);
        }
    }

    /** A text from a file, short enough for an error. */
    static String abbreviate(String s) {
        return s.length() <= 200 ? s : s.substring(0, 200) + "...";
    }

    /** The elements as they stand in the message: in one of the fields, in one piece or many. */
    private static final class Data {
        private int field;
        private MemorySegment piece = MemorySegment.ofArray(new byte[0]);
        /** Takes over from the piece with the second one. */
        private ByteBuffer pieces;
        private boolean mixed;

        void add(int of, MemorySegment next) {
            if (field == 0) {
                field = of;
                piece = next;
                return;
            }
            mixed |= field != of;
            room(next.byteSize());
            pieces.put(next.asByteBuffer());
        }

        /** An integer that stands alone: kept as if it had been packed. */
        void add(int of, long value) {
            if (field == 0) {
                field = of;
            }
            mixed |= field != of;
            room(10);
            long v = value;
            for (; (v & ~0x7FL) != 0; v >>>= 7) {
                pieces.put((byte) (v | 0x80));
            }
            pieces.put((byte) v);
        }

        private void room(long bytes) {
            if (pieces == null) {
                pieces = allocate(piece.byteSize() + bytes).put(piece.asByteBuffer());
            } else if (pieces.remaining() < bytes) {
                pieces = allocate(2 * (pieces.position() + bytes)).put(pieces.flip());
            }
        }

        private static ByteBuffer allocate(long bytes) {
            if (bytes > Integer.MAX_VALUE - 64) {
                throw new FormatException("onnx: elements in pieces take " + bytes + " bytes, more than one array holds;"
                        + " save the model with raw data");
            }
            return ByteBuffer.allocate((int) bytes);
        }

        MemorySegment bytes(StoredType stored, String where) {
            MemorySegment all = pieces == null ? piece : MemorySegment.ofBuffer(pieces.flip());
            boolean fits = switch (field) {
                case 0, 9 -> true;
                case 4 -> stored == StoredType.F32;
                case 10 -> stored == StoredType.F64;
                case 7 -> stored == StoredType.I64;
                case 11 -> stored == StoredType.U64 || stored == StoredType.U32;
                default -> stored.bytes() <= 2 || stored == StoredType.I32;
            };
            if (mixed || !fits) {
                throw new FormatException(where + ": elements of " + stored + " do not stand where they should (field "
                        + field + (mixed ? " and others" : "") + ")");
            }
            return field == 5 || field == 7 || field == 11 ? unpack(all, stored.bytes(), where) : all;
        }

        /** Integers of varying length, with as many of their bytes as the type has. */
        private static MemorySegment unpack(MemorySegment varints, int width, String where) {
            int count = 0;
            for (long i = 0; i < varints.byteSize(); i++) {
                count += varints.get(ValueLayout.JAVA_BYTE, i) >= 0 ? 1 : 0;
            }
            ByteBuffer to = allocate((long) count * width).order(ByteOrder.LITTLE_ENDIAN);
            Protobuf in = new Protobuf(varints, where);
            while (in.hasMore()) {
                long v = in.varint();
                switch (width) {
                    case 1 -> to.put((byte) v);
                    case 2 -> to.putShort((short) v);
                    case 4 -> to.putInt((int) v);
                    default -> to.putLong(v);
                }
            }
            return MemorySegment.ofBuffer(to.flip());
        }
    }
}
