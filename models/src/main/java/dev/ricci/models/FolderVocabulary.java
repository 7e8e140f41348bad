package dev.ricci.models;

import dev.ricci.models.tokenizer.Gpt2Files;
import dev.ricci.models.tokenizer.PipelineTokenizer;
import dev.ricci.models.tokenizer.Tokenizer;
import dev.ricci.models.tokenizer.TokenizerJson;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.io.AtomicFiles;
import dev.ricci.tensor.io.Json;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** What a folder of Hugging Face's layout holds beside weights and their description. */
final class FolderVocabulary {
    private static final String CONFIG = "tokenizer_config.json";
    private static final String GENERATION = "generation_config.json";
    private static final String TEMPLATE = "chat_template.jinja";
    private static final String VOCAB = "vocab.json";
    private static final String MERGES = "merges.txt";
    private static final String EOS = "eos_token_id";
    private static final long MAX_TEMPLATE_BYTES = 1 << 20;
    private static final List<String> FILES = List.of(TokenizerJson.FILE, CONFIG, GENERATION, TEMPLATE, VOCAB, MERGES,
            "tokenizer.model", "special_tokens_map.json", "added_tokens.json");

    private FolderVocabulary() {
    }

    static Tokenizer tokenizer(Path folder) throws IOException {
        if (Files.exists(folder.resolve(TokenizerJson.FILE))) {
            return TokenizerJson.load(folder);
        }
        if (Files.exists(folder.resolve(VOCAB)) && Files.exists(folder.resolve(MERGES))) {
            return Gpt2Files.load(folder.resolve(VOCAB), folder.resolve(MERGES));
        }
        throw new FormatException("model " + folder + ": it has no vocabulary that is read, neither " + TokenizerJson.FILE
                + " nor " + VOCAB + " with " + MERGES);
    }

    /** The file of the template goes before the one in the tokenizer's configuration; of several the default one. */
    static Optional<String> chatTemplate(Path folder) throws IOException {
        Path file = folder.resolve(TEMPLATE);
        if (Files.exists(file)) {
            if (Files.size(file) > MAX_TEMPLATE_BYTES) {
                throw new FormatException("model " + file + ": larger than " + MAX_TEMPLATE_BYTES + " bytes; it is no chat"
                        + " template");
            }
            try {
                return Optional.of(Files.readString(file));
            } catch (MalformedInputException e) {
                throw new FormatException("model " + file + ": not valid UTF-8", e);
            }
        }
        Path config = folder.resolve(CONFIG);
        Object template = Files.exists(config) ? Json.read(config).get("chat_template") : null;
        return switch (template) {
            case null -> Optional.empty();
            case String s -> Optional.of(s);
            case List<?> several -> several.stream().filter(t -> t instanceof Map<?, ?> m && "default".equals(m.get("name"))
                    && m.get("template") instanceof String).map(t -> (String) ((Map<?, ?>) t).get("template")).findFirst();
            default -> throw new FormatException("model " + config
                    + ": 'chat_template' must be a text or a list of named ones");
        };
    }

    /** What the settings of generation say, else the model's configuration; and what ends a sequence in the vocabulary. */
    static Set<Integer> endIds(Path folder, Map<String, ?> config, Tokenizer tokenizer) throws IOException {
        Path generation = folder.resolve(GENERATION);
        Object said = Files.exists(generation) ? Json.read(generation).get(EOS) : null;
        Set<Integer> ids = new TreeSet<>();
        for (Object id : said != null ? list(said) : list(config.get(EOS))) {
            if (!(id instanceof Long v) || v < 0 || v >= Integer.MAX_VALUE) {
                throw new FormatException("model " + folder + ": '" + EOS + "' must be an id or a list of ids, got " + id);
            }
            ids.add(v.intValue());
        }
        tokenizer.eos().ifPresent(ids::add);
        return ids;
    }

    private static List<?> list(Object value) {
        return value == null ? List.of() : value instanceof List<?> several ? several : List.of(value);
    }

    static void save(Path folder, LanguageModel model) throws IOException {
        Map<String, Object> config = new LinkedHashMap<>();
        if (model.tokenizer() instanceof PipelineTokenizer t) {
            t.bos().ifPresent(id -> config.put("bos_token", t.token(id)));
            t.eos().ifPresent(id -> config.put("eos_token", t.token(id)));
        }
        model.chatTemplate().ifPresent(template -> config.put("chat_template", template));
        AtomicFiles.writeString(folder.resolve(CONFIG), Json.write(config, Json.Style.CANONICAL));
        List<Long> ends = model.endIds().stream().map(Integer::longValue).toList();
        AtomicFiles.writeString(folder.resolve(GENERATION), Json.write(Map.of(EOS, ends), Json.Style.CANONICAL));
    }

    static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        for (String name : FILES) {
            if (Files.exists(from.resolve(name))) {
                Files.copy(from.resolve(name), to.resolve(name), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }
}
