package dev.ricci.models.weights.gguf;

import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.io.FileRegion;
import dev.ricci.tensor.io.TensorSource;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.weights.BlockDecoder;
import dev.ricci.tensor.weights.WeightStorage;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * An open GGUF file of version 2 or 3, little-endian, memory-mapped: opening reads metadata and the list of tensors, and
 * a tensor's bytes are read when it is asked for. The file must not change while it is open. Thread-safe.
 *
 * <p>Metadata take at most 64 times their bytes on the heap, all tensors together at most 8 times theirs (Q4_0 as F32).
 */
public final class GgufFile implements TensorSource {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path path;
    private final FileChannel channel;
    private final Arena arena;
    private final MemorySegment mapped;
    private final GgufReader.Head head;
    private final TreeMap<String, GgufTensorInfo> byName;

    private GgufFile(Path path, FileChannel channel, Arena arena, MemorySegment mapped) {
        this.path = path;
        this.channel = channel;
        this.arena = arena;
        this.mapped = mapped;
        this.head = GgufReader.read(mapped, path.toString());
        this.byName = new TreeMap<>(head.tensors());
    }

    /**
     * Opens a file.
     *
     * @throws FormatException naming the file, if it is a folder, no GGUF file, big-endian, of another version or truncated; if
     *     a key or name stands there twice, a count, length or size is larger than the file, a tensor has a type that is
     *     not read, more than four axes or rows that are no multiple of its block, or tensors overlap
     * @throws IOException if it cannot be read
     */
    public static GgufFile open(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            throw new FormatException(path + ": a folder, not a GGUF file; name a file in it, or convert it to one first");
        }
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        Arena arena = Arena.ofShared();
        try {
            return new GgufFile(path, channel, arena,
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena));
        } catch (Throwable t) {
            arena.close();
            channel.close();
            throw t;
        }
    }

    /** Version of the format: 2 or 3. */
    public int version() {
        return head.version();
    }

    /** The key-value pairs. */
    public GgufMetadata metadata() {
        return head.metadata();
    }

    /** What the file says of each tensor, in its order. */
    public Collection<GgufTensorInfo> tensors() {
        return Collections.unmodifiableCollection(head.tensors().values());
    }

    /**
     * What the file says of a tensor.
     *
     * @throws TensorException if there is none of this name
     */
    public GgufTensorInfo info(String name) {
        GgufTensorInfo info = byName.get(name);
        if (info == null) {
            throw new TensorException("tensor: " + path + " has no tensor '" + name + "'; it has "
                    + (byName.size() <= 8 ? byName.keySet() : byName.size() + ", from '" + byName.firstKey()
                    + "' to '" + byName.lastKey() + "'"));
        }
        return info;
    }

    @Override
    public SortedSet<String> names() {
        return Collections.unmodifiableSortedSet(byName.navigableKeySet());
    }

    /** As in {@link TensorSource#spec}: F32, F16 and BF16 as they are, quantised types as F32. */
    @Override
    public TensorSpec spec(String name) {
        return info(name).spec();
    }

    /** As in {@link TensorSource#tensor}: F16 and BF16 as they are, everything else as F32. */
    @Override
    public Tensor tensor(String name) {
        GgufTensorInfo info = info(name);
        return switch (info.type()) {
            case F16, BF16 -> {
                HeapStorage to = HeapStorage.allocate(info.type().readAs(), info.shape().size());
                try {
                    MemorySegment.copy(blocks(name), SHORT, 0, to.shorts(), 0, to.size());
                } catch (IllegalStateException e) {
                    throw closed(e);
                }
                yield Tensor.wrap(to, info.shape());
            }
            case F32, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K -> floats(name);
        };
    }

    /** As in {@link TensorSource#stored}: matrices of every type are kept as they are. */
    @Override
    public Tensor stored(String name) {
        GgufTensorInfo info = info(name);
        return info.shape().rank() != 2 ? tensor(name) : WeightStorage.tensor(info.type().stored(), info.shape(),
                new FileRegion(channel, head.dataStart() + info.offset(), path + ": tensor '" + name + "'"));
    }

    /**
     * A tensor as F32, whatever its type.
     *
     * @throws TensorException if there is none of this name, or the file is closed
     */
    public Tensor floats(String name) {
        GgufTensorInfo info = info(name);
        float[] to = new float[info.shape().size()];
        try {
            BlockDecoder.decode(info.type().stored(), blocks(name), to, 0, to.length);
        } catch (IllegalStateException e) {
            throw closed(e);
        }
        return Tensor.wrap(to, info.shape());
    }

    /**
     * The blocks of a tensor as they are stored, row-major, read-only, for kernels that convert as they read; they are
     * gone when this file is closed. Their type and shape are in {@link #info}.
     *
     * @throws TensorException if there is none of this name
     */
    public MemorySegment blocks(String name) {
        GgufTensorInfo info = info(name);
        return mapped.asSlice(head.dataStart() + info.offset(), info.bytes());
    }

    private TensorException closed(IllegalStateException cause) {
        return new TensorException("tensor: " + path + " was closed; read what you need before", cause);
    }

    /** Unmaps the file. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
            try {
                channel.close();
            } catch (IOException e) {
                throw new TensorException("close: " + path + ": " + e.getMessage(), e);
            }
        }
    }

    /** The path, and how much it holds. */
    @Override
    public String toString() {
        return path + ": GGUF version " + version() + ", " + metadata().values().size() + " metadata pairs, "
                + byName.size() + " tensors";
    }
}
