/** Tensors, ops, the backend interface, and the CPU backends. */
module dev.ricci.tensor {
    // Static: without the flag --add-modules jdk.incubator.vector the plain kernels do the work.
    requires static jdk.incubator.vector;
}
