package dev.ricci.tensor;

/** A file that is truncated, malformed, hostile, or not what it was said to be. */
public final class FormatException extends TensorException {
    private static final long serialVersionUID = 1L;

    /** @param message operation, what is wrong, operands, remedy */
    public FormatException(String message) {
        super(message);
    }

    /**
     * @param message operation, what is wrong, file, remedy
     * @param cause what led to it
     */
    public FormatException(String message, Throwable cause) {
        super(message, cause);
    }
}
