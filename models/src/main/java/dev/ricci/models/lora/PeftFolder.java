package dev.ricci.models.lora;

import dev.ricci.nn.Layer;
import dev.ricci.nn.Linear;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.io.AtomicFiles;
import dev.ricci.tensor.io.Json;
import dev.ricci.tensor.io.Safetensors;
import dev.ricci.tensor.io.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Adapters as PEFT keeps them: a folder with {@code adapter_config.json} and {@code adapter_model.safetensors}, whose
 * tensors are named {@code base_model.model.<path>.lora_A.weight} and {@code .lora_B.weight}.
 */
public final class PeftFolder {
    /** The file of the configuration. */
    public static final String CONFIG = "adapter_config.json";
    /** The file of the tensors. */
    public static final String TENSORS = "adapter_model.safetensors";
    private static final String PREFIX = "base_model.model.";
    private static final Pattern NAME = Pattern.compile("base_model\\.model\\.(.+)\\.lora_([AB])\\.weight");

    private PeftFolder() {
    }

    /**
     * Writes an adapter. The tensors come first and the configuration last, each file as a whole or not at all.
     *
     * @param folder made if it is not there
     * @param baseModel what the adapter belongs to: a name or path, for those who load it
     */
    public static void save(Path folder, LoraAdapter adapter, String baseModel) throws IOException {
        Files.createDirectories(folder);
        Map<String, Tensor> named = new LinkedHashMap<>();
        adapter.stateDict().forEach((path, t) -> named.put(PREFIX + path, t));
        Safetensors.save(folder.resolve(TENSORS), named, Map.of("format", "pt"));
        AtomicFiles.writeString(folder.resolve(CONFIG),
                Json.write(PeftConfig.toJson(adapter.config(), baseModel), Json.Style.CANONICAL));
    }

    /**
     * Freezes a model, reads an adapter and attaches it. The tensors say which layers have one.
     *
     * @param model with the paths of the model that the adapter was trained with
     * @throws FormatException if a file is malformed, asks for something that is not supported, or does not fit the model,
     *     with every name and shape that does not; nothing was attached then
     * @throws IOException if a file cannot be read
     */
    public static LoraAdapter load(Path folder, Layer model) throws IOException {
        Path file = folder.resolve(CONFIG);
        LoraConfig config = PeftConfig.ofJson(Json.read(file), file.toString());
        Path tensors = folder.resolve(TENSORS);
        try (SafetensorsFile in = SafetensorsFile.open(tensors)) {
            Map<String, Linear> layers = layers(in, tensors, config, model);
            LoraAdapter adapter = new LoraAdapter(layers, config, Rng.of(0));
            Map<String, Tensor> state = new LinkedHashMap<>();
            in.names().forEach(name -> state.put(name.substring(PREFIX.length()), in.tensor(name).to(DType.F32)));
            adapter.load(state);
            return adapter.attachTo(model);
        }
    }

    /** The layers that the file has an adapter for; everything that does not fit is said at once, before it is read. */
    private static Map<String, Linear> layers(SafetensorsFile in, Path file, LoraConfig config, Layer model) {
        Map<String, Linear> linears = LoraAdapter.linears(model);
        Map<String, Map<String, TensorSpec>> pairs = new TreeMap<>();
        List<String> wrong = new ArrayList<>();
        for (String name : in.names()) {
            Matcher m = NAME.matcher(name);
            if (!m.matches()) {
                wrong.add(name + ": not one of A or B of a linear layer");
            } else if (!linears.containsKey(m.group(1))) {
                wrong.add(name + ": the model has no linear layer '" + m.group(1) + "'");
            } else {
                pairs.computeIfAbsent(m.group(1), path -> new TreeMap<>()).put(m.group(2), in.spec(name));
            }
        }
        Map<String, Linear> layers = new LinkedHashMap<>();
        pairs.forEach((path, pair) -> {
            Shape w = linears.get(path).weight().spec().shape();
            check(path, "A", pair.get("A"), Shape.of(config.rank(), w.dim(1)), wrong);
            check(path, "B", pair.get("B"), Shape.of(w.dim(0), config.rank()), wrong);
            layers.put(path, linears.get(path));
        });
        if (!wrong.isEmpty()) {
            throw new FormatException("lora " + file + ": does not fit " + model + " with rank " + config.rank() + ":\n  "
                    + String.join("\n  ", wrong));
        }
        if (layers.isEmpty()) {
            throw new FormatException("lora " + file + ": holds no tensor");
        }
        return layers;
    }

    private static void check(String path, String which, TensorSpec found, Shape expected, List<String> wrong) {
        if (found == null || !found.dtype().isFloating() || !found.shape().equals(expected)) {
            wrong.add(path + ".lora_" + which + ": expected " + expected + ", found " + (found == null ? "none" : found));
        }
    }
}
