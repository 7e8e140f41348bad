package dev.ricci.tensor.io;

import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** One model in several safetensors files and the index that says which tensor lies in which. */
final class SafetensorsShards {
    private static final String SUFFIX = ".safetensors.index.json";

    private SafetensorsShards() {
    }

    static void save(Path index, Map<String, Tensor> tensors, Map<String, String> metadata, long maxShardBytes)
            throws IOException {
        String name = index.getFileName().toString();
        if (!name.endsWith(SUFFIX) || maxShardBytes <= 0) {
            throw new FormatException("save: " + index + ": the index of shards must be called NAME" + SUFFIX
                    + " and a shard needs a positive size, got " + maxShardBytes);
        }
        List<Map<String, Tensor>> shards = split(tensors, maxShardBytes);
        Map<String, Object> weights = new TreeMap<>();
        long total = 0;
        for (int i = 0; i < shards.size(); i++) {
            String shard = String.format(Locale.ROOT, "%s-%05d-of-%05d.safetensors",
                    name.substring(0, name.length() - SUFFIX.length()), i + 1, shards.size());
            Safetensors.save(index.resolveSibling(shard), shards.get(i), metadata);
            for (Map.Entry<String, Tensor> e : shards.get(i).entrySet()) {
                weights.put(e.getKey(), shard);
                total += bytes(e.getValue());
            }
        }
        // Last: whoever finds an index finds its shards.
        AtomicFiles.writeString(index, Json.write(
                Map.of("metadata", Map.of("total_size", total), "weight_map", weights), Json.Style.CANONICAL));
    }

    /** In ascending order of names, each shard as full as it may be, but with one tensor at least. */
    private static List<Map<String, Tensor>> split(Map<String, Tensor> tensors, long maxShardBytes) {
        List<Map<String, Tensor>> shards = new ArrayList<>();
        shards.add(new LinkedHashMap<>());
        long size = 0;
        for (Map.Entry<String, Tensor> e : new TreeMap<>(tensors).entrySet()) {
            long bytes = bytes(e.getValue());
            if (!shards.getLast().isEmpty() && bytes > maxShardBytes - size) {
                shards.add(new LinkedHashMap<>());
                size = 0;
            }
            shards.getLast().put(e.getKey(), e.getValue());
            size += bytes;
        }
        return shards;
    }

    private static long bytes(Tensor t) {
        return (long) t.size() * t.dtype().blockBytes();
    }
}
