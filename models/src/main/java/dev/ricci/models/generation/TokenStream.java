package dev.ricci.models.generation;

import dev.ricci.models.generation.Generation.Finish;
import dev.ricci.models.generation.Generation.Token;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeoutException;

/**
 * The tokens of a request in their order, as they become known. One thread reads; any thread may cancel. A reader that loses
 * interest closes it, which gives its place in the engine back.
 */
public interface TokenStream extends AutoCloseable {
    /**
     * Waits for the next token, but not for ever; a virtual thread waits without holding a platform thread.
     *
     * @return the token, or nothing if there are no more: {@link #finish} says why
     * @throws TimeoutException if none came in time; the text goes on
     * @throws dev.ricci.tensor.TensorException if the text failed; those of other requests go on
     */
    Optional<Token> next(Duration wait) throws InterruptedException, TimeoutException;

    /** Why there will be no more tokens; nothing while there may be some. Tokens not yet read may still wait. */
    Optional<Finish> finish();

    /** Number of ids of the prompt. */
    int promptTokens();

    /** How many ids of the prompt needed no computation, because their keys and values were there. */
    int reusedTokens();

    /** Ends it, at the latest after the engine's present step. Nothing if it ended. */
    @Override
    void close();
}
