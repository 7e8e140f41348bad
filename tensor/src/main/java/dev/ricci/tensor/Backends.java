package dev.ricci.tensor;

import dev.ricci.tensor.cpu.CpuBackend;
import dev.ricci.tensor.reference.ReferenceBackend;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.BackendProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.Supplier;

/** The backends of this JVM. */
public final class Backends {
    private static final ScopedValue<Backend> CPU_OVERRIDE = ScopedValue.newInstance();

    private Backends() {
    }

    private static final class Cpu {
        static final Backend INSTANCE = CpuBackend.create();
    }

    private static final class Gpu {
        static final Backend INSTANCE = find();

        static Backend find() {
            for (BackendProvider p : providers()) {
                if (p.unavailable() == null) {
                    return p.create();
                }
            }
            return null;
        }
    }

    /** The CPU backend with the fastest kernels that this JVM can run (see the property {@code ricci.kernels}). */
    public static Backend cpu() {
        return CPU_OVERRIDE.isBound() ? CPU_OVERRIDE.get() : Cpu.INSTANCE;
    }

    /** The double-precision reference backend: one obvious loop per op. */
    public static Backend reference() {
        return ReferenceBackend.INSTANCE;
    }

    /**
     * The GPU backend.
     *
     * @throws DeviceException if there is none, with the reason each provider gives
     */
    public static Backend gpu() {
        if (Gpu.INSTANCE == null) {
            List<String> reasons = new ArrayList<>();
            providers().forEach(p -> reasons.add(p.name() + ": " + p.unavailable()));
            throw new DeviceException("Device.gpu: no GPU backend here; " + (reasons.isEmpty()
                    ? "add ricci-gpu-backend to the class path" : String.join("; ", reasons)));
        }
        return Gpu.INSTANCE;
    }

    /** The providers of further backends on the class path or module path. */
    public static List<BackendProvider> providers() {
        List<BackendProvider> found = new ArrayList<>();
        ServiceLoader.load(BackendProvider.class).forEach(found::add);
        return found;
    }

    /** Runs {@code body} with another backend for CPU tensors on this thread: tests and comparisons. */
    public static <T> T with(Backend backend, Supplier<T> body) {
        return ScopedValue.where(CPU_OVERRIDE, backend).call(body::get);
    }

    static Backend of(Device device) {
        return device.equals(Device.cpu()) ? cpu() : gpu();
    }
}
