package dev.ricci.examples;

import dev.ricci.models.architecture.Architecture;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.weights.Llama2cReader;
import dev.ricci.models.weights.WeightFolder;
import dev.ricci.models.weights.gguf.GgufFile;
import dev.ricci.models.weights.gguf.GgufValue;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.Json;
import dev.ricci.tensor.io.SafetensorsFile;
import dev.ricci.tensor.io.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What a file or folder says about the model in it.
 *
 * @param path where it lies
 * @param format in words
 * @param tensors in the order of the file, or of their names
 * @param settings what the model's own files say of it, single values alone
 * @param vocabulary in words; null for none
 * @param chatTemplate whether there is one
 * @param shape what Ricci makes of it
 */
record WeightFile(Path path, String format, List<Entry> tensors, Map<String, Object> settings, String vocabulary,
    boolean chatTemplate, ModelShape shape) {
    /**
     * What Ricci makes of a description.
     *
     * @param architecture null if there is no description, or none that is supported
     * @param notSupported why not; else null
     */
    record ModelShape(Architecture architecture, String notSupported) {
        static final ModelShape NONE = new ModelShape(null, null);

        static ModelShape of(Supplier<Architecture> reader) {
            try {
                return new ModelShape(reader.get(), null);
            } catch (TensorException e) {
                return new ModelShape(null, e.getMessage());
            }
        }
    }

    /**
     * One tensor.
     *
     * @param type its type in the file
     * @param bytes that it takes there
     */
    record Entry(String name, String type, Shape shape, long bytes) {
        Map<String, Object> toMap() {
            Map<String, Object> m = new LinkedHashMap<>();
            m.put("name", name);
            m.put("type", type);
            m.put("shape", shape.toString());
            m.put("bytes", bytes);
            return m;
        }
    }

    static WeightFile read(Path path) throws IOException {
        String name = path.toAbsolutePath().normalize().getFileName().toString();
        if (!Files.isDirectory(path) && !name.endsWith(".safetensors") && !name.endsWith(".safetensors.index.json")
            && !name.endsWith(".gguf") && !name.endsWith(".onnx")) {
            return llama2c(path);
        }
        try (TensorSource source = WeightFolder.open(path)) {
            return switch (source) {
                case GgufFile f -> gguf(path, f);
                case SafetensorsFile f -> safetensors(path, f);
                default -> new WeightFile(path, "onnx", source.names().stream().map(n -> new Entry(n,
                    source.spec(n).dtype().name(), source.spec(n).shape(),
                    (long) source.spec(n).shape().size() * source.spec(n).dtype().blockBytes())).toList(), Map.of(), null,
                    false, ModelShape.NONE);
            };
        }
    }

    private static WeightFile gguf(Path path, GgufFile f) {
        Map<String, Object> settings = new LinkedHashMap<>();
        f.metadata().values().forEach((key, value) -> {
            if (value.elements() == null && !key.startsWith("tokenizer.")) {
                settings.put(key, plain(value));
            }
        });
        List<Entry> tensors = f.tensors().stream().map(t -> new Entry(t.name(), t.type().name(), t.shape(), t.bytes())).toList();
        String vocabulary = f.metadata().string("tokenizer.ggml.model").map(kind -> kind + ", "
            + f.metadata().strings("tokenizer.ggml.tokens").map(List::size).orElse(0) + " tokens").orElse(null);
        return new WeightFile(path, "gguf version " + f.version(), tensors, settings, vocabulary,
            f.metadata().string("tokenizer.chat_template").isPresent(),
            ModelShape.of(() -> Architecture.ofGguf(f, path.toString())));
    }

    /** JSON has no infinities, and its numbers are doubles: the shortest decimal is what was meant. */
    private static Object plain(GgufValue value) {
        return value.value() instanceof Number n && !(n instanceof Long) ? number(n) : value.value();
    }

    private static Object number(Number n) {
        return Double.isFinite(n.doubleValue()) ? Double.valueOf(n.toString()) : n.toString();
    }

    private static WeightFile safetensors(Path path, SafetensorsFile f) throws IOException {
        List<Entry> tensors = f.names().stream().map(n -> new Entry(n, f.storedType(n), f.spec(n).shape(),
            f.bytes(n).byteSize())).toList();
        Path folder = Files.isDirectory(path) ? path : path.toAbsolutePath().getParent();
        Path config = folder.resolve(WeightFolder.CONFIG);
        if (f.metadata().containsKey("ricci.decoder")) {
            Map<String, Object> decoder = Json.parseObject(f.metadata().get("ricci.decoder"), path + " ricci.decoder");
            return new WeightFile(path, "safetensors of ricci", tensors, Map.of(), kind(f.metadata().get("ricci.tokenizer")),
                f.metadata().containsKey("ricci.chat_template"),
                ModelShape.of(() -> Architecture.ofDecoder(DecoderConfig.fromMap(decoder))));
        }
        Map<String, Object> json = Files.exists(config) ? Json.read(config) : Map.of();
        Map<String, Object> settings = new LinkedHashMap<>();
        json.forEach((k, v) -> {
            if (!(v instanceof Map<?, ?>) && !(v instanceof List<?>) && v != null) {
                settings.put(k, v);
            }
        });
        return new WeightFile(path, "safetensors", tensors, settings, folderVocabulary(folder),
            Files.exists(folder.resolve("chat_template.jinja")) || Files.exists(folder.resolve("tokenizer_config.json"))
                && Json.read(folder.resolve("tokenizer_config.json")).get("chat_template") != null,
            json.isEmpty() ? ModelShape.NONE : ModelShape.of(() -> Architecture.ofConfig(json, config.toString())));
    }

    private static String kind(String tokenizer) {
        return tokenizer == null ? null : String.valueOf(Json.parseObject(tokenizer, "ricci.tokenizer").get("kind"));
    }

    private static String folderVocabulary(Path folder) throws IOException {
        Path file = folder.resolve("tokenizer.json");
        if (!Files.exists(file)) {
            return Files.exists(folder.resolve("vocab.json")) ? "vocab.json" : null;
        }
        return Json.read(file).get("model") instanceof Map<?, ?> m ? m.get("type") + ", "
            + (m.get("vocab") instanceof Map<?, ?> v ? v.size() : m.get("vocab") instanceof List<?> l ? l.size() : 0)
            + " tokens" : "tokenizer.json";
    }

    private static WeightFile llama2c(Path path) throws IOException {
        Decoder decoder = Llama2cReader.load(path);
        List<Entry> tensors = new ArrayList<>();
        decoder.stateDict().forEach((name, t) -> tensors.add(new Entry(name, "F32", t.shape(), (long) Float.BYTES * t.size())));
        return new WeightFile(path, "llama2.c", tensors, Map.of(), null, false,
            ModelShape.of(() -> Architecture.ofDecoder(decoder.config())));
    }
}
