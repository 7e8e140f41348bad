package dev.ricci.testkit;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ricci.autograd.GradCheck;
import dev.ricci.autograd.Gradients;
import dev.ricci.tensor.Backends;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * What gradient rules must pass: central differences in double precision, over every element of every differentiable
 * input of each row's cases. Subclass it for rules of one's own rows; see {@link BackendConformance} for the
 * properties that say how many cases run.
 */
public abstract class GradientConformance {
    private static final GradCheck.Tolerance TOLERANCE = new GradCheck.Tolerance(1e-5, 1e-6, 1e-5);

    /** For subclasses. */
    protected GradientConformance() {
    }

    /** The rows to run: all. */
    protected List<OpRow> rows() {
        return OpCatalog.rows();
    }

    /** Each rule against finite differences; and what is tracked beside an input does not matter to its gradient. */
    @TestFactory
    Stream<DynamicTest> finiteDifferences() {
        return rows().stream().filter(OpRow::isDifferentiable).map(row -> dynamicTest(row.name(),
                () -> Conformance.check(row, Profile.FINITE_DIFFERENCES, Conformance.cases(),
                        c -> checkDifferences(row, c))));
    }

    /** An input without a gradient has none, or is refused: never a wrong one. */
    @TestFactory
    Stream<DynamicTest> noOtherGradients() {
        return rows().stream().map(row -> dynamicTest(row.name(), () -> Conformance.check(row,
                Profile.FINITE_DIFFERENCES, Math.min(50, Conformance.cases()), c -> checkOthers(row, c))));
    }

    static void checkDifferences(OpRow row, OpCase call) {
        OpCase wide = CaseRuns.widened(call);
        List<Integer> places = CaseRuns.differentiable(row, wide);
        Function<List<Tensor>, Tensor> f = in -> {
            Tensor[] all = wide.array();
            for (int i = 0; i < places.size(); i++) {
                all[places.get(i)] = in.get(i);
            }
            List<Tensor> outputs = Tensor.applyAll(call.op(), all);
            return row.outputs().size() == 1 ? outputs.get(row.outputs().getFirst())
                    : joined(row.outputs().stream().map(outputs::get).toList());
        };
        GradCheck.check(f, places.stream().map(wide.inputs()::get).toList(), TOLERANCE).assertPasses();
        if (places.size() > 1) {
            List<Tensor> together = CaseRuns.gradients(Backends.reference(), row, wide);
            for (int i = 0; i < places.size(); i++) {
                TensorAssert.assertBitEqual("gradient of input " + places.get(i) + ", which alone is tracked",
                        CaseRuns.gradients(Backends.reference(), row, wide, places.subList(i, i + 1)).getFirst(),
                        together.get(i));
            }
        }
    }

    /** All elements in one row, which the check weighs. */
    private static Tensor joined(List<Tensor> outputs) {
        return Tensor.cat(0, outputs.stream().map(t -> t.reshape(t.size())).toList());
    }

    static void checkOthers(OpRow row, OpCase call) {
        Backends.with(Backends.reference(), () -> {
            OpCase wide = CaseRuns.widened(call);
            List<Integer> places = CaseRuns.differentiable(row, wide);
            for (int i = 0; i < wide.inputs().size(); i++) {
                Tensor[] in = wide.array();
                if (in[i].dtype().isComputable() && !places.contains(i)) {
                    in[i] = in[i].tracked();
                    requireNone(row, in, i, call);
                }
            }
            return null;
        });
    }

    private static void requireNone(OpRow row, Tensor[] in, int i, OpCase call) {
        List<Tensor> tracked = new ArrayList<>(Tensor.applyAll(call.op(), in));
        tracked.removeIf(t -> !t.isTracked());
        for (Tensor y : tracked) {
            Gradients found;
            try {
                found = Gradients.vectorJacobian(List.of(y), List.of(Tensor.full(y.shape(), y.dtype(), 1)), List.of(),
                        Gradients.keepGraph());
            } catch (TensorException refused) {
                continue;
            }
            if (found.find(in[i]).isPresent()) {
                throw new AssertionError("input " + i + " has a gradient, but the row " + row.name()
                        + " does not list it as differentiable, so nothing tests it");
            }
        }
    }
}
