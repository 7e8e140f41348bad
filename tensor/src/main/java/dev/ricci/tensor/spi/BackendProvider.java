package dev.ricci.tensor.spi;

/** Makes a backend for a device other than the CPU; found through {@link java.util.ServiceLoader}. */
public interface BackendProvider {
    /** Short name for reports. */
    String name();

    /** One line that says why there is no backend here and what would help, or null if {@link #create} will work. */
    String unavailable();

    /** The backend. Called once, and only if {@link #unavailable()} is null. */
    Backend create();
}
