package dev.ricci.models.encoder;

import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.io.AtomicFiles;
import dev.ricci.tensor.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The files by which the library sentence-transformers says what comes behind an encoder: {@code modules.json} names the
 * steps, each with a folder of its own.
 */
final class SentenceModules {
    private static final String MODULES = "modules.json";
    private static final String CONFIG = "config.json";
    private static final String LENGTHS = "sentence_bert_config.json";
    private static final String PROMPTS = "config_sentence_transformers.json";
    private static final String POOLING = "1_Pooling";
    private static final String MODE = "pooling_mode_";
    private static final long MAX_BYTES = 1 << 20;

    private SentenceModules() {
    }

    /**
     * What the files say.
     *
     * @param encoder the folder of the encoder
     * @param options pooling and normalisation, and the most tokens, not above those given
     */
    record Found(Path encoder, SentenceEmbedder.Options options) {
    }

    /**
     * Reads the files of a folder; without {@code modules.json} the mean is taken and normalised.
     *
     * @throws FormatException if a step is not supported
     */
    static Found read(Path folder) throws IOException {
        Path encoder = folder;
        Pooling pooling = Pooling.MEAN;
        boolean normalize = true;
        if (Files.exists(folder.resolve(MODULES))) {
            normalize = false;
            for (Map<?, ?> module : modules(folder.resolve(MODULES))) {
                Path path = folder.resolve(String.valueOf(module.get("path"))).normalize();
                if (!path.startsWith(folder.normalize())) {
                    throw new FormatException(folder.resolve(MODULES) + ": the path " + module.get("path")
                            + " leads out of the folder");
                }
                String type = String.valueOf(module.get("type"));
                switch (type.substring(type.lastIndexOf('.') + 1)) {
                    case "Transformer" -> encoder = path;
                    case "Pooling" -> pooling = pooling(path.resolve(CONFIG));
                    case "Normalize" -> normalize = true;
                    default -> throw new FormatException(folder.resolve(MODULES) + ": the module " + type
                            + " is not supported; supported are Transformer, Pooling, Normalize");
                }
            }
        }
        refusePrompt(folder.resolve(PROMPTS));
        return new Found(encoder, new SentenceEmbedder.Options(pooling, normalize, maxTokens(encoder.resolve(LENGTHS))));
    }

    private static List<Map<?, ?>> modules(Path file) throws IOException {
        List<Map<?, ?>> modules = new ArrayList<>();
        if (Json.parse(text(file), file.toString()) instanceof List<?> list) {
            for (Object o : list) {
                if (o instanceof Map<?, ?> m) {
                    modules.add(m);
                }
            }
            if (modules.size() == list.size()) {
                return modules;
            }
        }
        throw new FormatException(file + ": expected a list of modules");
    }

    private static String text(Path file) throws IOException {
        if (Files.size(file) > MAX_BYTES) {
            throw new FormatException(file + ": more than " + MAX_BYTES + " bytes");
        }
        return Files.readString(file);
    }

    private static Pooling pooling(Path file) throws IOException {
        Map<String, Object> modes = new TreeMap<>(Json.read(file));
        modes.entrySet().removeIf(e -> !e.getKey().startsWith(MODE) || !Boolean.TRUE.equals(e.getValue()));
        if (modes.keySet().equals(Set.of(MODE + "mean_tokens"))) {
            return Pooling.MEAN;
        }
        if (modes.keySet().equals(Set.of(MODE + "cls_token"))) {
            return Pooling.CLS;
        }
        throw new FormatException(file + ": pooling by " + modes.keySet() + " is not supported; supported is one of "
                + MODE + "mean_tokens, " + MODE + "cls_token");
    }

    private static int maxTokens(Path file) throws IOException {
        if (!Files.exists(file)) {
            return Integer.MAX_VALUE;
        }
        Map<String, Object> lengths = Json.read(file);
        if (Boolean.TRUE.equals(lengths.get("do_lower_case"))) {
            throw new FormatException(file + ": do_lower_case is not supported; the tokenizer says whether letters are made"
                    + " small");
        }
        return switch (lengths.get("max_seq_length")) {
            case null -> Integer.MAX_VALUE;
            case Long n when n > 0 && n <= Integer.MAX_VALUE -> n.intValue();
            case Object other -> throw new FormatException(file + ": max_seq_length must be a positive number, is " + other);
        };
    }

    private static void refusePrompt(Path file) throws IOException {
        Object name = Files.exists(file) ? Json.read(file).get("default_prompt_name") : null;
        if (name != null) {
            throw new FormatException(file + ": default_prompt_name '" + name + "' is not supported; put the prompt before"
                    + " your texts and remove the key");
        }
    }

    /** Writes the files, for an encoder in the same folder. */
    static void write(Path folder, int width, SentenceEmbedder.Options options) throws IOException {
        List<Object> modules = new ArrayList<>(List.of(module(0, "", "Transformer"), module(1, POOLING, "Pooling")));
        if (options.normalize()) {
            modules.add(module(2, "2_Normalize", "Normalize"));
        }
        Map<String, Object> pooling = new LinkedHashMap<>();
        pooling.put("word_embedding_dimension", width);
        pooling.put(MODE + "cls_token", options.pooling() == Pooling.CLS);
        pooling.put(MODE + "mean_tokens", options.pooling() == Pooling.MEAN);
        pooling.put(MODE + "max_tokens", false);
        pooling.put(MODE + "mean_sqrt_len_tokens", false);
        Files.createDirectories(folder.resolve(POOLING));
        write(folder.resolve(POOLING).resolve(CONFIG), pooling);
        write(folder.resolve(LENGTHS), Map.of("max_seq_length", options.maxTokens(), "do_lower_case", false));
        write(folder.resolve(MODULES), modules);
    }

    private static Map<String, Object> module(int place, String path, String type) {
        Map<String, Object> module = new LinkedHashMap<>();
        module.put("idx", place);
        module.put("name", Integer.toString(place));
        module.put("path", path);
        module.put("type", "sentence_transformers.models." + type);
        return module;
    }

    private static void write(Path file, Object json) throws IOException {
        AtomicFiles.writeString(file, Json.write(json, Json.Style.CANONICAL));
    }
}
