package dev.ricci.models.weights;

import dev.ricci.models.weights.gguf.GgufFile;
import dev.ricci.models.weights.onnx.OnnxFile;
import dev.ricci.models.weights.onnx.OnnxWeights;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.io.AtomicFiles;
import dev.ricci.tensor.io.Json;
import dev.ricci.tensor.io.Safetensors;
import dev.ricci.tensor.io.SafetensorsFile;
import dev.ricci.tensor.io.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * The layout in which models are published: a folder with {@code config.json} and {@code model.safetensors}, or its
 * shards and their index {@code model.safetensors.index.json}.
 */
public final class WeightFolder {
    /** The file of the configuration. */
    public static final String CONFIG = "config.json";
    /** The file of the tensors, if it is one. */
    public static final String MODEL = "model.safetensors";
    /** The index of the shards, if they are several. */
    public static final String INDEX = "model.safetensors.index.json";

    private WeightFolder() {
    }

    /**
     * Writes a model. The tensors come first and the configuration last, each file as a whole or not at all.
     *
     * @param folder made if it is not there
     * @param state tensors by name, as {@code Layer.stateDict} gives them
     * @param config written as {@code config.json}, keys sorted
     * @param maxShardBytes one file if all tensors together have no more bytes, else shards of at most as many
     * @throws FormatException if the folder holds a model in the other layout, which would be mixed with this one; or as
     *     {@link Safetensors#save}
     * @throws IOException if it cannot be written
     */
    public static void save(Path folder, Map<String, Tensor> state, Map<String, ?> config, long maxShardBytes)
            throws IOException {
        Files.createDirectories(folder);
        long bytes = state.values().stream().mapToLong(t -> (long) t.size() * t.dtype().blockBytes()).sum();
        boolean sharded = bytes > maxShardBytes;
        if (Files.exists(folder.resolve(sharded ? MODEL : INDEX))) {
            throw new FormatException("save: " + folder + " holds " + (sharded ? MODEL : INDEX) + " of another model, which"
                    + " readers could take for this one's; save into an empty folder");
        }
        // Other libraries want to know for which framework tensors were laid out, and take this one's word alone.
        Map<String, String> metadata = Map.of("format", "pt");
        if (sharded) {
            Safetensors.saveSharded(folder.resolve(INDEX), state, metadata, maxShardBytes);
        } else {
            Safetensors.save(folder.resolve(MODEL), state, metadata);
        }
        AtomicFiles.writeString(folder.resolve(CONFIG), Json.write(config, Json.Style.CANONICAL));
    }

    /** Writes a model in one file, of whatever size. */
    public static void save(Path folder, Map<String, Tensor> state, Map<String, ?> config) throws IOException {
        save(folder, state, config, Long.MAX_VALUE);
    }

    /**
     * The configuration of a model.
     *
     * @param folder with a {@code config.json}
     * @throws FormatException if it is no strict JSON object
     */
    public static Map<String, Object> config(Path folder) throws IOException {
        return Json.read(folder.resolve(CONFIG));
    }

    /**
     * Opens the tensors of a model, whatever their format.
     *
     * @param path a folder with {@code model.safetensors} or its index, or a file: {@code .safetensors}, the index of
     *     shards, {@code .gguf} or the first of its parts, or {@code .onnx} (under the names of PyTorch, see
     *     {@link OnnxWeights})
     * @throws FormatException if it is none of these, or malformed
     * @throws IOException if it cannot be read
     */
    public static TensorSource open(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            Path index = path.resolve(INDEX);
            if (Files.exists(index)) {
                return SafetensorsFile.open(index);
            }
            if (!Files.exists(path.resolve(MODEL))) {
                throw new IOException("weights " + path + ": the folder has neither " + MODEL + " nor " + INDEX
                        + "; if it holds the weights in another file, name that file");
            }
            return SafetensorsFile.open(path.resolve(MODEL));
        }
        String name = path.getFileName().toString();
        if (name.endsWith(".safetensors") || name.endsWith(".safetensors.index.json")) {
            return SafetensorsFile.open(path);
        }
        if (name.endsWith(".gguf")) {
            return GgufFile.open(path);
        }
        if (name.endsWith(".onnx")) {
            return new OnnxWeights(OnnxFile.open(path));
        }
        throw new FormatException("weights " + path + ": unknown format; known are .safetensors, .safetensors.index.json,"
                + " .gguf, .onnx, and folders with " + MODEL + " or " + INDEX);
    }
}
