package dev.ricci.models.serve;

import dev.ricci.models.encoder.SentenceEmbedder;
import java.util.List;

/** What answers {@code /v1/embeddings}. Thread-safe. */
@FunctionalInterface
public interface EmbeddingFunction {
    /**
     * What was made of texts.
     *
     * @param vectors one for each text, all of the same length
     * @param tokens how many tokens the texts have together
     */
    record Embeddings(List<float[]> vectors, int tokens) {
    }

    /**
     * The embeddings of texts.
     *
     * @param texts one or more
     * @throws dev.ricci.tensor.TensorException if a text cannot be embedded; the message goes to the client
     */
    Embeddings embed(List<String> texts);

    /** That of an encoder. */
    static EmbeddingFunction of(SentenceEmbedder embedder) {
        return texts -> new Embeddings(List.of(embedder.embed(texts)), texts.stream().mapToInt(embedder::tokens).sum());
    }
}
