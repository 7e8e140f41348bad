package dev.ricci.testkit;

import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Op;
import java.util.List;
import java.util.function.Function;
import net.jqwik.api.Arbitrary;

/**
 * What the suites know of an op. A row is a value; the methods that return a row change one thing. Functions with kinks
 * (abs, max, sort, ...) draw values away from them, and without ties, for suites that take gradients: see
 * {@link Profile#isSmooth}.
 *
 * @param type the op's record
 * @param kind which constant, for records with an enum of functions; else null
 * @param cases builds a case from choices
 * @param forward tolerance of F32 results against the reference's F64 ones
 * @param gradient tolerance of F32 gradients against the reference's F64 ones
 * @param inputs the inputs with a gradient; empty if the op has none
 * @param outputs the outputs through which gradients flow
 * @param comparison what the outputs must satisfy
 */
public record OpRow(Class<? extends Op> type, Enum<?> kind, Function<CaseDraw, OpCase> cases, Tolerance forward,
        Tolerance gradient, List<Integer> inputs, List<Integer> outputs,
        Comparison comparison) {
    private static final Tolerance F32 = new Tolerance(1e-5, 1e-5);
    private static final Tolerance F32_GRADIENT = new Tolerance(1e-4, 1e-4);

    /** Compares what a backend made of a case with what is expected; throws {@link AssertionError}. */
    @FunctionalInterface
    public interface Comparison {
        /**
         * @param row the row
         * @param call what was run
         * @param actual the outputs in F32
         * @param expected the reference's outputs in F64
         */
        void check(OpRow row, OpCase call, List<Tensor> actual, List<Tensor> expected);
    }

    /** A row for a record without kinds: element-wise comparison, tolerances for a few roundings, no gradient. */
    public static OpRow of(Class<? extends Op> type, Function<CaseDraw, OpCase> cases) {
        return of(type, null, cases);
    }

    /** A row for one kind of a record. */
    public static OpRow of(Class<? extends Op> type, Enum<?> kind, Function<CaseDraw, OpCase> cases) {
        return new OpRow(type, kind, cases, F32, F32_GRADIENT, List.of(), List.of(0),
                OpRow::compareElements);
    }

    /** With another forward tolerance. */
    public OpRow within(double rtol, double atol) {
        return new OpRow(type, kind, cases, new Tolerance(rtol, atol), gradient, inputs, outputs,
                comparison);
    }

    /** Exact to the bit in F32: ops that move or choose. */
    public OpRow exact() {
        return within(0, 0);
    }

    /** With these differentiable inputs; those beyond a case's inputs do not count. */
    public OpRow differentiable(Integer... which) {
        return new OpRow(type, kind, cases, forward, gradient, List.of(which), outputs, comparison);
    }

    /** With gradients through these outputs instead of the first alone. */
    public OpRow through(Integer... which) {
        return new OpRow(type, kind, cases, forward, gradient, inputs, List.of(which), comparison);
    }

    /** With another tolerance of gradients. */
    public OpRow gradientWithin(double rtol, double atol) {
        return new OpRow(type, kind, cases, forward, new Tolerance(rtol, atol), inputs, outputs,
                comparison);
    }

    /** With another comparison. */
    public OpRow comparing(Comparison other) {
        return new OpRow(type, kind, cases, forward, gradient, inputs, outputs, other);
    }

    /** Record and kind, such as {@code Unary TANH}. */
    public String name() {
        return type.getSimpleName() + (kind == null ? "" : " " + kind);
    }

    /** Whether the op has a gradient. */
    public boolean isDifferentiable() {
        return !inputs.isEmpty();
    }

    /** The row's cases, as an arbitrary that shrinks. */
    public Arbitrary<OpCase> cases(Profile profile) {
        return Draw.arbitrary(draw -> cases.apply(new CaseDraw(draw, profile)));
    }

    private static void compareElements(OpRow row, OpCase call, List<Tensor> actual, List<Tensor> expected) {
        for (int i = 0; i < actual.size(); i++) {
            Tensor e = expected.get(i);
            Tensor nearest = e.dtype() == actual.get(i).dtype() ? e : Comparisons.rounded(e);
            TensorAssert.assertClose("output " + i, actual.get(i), nearest, row.forward);
        }
    }
}
