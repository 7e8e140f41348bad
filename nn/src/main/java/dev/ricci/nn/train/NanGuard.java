package dev.ricci.nn.train;

import dev.ricci.tensor.Layout;
import dev.ricci.tensor.OpListener;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.op.Creation;
import dev.ricci.tensor.op.Movement;
import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.op.StateUpdate;
import dev.ricci.tensor.spi.HeapStorage;
import java.util.List;
import java.util.Optional;

/**
 * Finds where a computation goes wrong: the first op whose output has a NaN though no input has one, and the first
 * whose output has an infinity though its inputs are finite. Run the computation inside {@code guard.listen(...)}. It
 * reads every output, so it is nothing for every step.
 */
public final class NanGuard implements OpListener {
    private static final int FINITE = 0;
    private static final int INFINITE = 1;
    private static final int NAN = 2;

    /**
     * An op that made a value that is not finite.
     *
     * @param number of the op, from 1, in the order of execution
     * @param op its name
     * @param inputs types and shapes of its inputs
     * @param output type and shape of the output
     */
    public record Finding(long number, String op, List<TensorSpec> inputs, TensorSpec output) {
        @Override
        public String toString() {
            return "'" + op + "' of " + inputs + " giving " + output + " (op " + number + ")";
        }
    }

    private long executed;
    private Finding nan;
    private Finding infinity;

    /** A guard that has seen nothing yet. */
    public NanGuard() {
    }

    @Override
    public void executed(Op op, List<Tensor> inputs, List<Tensor> outputs, long nanos) {
        executed++;
        // A constant is what its author meant (a mask of -infinity), and a view makes no values.
        if (nan != null || op instanceof Creation || op instanceof Movement.View) {
            return;
        }
        for (Tensor output : outputs) {
            int worst = worst(output);
            if (worst == FINITE || worst == INFINITE && infinity != null) {
                continue;
            }
            // States were overwritten by the outputs.
            int first = op instanceof StateUpdate update ? update.states() : 0;
            int before = FINITE;
            for (Tensor input : inputs.subList(first, inputs.size())) {
                before = Math.max(before, worst(input));
            }
            Finding finding = new Finding(executed, op.name(), inputs.stream().map(Tensor::spec).toList(),
                    output.spec());
            if (worst == NAN && before < NAN) {
                nan = finding;
                return;
            }
            if (worst == INFINITE && before == FINITE) {
                infinity = finding;
            }
        }
    }

    /** The first op that made a NaN from inputs without one. */
    public Optional<Finding> firstNan() {
        return Optional.ofNullable(nan);
    }

    /** The first op, before that, that made an infinity from finite inputs. */
    public Optional<Finding> firstInfinity() {
        return Optional.ofNullable(infinity);
    }

    /** What was found, as a sentence. */
    public String report() {
        if (nan == null && infinity == null) {
            return "no op made a NaN or an infinity from finite inputs";
        }
        return nan == null ? "the first infinity was made by " + infinity
                : "the first NaN was made by " + nan
                        + (infinity == null ? "" : "; before it, " + infinity + " made the first infinity");
    }

    /** Whether all elements are finite; true for types that are not floating. */
    static boolean isFinite(Tensor t) {
        return worst(t) == FINITE;
    }

    private static int worst(Tensor t) {
        if (!t.dtype().isComputable() || !(t.storage() instanceof HeapStorage s)) {
            return FINITE;
        }
        Layout layout = t.layout();
        if (!layout.isDense()) {
            return worst(t.toDoubleArray(), 0, t.size());
        }
        return switch (t.dtype()) {
            case F64 -> worst(s.doubles(), layout.offset(), t.size());
            default -> worst(s.floats(), layout.offset(), t.size());
        };
    }

    private static int worst(double[] values, int from, int count) {
        int worst = FINITE;
        for (int i = from; i < from + count; i++) {
            if (!Double.isFinite(values[i])) {
                if (Double.isNaN(values[i])) {
                    return NAN;
                }
                worst = INFINITE;
            }
        }
        return worst;
    }

    private static int worst(float[] values, int from, int count) {
        int worst = FINITE;
        for (int i = from; i < from + count; i++) {
            if (!Float.isFinite(values[i])) {
                if (Float.isNaN(values[i])) {
                    return NAN;
                }
                worst = INFINITE;
            }
        }
        return worst;
    }
}
