/** The GPU backend. */
module dev.ricci.gpu {
    requires dev.ricci.tensor;
}
