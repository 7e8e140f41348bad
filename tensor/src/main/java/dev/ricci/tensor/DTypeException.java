package dev.ricci.tensor;

/** An element type that an operation does not take. */
public final class DTypeException extends TensorException {
    private static final long serialVersionUID = 1L;

    /** @param message operation, what is wrong, operands, remedy */
    public DTypeException(String message) {
        super(message);
    }
}
