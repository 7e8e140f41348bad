package dev.ricci.autograd;

import dev.ricci.tensor.Backends;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * Compares gradients with central differences, in double precision on the reference backend. For the tests of gradient
 * rules, custom ops and layers:
 *
 * {@snippet :
 * GradCheck.check(in -> in.get(0).matmul(in.get(1)), List.of(a, b)).assertPasses();
 * }
 *
 * <p>The function must be smooth near its inputs (no ties in a maximum, no relu at 0), must give the same values each
 * time, and must compute in the type of its inputs: floating inputs are handed to it as F64, others as they are. A
 * result that is no scalar is multiplied with fixed weights and summed.
 */
public final class GradCheck {
    private GradCheck() {
    }

    /**
     * How to compare: |analytic - numeric| must not exceed absolute + relative * max(|analytic|, |numeric|).
     *
     * @param step of the differences, times max(1, |x|)
     * @param absolute part of the tolerance
     * @param relative part of the tolerance
     */
    public record Tolerance(double step, double absolute, double relative) {
        /** Right for functions with values and derivatives of the order of 1. */
        public static final Tolerance DEFAULT = new Tolerance(1e-5, 1e-6, 1e-5);

        /** Checks the values. */
        public Tolerance {
            if (!(step > 0 && absolute >= 0 && relative >= 0)) {
                throw new TensorException("GradCheck: the step must be positive and tolerances not negative, got "
                        + step + ", " + absolute + ", " + relative);
            }
        }
    }

    /**
     * One element's comparison.
     *
     * @param input which input
     * @param position the element's index in it
     * @param analytic the gradient by the rules
     * @param numeric the gradient by differences
     * @param tolerance how far apart they may be
     */
    public record Element(int input, List<Integer> position, double analytic, double numeric, double tolerance) {
        /** The difference in units of the tolerance; at most 1 passes. */
        public double ratio() {
            double difference = Math.abs(analytic - numeric);
            double ratio = difference == 0 ? 0 : difference / tolerance;
            return Double.isNaN(ratio) ? Double.POSITIVE_INFINITY : ratio;
        }
    }

    /**
     * The result of a check.
     *
     * @param checked how many elements were compared
     * @param worst the element with the largest {@link Element#ratio}, or null if there was none
     */
    public record Report(int checked, Element worst) {
        /** Whether every element lies within its tolerance. */
        public boolean passes() {
            return worst == null || worst.ratio() <= 1;
        }

        /**
         * @throws AssertionError if an element lies outside of its tolerance, with the worst one
         */
        public void assertPasses() {
            if (!passes()) {
                throw new AssertionError(toString());
            }
        }

        @Override
        public String toString() {
            return worst == null ? "gradient check: nothing to compare"
                    : "gradient check: " + (passes() ? "passes" : "FAILS") + " on " + checked + " elements; worst is"
                    + " input " + worst.input + " at " + worst.position + ": analytic " + worst.analytic + ", numeric "
                    + worst.numeric + ", tolerance " + worst.tolerance;
        }
    }

    /** Checks the gradients of a function with {@link Tolerance#DEFAULT}. */
    public static Report check(Function<List<Tensor>, Tensor> f, List<Tensor> inputs) {
        return check(f, inputs, Tolerance.DEFAULT);
    }

    /**
     * Checks the gradients of a function with respect to each floating-point input.
     *
     * @throws TensorException if the function or a gradient rule refuses, or a gradient has another shape than its
     *     input
     */
    public static Report check(Function<List<Tensor>, Tensor> f, List<Tensor> inputs, Tolerance tolerance) {
        return Backends.with(Backends.reference(), () -> new Run(f, inputs, tolerance).report());
    }

    /** Checks the gradients of the gradients of a function with {@link Tolerance#DEFAULT}. */
    public static Report checkSecondOrder(Function<List<Tensor>, Tensor> f, List<Tensor> inputs) {
        return checkSecondOrder(f, inputs, Tolerance.DEFAULT);
    }

    /** Checks the gradients of a weighted sum of the gradients of a function. */
    public static Report checkSecondOrder(Function<List<Tensor>, Tensor> f, List<Tensor> inputs, Tolerance tolerance) {
        return check(in -> {
            Tensor y = f.apply(in);
            Tensor sum = Tensor.full(Shape.scalar(), DType.F64, 0);
            if (y.isTracked()) {
                Gradients g = Gradients.vectorJacobian(List.of(y), List.of(weights(y.shape(), 7)), List.of(),
                        Gradients.keepGraph());
                for (int i = 0; i < in.size(); i++) {
                    Tensor d = in.get(i).isTracked() ? g.find(in.get(i)).orElse(null) : null;
                    if (d != null) {
                        sum = sum.add(d.mul(weights(d.shape(), 11 + i)).sum());
                    }
                }
            }
            return sum;
        }, inputs, tolerance);
    }

    /** Fixed weights of magnitude 0.5 .. 1.5 and either sign, F64. */
    private static Tensor weights(Shape shape, int salt) {
        double[] w = new double[shape.size()];
        for (int i = 0; i < w.length; i++) {
            long h = (i + 1L) * 0x9E3779B97F4A7C15L + salt * 0xD1B54A32D192ED03L;
            h = (h ^ h >>> 32) * 0xD6E8FEB86659FD93L;
            h ^= h >>> 32;
            w[i] = (0.5 + (h >>> 11) * 0x1p-53) * ((h & 1) == 0 ? 1 : -1);
        }
        return Tensor.ofDoubles(w).reshape(shape);
    }

    /** One check: the analytic pass, then two runs of the function per element. */
    private record Run(Function<List<Tensor>, Tensor> f, List<Tensor> inputs, Tolerance tolerance) {
        Report report() {
            List<Tensor> x = inputs.stream().map(t -> t.dtype().isFloating() ? t.detach().to(DType.F64).tracked() : t)
                    .toList();
            Tensor y = scalar(x);
            Gradients g = y.isTracked() ? Gradients.of(y) : null;
            int checked = 0;
            Element worst = null;
            for (int i = 0; i < x.size(); i++) {
                Tensor in = x.get(i);
                if (!in.isTracked()) {
                    continue;
                }
                Tensor d = g == null ? null : g.find(in).orElse(null);
                if (d != null && !d.spec().equals(in.spec())) {
                    throw new TensorException("GradCheck: the gradient of input " + i + " is " + d.spec() + ", not "
                            + in.spec());
                }
                double[] analytic = d == null ? new double[in.size()] : d.toDoubleArray();
                for (int e = 0; e < analytic.length; e++, checked++) {
                    double numeric = difference(x, i, e);
                    double allowed = tolerance.absolute
                            + tolerance.relative * Math.max(Math.abs(analytic[e]), Math.abs(numeric));
                    Element element = new Element(i, position(in.shape(), e), analytic[e], numeric, allowed);
                    worst = worst == null || element.ratio() > worst.ratio() ? element : worst;
                }
            }
            return new Report(checked, worst);
        }

        private Tensor scalar(List<Tensor> x) {
            Tensor y = f.apply(x);
            if (y.dtype() != DType.F64) {
                throw new TensorException("GradCheck: the function gave " + y.spec() + " from F64 inputs; compute in"
                        + " the type of the inputs");
            }
            return y.rank() == 0 ? y : y.mul(weights(y.shape(), 3)).sum();
        }

        private double difference(List<Tensor> x, int input, int element) {
            double[] values = x.get(input).toDoubleArray();
            double at = values[element];
            double h = tolerance.step * Math.max(1, Math.abs(at));
            double up = at + h;
            double down = at - h;
            return (value(x, input, values, element, up) - value(x, input, values, element, down)) / (up - down);
        }

        private double value(List<Tensor> x, int input, double[] values, int element, double to) {
            values[element] = to;
            List<Tensor> moved = new ArrayList<>(x);
            // Tracked, so that a function which takes gradients itself can.
            moved.set(input, Tensor.ofDoubles(values).reshape(x.get(input).shape()).tracked());
            return scalar(moved).item();
        }

        private static List<Integer> position(Shape s, int element) {
            Integer[] p = new Integer[s.rank()];
            int rest = element;
            for (int a = p.length - 1; a >= 0; a--) {
                p[a] = rest % s.dim(a);
                rest /= s.dim(a);
            }
            return Arrays.asList(p);
        }
    }
}
