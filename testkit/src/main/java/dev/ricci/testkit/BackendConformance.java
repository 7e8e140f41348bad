package dev.ricci.testkit;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ricci.tensor.Backends;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.StateUpdate;
import dev.ricci.tensor.spi.Backend;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * What every backend over heap memory must pass: subclass it and name the backend. Each row of the catalogue runs over
 * 200 generated cases (property {@code ricci.conformance.cases}); the seed is fixed (property
 * {@code ricci.conformance.seed}), and a failing case is made small before it is reported.
 */
public abstract class BackendConformance {
    private static final int LARGE_CASES = 3;
    private static final int CAPTURED_CASES = 20;

    /** For subclasses. */
    protected BackendConformance() {
    }

    /** The backend to test. */
    protected abstract Backend backend();

    /** The rows to run: all. */
    protected List<OpRow> rows() {
        return OpCatalog.rows();
    }

    /** Cases of a row that run as captured programs: fewer, since every one is a program. */
    protected int capturedCases() {
        return CAPTURED_CASES;
    }

    /** Every op has a row. */
    @Test
    void catalogueIsWhole() {
        List<String> missing = OpCatalog.missing();
        assertTrue(missing.isEmpty(), () -> "ops without a row in OpCatalog, which nobody tests: " + missing);
    }

    /**
     * F32 results lie near the reference's F64 results; they do not depend on the inputs' layouts nor on what the
     * outputs' memory held; inputs stay as they are; state updates give the same in place.
     */
    @TestFactory
    Stream<DynamicTest> forward() {
        return rows().stream().map(row -> dynamicTest(row.name(), () ->
                Conformance.check(row, Profile.FORWARD, Conformance.cases(), c -> checkForward(backend(), row, c))));
    }

    /** F32 gradients lie near the reference's F64 gradients. */
    @TestFactory
    Stream<DynamicTest> gradient() {
        return rows().stream().filter(OpRow::isDifferentiable).map(row -> dynamicTest(row.name(), () ->
                Conformance.check(row, Profile.GRADIENT, Conformance.cases(), c -> checkGradient(backend(), row, c))));
    }

    /** A few large tensors, which a backend cuts into blocks and between threads; sums within a wider tolerance. */
    @TestFactory
    Stream<DynamicTest> large() {
        return rows().stream().map(row -> dynamicTest(row.name(), () ->
                Conformance.check(row, Profile.LARGE, LARGE_CASES, c -> checkLarge(backend(), row, c))));
    }

    static void checkLarge(Backend backend, OpRow row, OpCase call) {
        Tolerance t = row.forward();
        OpRow wider = t.equals(Tolerance.EXACT) ? row : row.within(Math.max(t.rtol(), 1e-3), Math.max(t.atol(), 1e-2));
        row.comparison().check(wider, call, CaseRuns.forward(backend, call),
                CaseRuns.forward(Backends.reference(), CaseRuns.widened(call)));
    }

    /** A captured program of an op gives its bits. */
    @TestFactory
    Stream<DynamicTest> captured() {
        return rows().stream().map(row -> dynamicTest(row.name(), () -> Conformance.check(row, Profile.FORWARD,
                Math.min(capturedCases(), Conformance.cases()), c -> assertSameBits("a captured program",
                        CaseRuns.captured(backend(), c), CaseRuns.forward(backend(), c)))));
    }

    static void checkForward(Backend backend, OpRow row, OpCase call) {
        List<Object> before = call.inputs().stream().map(Views::contents).toList();
        List<Tensor> actual = CaseRuns.forward(backend, call);
        for (int i = 0; i < before.size(); i++) {
            if (!Views.sameContents(before.get(i), Views.contents(call.inputs().get(i)))) {
                throw new AssertionError("input " + i + " was changed");
            }
        }
        row.comparison().check(row, call, actual, CaseRuns.forward(Backends.reference(), CaseRuns.widened(call)));
        OpCase dense = CaseRuns.dense(call);
        assertSameBits("dense inputs", CaseRuns.forward(backend, dense), actual);
        if (CaseRuns.reachesBackend(call)) {
            assertSameBits("outputs with old values", CaseRuns.intoPoison(backend, dense), actual);
        }
        if (call.op() instanceof StateUpdate) {
            assertSameBits("in place", CaseRuns.inPlace(backend, dense), actual);
        }
    }

    static void checkGradient(Backend backend, OpRow row, OpCase call) {
        List<Tensor> actual = CaseRuns.gradients(backend, row, call);
        List<Tensor> expected = CaseRuns.gradients(Backends.reference(), row, CaseRuns.widened(call));
        List<Integer> places = CaseRuns.differentiable(row, call);
        for (int i = 0; i < actual.size(); i++) {
            TensorAssert.assertClose("gradient of input " + places.get(i), actual.get(i),
                    Comparisons.rounded(expected.get(i)), row.gradient());
        }
    }

    static void assertSameBits(String what, List<Tensor> actual, List<Tensor> expected) {
        for (int i = 0; i < expected.size(); i++) {
            TensorAssert.assertBitEqual("output " + i + " from " + what, actual.get(i), expected.get(i));
        }
    }
}
