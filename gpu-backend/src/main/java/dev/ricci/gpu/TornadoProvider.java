package dev.ricci.gpu;

import dev.ricci.tensor.DeviceException;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.BackendProvider;

/** The provider of the TornadoVM backend. In this version it only says why there is no GPU. */
public final class TornadoProvider implements BackendProvider {
    /** Made by the service loader. */
    public TornadoProvider() {
    }

    @Override
    public String name() {
        return "tornadovm";
    }

    @Override
    public String unavailable() {
        return "this version of Ricci does not run on a GPU: programs are not compiled to TornadoVM yet; use the CPU";
    }

    @Override
    public Backend create() {
        throw new DeviceException("tornadovm: " + unavailable());
    }
}
