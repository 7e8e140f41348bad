package dev.ricci.tensor;

/**
 * The one family of exceptions that Ricci throws on bad input. The message names the operation, what is wrong,
 * the operands with their shapes, and the remedy when there is a sure one.
 */
public class TensorException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message operation, what is wrong, operands, remedy */
    public TensorException(String message) {
        super(message);
    }

    /**
     * @param message operation, what is wrong, operands, remedy
     * @param cause what led to it
     */
    public TensorException(String message, Throwable cause) {
        super(message, cause);
    }
}
