package dev.ricci.examples;

import dev.ricci.tensor.Device;
import picocli.CommandLine.Option;

/** Where the steps of a training run. */
final class DeviceOption {
    @Option(names = "--device", paramLabel = "DEVICE", defaultValue = "cpu",
        description = "Where the steps run: cpu or gpu. A run may be resumed on another one.")
    private String name;

    /**
     * The device.
     *
     * @throws UsageException if there is none of this name
     * @throws dev.ricci.tensor.DeviceException if it is not here, with the reason
     */
    Device device() {
        return switch (name) {
            case "cpu" -> Device.cpu();
            case "gpu" -> Device.gpu();
            default -> throw new UsageException("--device: must be cpu or gpu, got '" + name + "'");
        };
    }
}
