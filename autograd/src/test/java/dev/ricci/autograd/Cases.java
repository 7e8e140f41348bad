package dev.ricci.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/** A list of gradient checks, each a test of its own; and inputs for them. */
final class Cases {
    private final List<DynamicTest> tests = new ArrayList<>();

    /** First-order gradients of f at these inputs. */
    Cases first(String name, Function<List<Tensor>, Tensor> f, Tensor... inputs) {
        tests.add(dynamicTest(name, () -> {
            GradCheck.Report report = GradCheck.check(f, List.of(inputs));
            report.assertPasses();
            assertEquals(elements(inputs), report.checked());
        }));
        return this;
    }

    /** Gradients of f, and gradients of those. */
    Cases both(String name, Function<List<Tensor>, Tensor> f, Tensor... inputs) {
        first(name, f, inputs);
        tests.add(dynamicTest(name + ", second order",
                () -> GradCheck.checkSecondOrder(f, List.of(inputs)).assertPasses()));
        return this;
    }

    private static int elements(Tensor... inputs) {
        return Stream.of(inputs).filter(t -> t.dtype().isFloating()).mapToInt(Tensor::size).sum();
    }

    Stream<DynamicTest> stream() {
        return tests.stream();
    }

    /** F64 values between -1.9 and 1.9, all different and at least 0.02 from 0 for fewer than 60 elements. */
    static Tensor values(int salt, int... shape) {
        Shape s = Shape.of(shape);
        double[] v = new double[s.size()];
        for (int i = 0; i < v.length; i++) {
            double turn = (i + 1 + 31 * salt) * 0.6180339887498949;
            v[i] = 3.8 * (turn - Math.floor(turn)) - 1.9;
            v[i] += v[i] < 0 ? -0.02 : 0.02;
        }
        return Tensor.ofDoubles(v).reshape(s);
    }

    /** F64 values between 0.1 and 2. */
    static Tensor positive(int salt, int... shape) {
        return values(salt, shape).add(2.0).mul(0.5).add(0.05);
    }

    static Tensor ids(Shape shape, int... values) {
        return Tensor.ofInts(values).reshape(shape);
    }
}
