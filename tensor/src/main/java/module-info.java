/** Tensors, ops, the backend interface, and the CPU backends. */
module dev.ricci.tensor {
    // Static: without the flag --add-modules jdk.incubator.vector the plain kernels do the work.
    requires static jdk.incubator.vector;

    exports dev.ricci.tensor;
    exports dev.ricci.tensor.op;
    exports dev.ricci.tensor.profile;
    exports dev.ricci.tensor.program;
    exports dev.ricci.tensor.io;
    exports dev.ricci.tensor.spi;
    exports dev.ricci.tensor.reference;
    exports dev.ricci.tensor.cpu;
    exports dev.ricci.tensor.weights;

    uses dev.ricci.tensor.spi.BackendProvider;
}
