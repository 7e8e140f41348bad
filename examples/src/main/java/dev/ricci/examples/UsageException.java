package dev.ricci.examples;

/** Options that are each well formed and do not fit together: {@code ricci} prints the message and exits with code 2. */
public final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Says what is wrong.
     *
     * @param message what is wrong with which option, and what to write instead
     */
    public UsageException(String message) {
        super(message);
    }
}
