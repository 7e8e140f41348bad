package dev.ricci.gpu;

import dev.ricci.tensor.op.LinearAlgebra;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.testkit.BackendConformance;
import dev.ricci.testkit.OpCatalog;
import dev.ricci.testkit.OpRow;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Every kernel against the reference, on the device that TornadoVM finds. Strict, and with TornadoVM's own fallback off: an
 * op that silently ran on the CPU would prove nothing.
 */
final class GpuConformanceTest extends BackendConformance {
    /** Rows that have no kernel. They may become fewer, not more. */
    private static final List<String> UNSUPPORTED = List.of("Cholesky", "TriangularSolve", "SymmetricEigen", "Svd");

    private static Backend backend;

    @BeforeAll
    static void deviceIsThere() {
        TornadoHalf half = new TornadoHalf();
        String reason = half.unavailable();
        Assumptions.assumeTrue(reason == null, () -> "no device: " + reason);
        backend = new GpuBackend(half, true);
    }

    @Override
    protected Backend backend() {
        return backend;
    }

    @Override
    protected List<OpRow> rows() {
        String only = System.getProperty("ricci.gpu.rows", "");
        return OpCatalog.rows().stream().filter(r -> !UNSUPPORTED.contains(r.name()))
                .filter(r -> only.isEmpty() || r.name().matches(only)).toList();
    }

    /** Each is compiled for itself. */
    @Override
    protected int capturedCases() {
        return Integer.getInteger("ricci.gpu.captured", 2);
    }

    @Test
    void tornadoDoesNotFallBack() {
        Assertions.assertEquals("false", System.getProperty("tornado.recover.bailout", "").toLowerCase(Locale.ROOT));
    }

    @Test
    void everyRowIsEitherRunOrNamed() {
        for (OpRow row : OpCatalog.rows()) {
            boolean decomposition = LinearAlgebra.class.isAssignableFrom(row.type());
            Assertions.assertEquals(decomposition, UNSUPPORTED.contains(row.name()), row.name());
        }
    }
}
