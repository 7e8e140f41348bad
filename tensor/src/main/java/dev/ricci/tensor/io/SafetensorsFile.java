package dev.ricci.tensor.io;

import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.weights.WeightStorage;
import dev.ricci.tensor.weights.WeightType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
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
 * An open safetensors file, or all shards of one model, memory-mapped: opening reads the headers alone, and a tensor's
 * bytes are read when it is asked for. The files must not change while it is open. Thread-safe.
 *
 * <p>Types that tensors lack are read as the next wider one: I8, I16 and U16 as I32, U32 and U64 as I64, F8_E4M3 and
 * F8_E5M2 as F32. So reading everything takes at most four times the bytes of the file.
 */
public final class SafetensorsFile implements TensorSource {
    /** Where a tensor lies. */
    private record Entry(FileRegion region, StoredType stored, TensorSpec spec, MemorySegment bytes) {
    }

    private final Path path;
    private final Arena arena;
    private final List<FileChannel> channels = new ArrayList<>();
    private final TreeMap<String, Entry> entries = new TreeMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    private SafetensorsFile(Path path) {
        this.path = path;
        this.arena = Arena.ofShared();
    }

    /**
     * Opens a file.
     *
     * @param path a {@code .safetensors} file, or the {@code *.index.json} beside its shards
     * @throws FormatException naming the file, if the header is longer than {@link Safetensors#MAX_HEADER_BYTES} or
     *     than the file, is no strict JSON, has a name twice, an unknown element type, a negative or too large size,
     *     offsets that disagree with the shape, overlap, leave holes or lie outside the file; or if an index names a
     *     shard outside its folder or a tensor that the shard does not have
     */
    public static SafetensorsFile open(Path path) throws IOException {
        SafetensorsFile f = new SafetensorsFile(path);
        try {
            if (path.toString().endsWith(".index.json")) {
                f.openShards();
            } else {
                f.add(path, null);
            }
            return f;
        } catch (Throwable t) {
            f.close();
            throw t;
        }
    }

    private void openShards() throws IOException {
        Map<String, Object> index = Json.read(path);
        Map<String, Object> weights = Json.object(index.get("weight_map"), path + ": weight_map");
        Map<String, List<String>> byShard = new LinkedHashMap<>();
        weights.forEach((name, shard) -> {
            if (!(shard instanceof String s) || s.isEmpty() || s.equals(".") || s.equals("..")
                    || s.indexOf('/') >= 0 || s.indexOf('\\') >= 0 || s.indexOf('\0') >= 0) {
                throw new FormatException(path + ": weight_map names " + (shard instanceof String ? "'" + shard + "'"
                        : Json.kind(shard)) + " for '" + name + "'; it must be a file in the same folder");
            }
            byShard.computeIfAbsent(s, k -> new ArrayList<>()).add(name);
        });
        for (Map.Entry<String, List<String>> shard : byShard.entrySet()) {
            add(path.resolveSibling(shard.getKey()), shard.getValue());
        }
        if (index.get("metadata") instanceof Map<?, ?> map) {
            map.forEach((k, v) -> metadata.putIfAbsent((String) k, String.valueOf(v)));
        }
    }

    /** Maps one file and takes these names, or all. */
    private void add(Path file, List<String> wanted) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        channels.add(channel);
        MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        SafetensorsHeader header = SafetensorsHeader.read(mapped, file.toString());
        header.metadata().forEach(metadata::putIfAbsent);
        List<String> names = wanted == null ? List.copyOf(header.tensors().keySet()) : wanted;
        for (String name : names) {
            SafetensorsHeader.Entry e = header.tensors().get(name);
            if (e == null) {
                throw new FormatException(file + ": has no tensor '" + name + "', which " + path + " says it has");
            }
            entries.put(name, new Entry(new FileRegion(channel, header.dataStart() + e.begin(),
                    file + ": tensor '" + name + "'"), e.stored(), e.spec(),
                    mapped.asSlice(header.dataStart() + e.begin(), e.end() - e.begin())));
        }
    }

    @Override
    public SortedSet<String> names() {
        return Collections.unmodifiableSortedSet(entries.navigableKeySet());
    }

    @Override
    public TensorSpec spec(String name) {
        return entry(name).spec;
    }

    /** The free texts of the header, of all shards together. */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(metadata);
    }

    @Override
    public Tensor tensor(String name) {
        Entry e = entry(name);
        try {
            return Tensor.wrap(e.stored.read(e.bytes, e.region.source()), e.spec.shape());
        } catch (IllegalStateException closed) {
            throw new TensorException("tensor: " + path + " was closed; read what you need before", closed);
        }
    }

    /** As in {@link TensorSource#stored}: matrices of F32, F16 and BF16 are kept as they are. */
    @Override
    public Tensor stored(String name) {
        Entry e = entry(name);
        WeightType type = e.spec.shape().rank() != 2 ? null : switch (e.stored) {
            case F32 -> WeightType.F32;
            case F16 -> WeightType.F16;
            case BF16 -> WeightType.BF16;
            default -> null;
        };
        return type == null ? tensor(name) : WeightStorage.tensor(type, e.spec.shape(), e.region);
    }

    /**
     * The type that a tensor has in the file, such as {@code F16}: that of {@link #bytes}.
     *
     * @throws TensorException if there is none of this name
     */
    public String storedType(String name) {
        return entry(name).stored.name();
    }

    /**
     * The bytes of a tensor, little-endian, row-major, read-only, for kernels that convert as they read; they are gone
     * when this file is closed.
     *
     * @throws TensorException if there is none of this name
     */
    public MemorySegment bytes(String name) {
        return entry(name).bytes;
    }

    private Entry entry(String name) {
        Entry e = entries.get(name);
        if (e == null) {
            throw new TensorException("tensor: " + path + " has no tensor '" + name + "'; it has "
                    + (entries.size() <= 8 ? entries.keySet() : entries.size() + ", from '" + entries.firstKey()
                    + "' to '" + entries.lastKey() + "'"));
        }
        return e;
    }

    /** Unmaps the file. */
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
}
