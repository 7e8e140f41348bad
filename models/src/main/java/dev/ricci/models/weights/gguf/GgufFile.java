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
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * An open GGUF file of version 2 or 3, little-endian, or all parts of a model that was split into several: memory-mapped,
 * opening reads metadata and the list of tensors, and a tensor's bytes are read when it is asked for. The files must not
 * change while it is open. Thread-safe.
 *
 * <p>Metadata take at most 64 times their bytes on the heap, all tensors together at most 8 times theirs (Q4_0 as F32).
 */
public final class GgufFile implements TensorSource {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path path;
    private final Arena arena = Arena.ofShared();
    private final List<FileChannel> channels = new ArrayList<>();
    private final List<Part> parts = new ArrayList<>();
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final TreeMap<String, Entry> byName;
    private final GgufMetadata metadata;

    /** One file. */
    private record Part(Path path, FileChannel channel, MemorySegment mapped, GgufReader.Head head) {
    }

    private record Entry(Part part, GgufTensorInfo info) {
        /** The first byte in the file. */
        long start() {
            return part.head.dataStart() + info.offset();
        }
    }

    private GgufFile(Path path) throws IOException {
        this.path = path;
        try {
            GgufMetadata first = add(path, 0, 1);
            List<Path> files = GgufParts.files(path, first);
            for (int part = 1; part < files.size(); part++) {
                add(files.get(part), part, files.size());
            }
            if (files.size() > 1) {
                GgufParts.check(path, first, 0, files.size());
                GgufParts.checkTensors(path, first, entries.size());
            }
            this.metadata = GgufParts.ofModel(first);
            this.byName = new TreeMap<>(entries);
        } catch (Throwable t) {
            close();
            throw t;
        }
    }

    /** Opens one file, and gives its metadata. */
    private GgufMetadata add(Path file, int number, int count) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        channels.add(channel);
        MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        Part part = new Part(file, channel, mapped, GgufReader.read(mapped, file.toString()));
        parts.add(part);
        if (count > 1) {
            GgufParts.check(file, part.head.metadata(), number, count);
        }
        for (GgufTensorInfo t : part.head.tensors().values()) {
            if (entries.putIfAbsent(t.name(), new Entry(part, t)) != null) {
                throw new FormatException(file + ": the tensor '" + GgufReader.abbreviate(t.name())
                        + "' is in another part too");
            }
        }
        return part.head.metadata();
    }

    /**
     * Opens a file.
     *
     * @param path the file, or the first of the parts {@code NAME-00001-of-0000N.gguf}, which lie beside it
     * @throws FormatException naming the file, if it is a folder, no GGUF file, big-endian, of another version or truncated; if
     *     a key or name stands there twice, a count, length or size is larger than the file, a tensor has a type that is
     *     not read, more than four axes or rows that are no multiple of its block, or tensors overlap; or if a part is
     *     missing, not the one that its name says, or of another model
     * @throws IOException if it cannot be read
     */
    public static GgufFile open(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            throw new FormatException(path + ": a folder, not a GGUF file; name a file in it, or convert it to one first");
        }
        return new GgufFile(path);
    }

    /** Version of the format: 2 or 3. */
    public int version() {
        return parts.getFirst().head.version();
    }

    /** The file, or those of all parts, in their order. */
    public List<Path> files() {
        return parts.stream().map(Part::path).toList();
    }

    /** The key-value pairs, of parts those of the first, without those that number them. */
    public GgufMetadata metadata() {
        return metadata;
    }

    /** What the file says of each tensor, in its order. */
    public List<GgufTensorInfo> tensors() {
        return entries.values().stream().map(Entry::info).toList();
    }

    /**
     * What the file says of a tensor.
     *
     * @throws TensorException if there is none of this name
     */
    public GgufTensorInfo info(String name) {
        return entry(name).info;
    }

    private Entry entry(String name) {
        Entry e = byName.get(name);
        if (e == null) {
            throw new TensorException("tensor: " + path + " has no tensor '" + name + "'; it has "
                    + (byName.size() <= 8 ? byName.keySet() : byName.size() + ", from '" + byName.firstKey()
                    + "' to '" + byName.lastKey() + "'"));
        }
        return e;
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
        Entry e = entry(name);
        return e.info.shape().rank() != 2 ? tensor(name) : WeightStorage.tensor(e.info.type().stored(), e.info.shape(),
                new FileRegion(e.part.channel, e.start(), e.part.path + ": tensor '" + name + "'"));
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
        Entry e = entry(name);
        return e.part.mapped.asSlice(e.start(), e.info.bytes());
    }

    private TensorException closed(IllegalStateException cause) {
        return new TensorException("tensor: " + path + " was closed; read what you need before", cause);
    }

    /** Unmaps the files. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
            for (FileChannel channel : channels) {
                try {
                    channel.close();
                } catch (IOException e) {
                    throw new TensorException("close: " + path + ": " + e.getMessage(), e);
                }
            }
        }
    }

    /** The path, and how much it holds. */
    @Override
    public String toString() {
        return path + ": GGUF version " + version() + ", " + metadata().values().size() + " metadata pairs, "
                + byName.size() + " tensors" + (parts.size() == 1 ? "" : " in " + parts.size() + " parts");
    }
}
