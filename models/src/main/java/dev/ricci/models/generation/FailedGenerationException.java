package dev.ricci.models.generation;

import dev.ricci.tensor.TensorException;

/** A text could not be made, or not to its end, for no fault of the request. */
public final class FailedGenerationException extends TensorException {
    private static final long serialVersionUID = 1;

    /**
     * @param message what failed
     * @param cause or null
     */
    public FailedGenerationException(String message, Throwable cause) {
        super(message, cause);
    }
}
