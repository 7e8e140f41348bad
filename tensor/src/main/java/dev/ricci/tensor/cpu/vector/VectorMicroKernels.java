package dev.ricci.tensor.cpu.vector;

import dev.ricci.tensor.cpu.rows.MicroKernel;

/** The choice of the inner kernel of matrix multiplication for the vector width of this JVM. */
public final class VectorMicroKernels {
    private VectorMicroKernels() {
    }

    /** 512-bit vectors come with 32 registers; others may have 16. */
    public static MicroKernel create() {
        return Lanes.N >= 16 ? new WideMicroKernel() : new NarrowMicroKernel();
    }
}
