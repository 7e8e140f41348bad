/** The GPU backend. */
module dev.ricci.gpu {
    requires transitive dev.ricci.tensor;

    exports dev.ricci.gpu;

    provides dev.ricci.tensor.spi.BackendProvider with dev.ricci.gpu.TornadoProvider;
}
