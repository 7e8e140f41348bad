package dev.ricci.tensor;

/**
 * Where a tensor lives.
 *
 * @param kind {@code cpu} or {@code gpu}
 * @param index which one of that kind, from 0
 */
public record Device(String kind, int index) {
    private static final Device CPU = new Device("cpu", 0);

    /** The CPU. */
    public static Device cpu() {
        return CPU;
    }

    /**
     * The first GPU.
     *
     * @throws DeviceException if there is none, with the reason
     */
    public static Device gpu() {
        return Backends.gpu().device();
    }

    /** Kind and index, such as {@code gpu:0}; {@code cpu} alone for the CPU. */
    @Override
    public String toString() {
        return kind.equals("cpu") ? kind : kind + ":" + index;
    }
}
