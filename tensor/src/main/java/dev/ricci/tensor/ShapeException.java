package dev.ricci.tensor;

/** Shapes, ranks or axes that do not fit an operation. */
public final class ShapeException extends TensorException {
    private static final long serialVersionUID = 1L;

    /** @param message operation, what is wrong, operands, remedy */
    public ShapeException(String message) {
        super(message);
    }
}
