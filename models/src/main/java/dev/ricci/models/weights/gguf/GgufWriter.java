package dev.ricci.models.weights.gguf;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.DTypeException;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.AtomicFiles;
import dev.ricci.tensor.weights.BlockEncoder;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Writes a GGUF file of version 3: collects metadata and tensors, then writes all at once. The same metadata and tensors
 * give the same bytes.
 */
public final class GgufWriter {
    /** Other readers refuse longer names. */
    private static final int MAX_NAME_BYTES = 63;
    private static final int CHUNK_ELEMENTS = 1 << 16;

    private final GgufMetadata metadata;
    private final Map<String, Entry> tensors = new LinkedHashMap<>();

    /** A tensor and where its bytes come from. */
    private record Entry(GgufTensorInfo info, Body body) {
    }

    @FunctionalInterface
    private interface Body {
        void write(FileChannel channel) throws IOException;
    }

    /**
     * @param metadata written as they are; {@code general.alignment} sets the alignment, 32 without it
     * @throws FormatException if the alignment is not a power of two up to 1 MiB
     */
    public GgufWriter(GgufMetadata metadata) {
        metadata.alignment();
        this.metadata = metadata;
    }

    /**
     * The type that a tensor of this shape is written as, the choice of the format's own tools: F32 with at most one axis
     * (norms and biases), F16 if its rows are no multiple of the type's block, else what is wanted.
     */
    public static GgufType typeFor(GgufType wanted, Shape shape) {
        if (shape.rank() < 2) {
            return GgufType.F32;
        }
        return shape.dim(-1) % wanted.blockElements() == 0 ? wanted : GgufType.F16;
    }

    /**
     * Adds a tensor, converted as it is written.
     *
     * @param name at most 63 bytes
     * @param type see {@link BlockEncoder#supports} and {@link #typeFor}
     * @param values of any floating-point type
     * @return this
     * @throws TensorException as {@link #add(String, GgufType, Shape, Supplier)}
     */
    public GgufWriter add(String name, GgufType type, Tensor values) {
        return add(name, type, values.shape(), () -> values);
    }

    /**
     * Adds a tensor that is asked for when it is written, so that one is in memory at a time.
     *
     * @param name at most 63 bytes
     * @param type see {@link BlockEncoder#supports} and {@link #typeFor}
     * @param shape of the tensor, at most four axes
     * @param values gives the tensor, of any floating-point type
     * @return this
     * @throws TensorException if the name is taken or too long, the type is not written, or the rows are no multiple of
     *     its block
     */
    public GgufWriter add(String name, GgufType type, Shape shape, Supplier<Tensor> values) {
        if (!BlockEncoder.supports(type.stored())) {
            throw new TensorException("gguf: tensor '" + name + "': " + type
                    + " is read only; use one of F32, F16, BF16, Q8_0, Q4_0");
        }
        return add(new GgufTensorInfo(name, type, shape, 0), channel -> encode(name, type, shape, values.get(), channel));
    }

    /**
     * Adds a tensor whose blocks are there already, of any type.
     *
     * @param blocks as {@link GgufFile#blocks} gives them; must be there until {@link #write} has returned
     * @return this
     * @throws TensorException if the name is taken or too long, or the blocks are not as many as the shape asks for
     */
    public GgufWriter addBlocks(String name, GgufType type, Shape shape, MemorySegment blocks) {
        if (blocks.byteSize() != type.bytes(shape.size())) {
            throw new TensorException("gguf: tensor '" + name + "': " + type + shape + " takes "
                    + type.bytes(shape.size()) + " bytes, got " + blocks.byteSize());
        }
        return add(new GgufTensorInfo(name, type, shape, 0), channel -> {
            for (long at = 0; at < blocks.byteSize(); at += 1 << 30) {
                writeFully(channel, blocks.asSlice(at, Math.min(1 << 30, blocks.byteSize() - at)).asByteBuffer());
            }
        });
    }

    private GgufWriter add(GgufTensorInfo info, Body body) {
        String name = info.name();
        Shape shape = info.shape();
        if (name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES || shape.rank() > GgufReader.MAX_RANK) {
            throw new TensorException("gguf: tensor '" + name + "' " + shape + ": names have at most " + MAX_NAME_BYTES
                    + " bytes and shapes at most " + GgufReader.MAX_RANK + " axes");
        }
        if (info.type().isQuantised() && (shape.rank() == 0 || shape.dim(-1) % info.type().blockElements() != 0)) {
            throw new TensorException("gguf: tensor '" + name + "' " + shape + ": rows of " + info.type()
                    + " must be a multiple of " + info.type().blockElements() + " elements; write it as "
                    + typeFor(info.type(), shape));
        }
        if (tensors.putIfAbsent(name, new Entry(info, body)) != null) {
            throw new TensorException("gguf: there is a tensor '" + name + "' already; names are unique");
        }
        return this;
    }

    /**
     * Writes the file, as a whole or not at all (see {@link AtomicFiles}).
     *
     * @param file replaced if it is there; its folder must exist
     * @throws TensorException if a tensor is not what was announced, or cannot be quantised
     * @throws IOException if it cannot be written; an old file is intact then
     */
    public void write(Path file) throws IOException {
        int alignment = metadata.alignment();
        GgufHead head = new GgufHead();
        head.start(metadata, tensors.size());
        long offset = 0;
        for (Entry e : tensors.values()) {
            head.tensor(e.info, offset);
            offset = align(offset + e.info.bytes(), alignment);
        }
        byte[] start = head.toBytes();
        AtomicFiles.write(file, channel -> {
            writeFully(channel, ByteBuffer.wrap(start));
            // The tools of the format pad after each tensor, the last one too.
            pad(channel, alignment);
            for (Entry e : tensors.values()) {
                e.body.write(channel);
                pad(channel, alignment);
            }
        });
    }

    private static void encode(String name, GgufType type, Shape shape, Tensor values, FileChannel channel)
            throws IOException {
        if (!values.shape().equals(shape)) {
            throw new TensorException("gguf: tensor '" + name + "' was announced as " + shape + ", got " + values.spec());
        }
        if (!values.dtype().isFloating()) {
            throw new DTypeException("gguf: tensor '" + name + "' " + values.spec() + ": only floating-point tensors are"
                    + " written");
        }
        float[] floats = values.to(DType.F32).toFloatArray();
        try {
            for (int at = 0; at < floats.length; at += CHUNK_ELEMENTS) {
                int n = Math.min(CHUNK_ELEMENTS, floats.length - at);
                writeFully(channel, ByteBuffer.wrap(BlockEncoder.encode(type.stored(), floats, at, n)));
            }
        } catch (TensorException e) {
            throw new TensorException("gguf: tensor '" + name + "': " + e.getMessage(), e);
        }
    }

    private static long align(long bytes, int alignment) {
        return (bytes + alignment - 1) / alignment * alignment;
    }

    private static void pad(FileChannel channel, int alignment) throws IOException {
        long at = channel.position();
        writeFully(channel, ByteBuffer.allocate((int) (align(at, alignment) - at)));
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
