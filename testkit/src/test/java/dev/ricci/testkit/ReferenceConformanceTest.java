package dev.ricci.testkit;

import dev.ricci.tensor.Backends;
import dev.ricci.tensor.spi.Backend;

/** The reference in F32 against itself in F64: layouts, old values in outputs, in-place updates, rounding. */
final class ReferenceConformanceTest extends BackendConformance {
    @Override
    protected Backend backend() {
        return Backends.reference();
    }
}
