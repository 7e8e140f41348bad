package dev.ricci.tensor.io;

import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The safetensors format: the length of a JSON header (8 bytes, little-endian), the header, and the tensors' bytes.
 * The same tensors and metadata give the same bytes.
 */
public final class Safetensors {
    /** The longest header that is read or written, in bytes; what the format's own library allows. */
    public static final int MAX_HEADER_BYTES = 100_000_000;
    /** The header's entry that is no tensor. */
    static final String METADATA = "__metadata__";

    private Safetensors() {
    }

    /**
     * Writes tensors, one after another, as a whole or not at all (see {@link AtomicFiles}). Wider elements lie before
     * narrower ones, so that all are aligned, and names ascend among equals; the header's keys ascend.
     *
     * @param file replaced if it is there
     * @param tensors by name
     * @param metadata free texts by name; empty for none
     * @throws FormatException if a tensor is called {@code __metadata__}, or the header becomes too long
     */
    public static void save(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) throws IOException {
        List<Map.Entry<String, Tensor>> ordered = new ArrayList<>(tensors.entrySet());
        ordered.sort(Comparator.comparing((Map.Entry<String, Tensor> e) -> -e.getValue().dtype().blockBytes())
                .thenComparing(Map.Entry.comparingByKey()));
        byte[] header = header(file, ordered, metadata);
        AtomicFiles.write(file, channel -> {
            ByteBuffer start = ByteBuffer.allocate(8 + header.length).order(ByteOrder.LITTLE_ENDIAN);
            start.putLong(header.length).put(header).flip();
            AtomicFiles.writeFully(channel, start);
            for (Map.Entry<String, Tensor> entry : ordered) {
                Elements.write(channel, entry.getValue());
            }
        });
    }

    /** Writes tensors without metadata. */
    public static void save(Path file, Map<String, Tensor> tensors) throws IOException {
        save(file, tensors, Map.of());
    }

    /**
     * Writes tensors into several files {@code NAME-00001-of-0000N.safetensors} and then, last, the index beside them,
     * which {@link SafetensorsFile#open} takes. Each file is there as a whole or not at all; a new folder keeps an old
     * model from being mixed with a new one that was cut off.
     *
     * @param index {@code NAME.safetensors.index.json}; its folder must exist
     * @param tensors by name
     * @param metadata free texts by name, written into every shard; empty for none
     * @param maxShardBytes most bytes of elements in one file; a larger tensor gets a file of its own
     * @throws FormatException if the index has another name, the size is not positive, or as {@link #save}
     */
    public static void saveSharded(Path index, Map<String, Tensor> tensors, Map<String, String> metadata,
            long maxShardBytes) throws IOException {
        SafetensorsShards.save(index, tensors, metadata, maxShardBytes);
    }

    private static byte[] header(Path file, List<Map.Entry<String, Tensor>> tensors, Map<String, String> metadata) {
        Map<String, Object> entries = new HashMap<>();
        long at = 0;
        for (Map.Entry<String, Tensor> e : tensors) {
            if (e.getKey().equals(METADATA)) {
                throw new FormatException("save: " + file + ": no tensor can be called " + METADATA);
            }
            Tensor t = e.getValue();
            long end = at + (long) t.size() * t.dtype().blockBytes();
            Map<String, Object> entry = new HashMap<>();
            entry.put("dtype", t.dtype().name());
            entry.put("shape", Arrays.stream(t.shape().toArray()).boxed().toList());
            entry.put("data_offsets", List.of(at, end));
            entries.put(e.getKey(), entry);
            at = end;
        }
        if (!metadata.isEmpty()) {
            entries.put(METADATA, metadata);
        }
        byte[] json = Json.write(entries, new Json.Style(false, true)).getBytes(StandardCharsets.UTF_8);
        if (json.length > MAX_HEADER_BYTES - 8) {
            throw new FormatException("save: " + file + ": a header of " + json.length + " bytes is too long, the limit"
                    + " is " + MAX_HEADER_BYTES);
        }
        byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        return padded;
    }

    /**
     * Reads all tensors of a file, or of all shards that an {@code *.index.json} names, into the heap, by name in
     * ascending order.
     *
     * @throws FormatException if it is malformed (see {@link SafetensorsFile#open})
     */
    public static Map<String, Tensor> load(Path file) throws IOException {
        try (SafetensorsFile f = SafetensorsFile.open(file)) {
            Map<String, Tensor> all = new LinkedHashMap<>();
            f.names().forEach(name -> all.put(name, f.tensor(name)));
            return all;
        }
    }
}
