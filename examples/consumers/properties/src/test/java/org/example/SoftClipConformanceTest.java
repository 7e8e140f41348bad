package org.example;

import dev.ricci.tensor.Backends;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.testkit.BackendConformance;
import dev.ricci.testkit.OpRow;
import java.util.List;

/** Our op on the backend of this machine: near the double-precision reference, in every layout of its input. */
class SoftClipConformanceTest extends BackendConformance {
    @Override
    protected Backend backend() {
        return Backends.cpu();
    }

    @Override
    protected List<OpRow> rows() {
        return SoftClipRows.ROWS;
    }
}
