package dev.ricci.models.serve;

import dev.ricci.tensor.TensorException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a server serves, by the names that clients use.
 *
 * @param languageModels for completions and chats
 * @param embeddings for embeddings
 */
public record ServedModels(Map<String, ServedModel> languageModels, Map<String, EmbeddingFunction> embeddings) {
    /** Copies the maps. */
    public ServedModels {
        languageModels = Map.copyOf(new LinkedHashMap<>(languageModels));
        embeddings = Map.copyOf(new LinkedHashMap<>(embeddings));
        if (languageModels.isEmpty() && embeddings.isEmpty()) {
            throw new TensorException("server: there is no model to serve");
        }
    }

    /** One language model. */
    public static ServedModels of(String name, ServedModel model) {
        return new ServedModels(Map.of(name, model), Map.of());
    }

    /** One model of embeddings. */
    public static ServedModels of(String name, EmbeddingFunction function) {
        return new ServedModels(Map.of(), Map.of(name, function));
    }
}
