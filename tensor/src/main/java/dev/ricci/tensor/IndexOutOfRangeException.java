package dev.ricci.tensor;

/** An index, also one inside a tensor of ids, that lies outside its axis. */
public final class IndexOutOfRangeException extends TensorException {
    private static final long serialVersionUID = 1L;

    /** @param message operation, what is wrong, operands, remedy */
    public IndexOutOfRangeException(String message) {
        super(message);
    }
}
