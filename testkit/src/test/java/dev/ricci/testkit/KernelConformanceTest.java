package dev.ricci.testkit;

import dev.ricci.tensor.cpu.CpuBackend;
import dev.ricci.tensor.spi.Backend;
import org.junit.jupiter.api.BeforeAll;

/**
 * The CPU's kernels: those that the property {@code ricci.kernels} names, at the width {@code ricci.vector.bits}. A JVM
 * runs one width only, so the build runs this class once for the plain kernels and once for each width.
 */
final class KernelConformanceTest extends BackendConformance {
    @BeforeAll
    static void widthIsThere() {
        Kernels.assumeWidth();
    }

    @Override
    protected Backend backend() {
        return CpuBackend.create();
    }
}
