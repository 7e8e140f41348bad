package dev.ricci.gpu;

import dev.ricci.tensor.DeviceException;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.BackendProvider;

/**
 * The provider of the TornadoVM backend. The half that needs TornadoVM is compiled only where the build finds it (the
 * variable {@code TORNADOVM_HOME}); elsewhere this says so.
 */
public final class TornadoProvider implements BackendProvider {
    private static final String HALF = "dev.ricci.gpu.TornadoHalf";

    /** Made by the service loader. */
    public TornadoProvider() {
    }

    @Override
    public String name() {
        return "tornadovm";
    }

    @Override
    public String unavailable() {
        DeviceHalf half;
        try {
            half = half();
        } catch (ClassNotFoundException e) {
            return "the GPU half was not compiled; set TORNADOVM_HOME to a TornadoVM SDK for JDK 25 and build again";
        } catch (ReflectiveOperationException | LinkageError e) {
            return "java runs without TornadoVM (" + oneLine(e) + "); start it with @$TORNADOVM_HOME/tornado-argfile"
                    + " (./ricci: RICCI_JAVA_OPTS=@$TORNADOVM_HOME/tornado-argfile)";
        }
        return half.unavailable();
    }

    @Override
    public Backend create() {
        String reason = unavailable();
        if (reason != null) {
            throw new DeviceException("tornadovm: " + reason);
        }
        try {
            return new GpuBackend(half(), Boolean.getBoolean("ricci.gpu.strict"));
        } catch (ReflectiveOperationException e) {
            throw new DeviceException("tornadovm: " + oneLine(e));
        }
    }

    private static DeviceHalf half() throws ReflectiveOperationException {
        return (DeviceHalf) Class.forName(HALF).getDeclaredConstructor().newInstance();
    }

    /** The deepest cause in one line. */
    static String oneLine(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String text = cause.getClass().getSimpleName() + ": " + cause.getMessage();
        return text.replaceAll("\\e\\[[0-9;]*m", "").replaceAll("\\s+", " ").strip();
    }
}
