package dev.ricci.models.generation;

/** What answers requests, many at the same time: a server's half that has the model. Thread-safe. */
public interface TokenEngine extends AutoCloseable {
    /**
     * Asks for a text.
     *
     * @return its tokens, as they will be made
     * @throws QueueFullException if as many texts are being made and wait as the engine takes
     * @throws dev.ricci.tensor.TensorException if the request does not fit the model, or the engine is closed
     */
    TokenStream submit(GenerationRequest request);

    /** Accepts nothing more and cancels whatever has not ended. */
    @Override
    void close();
}
