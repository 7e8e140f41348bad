package dev.ricci.tensor;

/** A device that does not exist here, or operands on different devices. */
public final class DeviceException extends TensorException {
    private static final long serialVersionUID = 1L;

    /** @param message operation, what is wrong, operands, remedy */
    public DeviceException(String message) {
        super(message);
    }
}
