package dev.ricci.examples;

import dev.ricci.tensor.Backends;
import dev.ricci.tensor.Device;
import java.io.PrintStream;
import picocli.CommandLine.Option;

/** Where the steps of a training run, or of a text. */
final class DeviceOption {
    @Option(names = "--device", paramLabel = "DEVICE", defaultValue = "cpu",
        description = "Where the steps run: cpu or gpu, as captured programs then. A training may be resumed on another one.")
    private String name;

    /**
     * The device.
     *
     * @param console is told what a GPU does before its first step
     * @throws UsageException if there is none of this name
     * @throws dev.ricci.tensor.DeviceException if it is not here, with the reason
     */
    Device device(PrintStream console) {
        return switch (name) {
            case "cpu" -> Device.cpu();
            case "gpu" -> {
                Device gpu = Device.gpu();
                console.printf("on %s; the first step compiles its kernels, which may take a minute%n", Backends.gpu().name());
                yield gpu;
            }
            default -> throw new UsageException("--device: must be cpu or gpu, got '" + name + "'");
        };
    }
}
