package dev.ricci.models.generation;

import dev.ricci.tensor.TensorException;

/** As many requests are being answered and wait as {@link EngineOptions} allows; the remedy is to come back later. */
public final class QueueFullException extends TensorException {
    private static final long serialVersionUID = 1L;

    /** @param message operation, what is wrong, remedy */
    public QueueFullException(String message) {
        super(message);
    }
}
