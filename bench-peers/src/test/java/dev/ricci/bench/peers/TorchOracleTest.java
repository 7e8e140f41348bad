package dev.ricci.bench.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import dev.ricci.autograd.Gradients;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Values and gradients of single operations against libtorch in double precision: an oracle that shares nothing with
 * the reference backend. Each runs here in F64 (the reference) and in F32 (the kernels), with several seeds.
 * Differences count relative to the largest value of the tensor, or absolutely below 1.
 */
class TorchOracleTest {
    private static final int SEEDS = 5;
    /** Rounding of double precision, times what reductions and the worst of the condition numbers add. */
    private static final double F64_TOLERANCE = 1e-13;
    /** The same for single precision; inputs are exact in both. */
    private static final double F32_TOLERANCE = 1e-5;
    /** Decompositions, whose gradients divide by differences of eigenvalues. */
    private static final double F64_DECOMPOSITION_TOLERANCE = 1e-10;
    private static final double F32_DECOMPOSITION_TOLERANCE = 1e-3;

    private static final Map<String, double[]> WORST = new TreeMap<>();

    static Stream<OracleCase> cases() {
        return OracleCases.all().stream();
    }

    @AfterAll
    static void report() {
        StringBuilder s = new StringBuilder(String.format(Locale.ROOT,
                "%n%d operations against libtorch, %d seeds; the largest difference%n%-48s %10s %10s %10s %10s%n",
                WORST.size(), SEEDS, "", "F64", "gradient", "F32", "gradient"));
        WORST.forEach((name, w) -> s.append(String.format(Locale.ROOT, "%-48s %10.1e %10.1e %10.1e %10.1e%n", name,
                w[0], w[1], w[2], w[3])));
        System.out.print(s);
    }

    private record Result(Tensor value, List<Tensor> gradients) {
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void agrees(OracleCase c) {
        double[] worst = new double[4];
        WORST.put(c.name(), worst);
        for (int seed = 0; seed < SEEDS; seed++) {
            Rng rng = Rng.of(seed).split(c.name());
            Tensor[] inputs = new Tensor[c.inputs().size()];
            for (int i = 0; i < inputs.length; i++) {
                inputs[i] = c.inputs().get(i).draw(rng.split(i));
            }
            Result expected = torch(c, inputs, rng.split("seed"));
            compare(expected, ours(c, inputs, DType.F64, rng.split("seed")), worst, 0);
            compare(expected, ours(c, inputs, DType.F32, rng.split("seed")), worst, 2);
        }
        boolean decomposition = c.name().startsWith("eigen") || c.name().startsWith("singular");
        double f32 = decomposition ? F32_DECOMPOSITION_TOLERANCE : F32_TOLERANCE;
        double f64 = decomposition ? F64_DECOMPOSITION_TOLERANCE : F64_TOLERANCE;
        assertTrue(worst[0] <= f64 && worst[1] <= f64, () -> "F64 differs: " + worst[0] + ", gradient " + worst[1]);
        assertTrue(worst[2] <= f32 && worst[3] <= f32, () -> "F32 differs: " + worst[2] + ", gradient " + worst[3]);
    }

    private static void compare(Result expected, Result actual, double[] worst, int at) {
        worst[at] = Math.max(worst[at], difference(expected.value, actual.value));
        assertEquals(expected.gradients.size(), actual.gradients.size());
        for (int i = 0; i < expected.gradients.size(); i++) {
            worst[at + 1] = Math.max(worst[at + 1], difference(expected.gradients.get(i), actual.gradients.get(i)));
        }
    }

    private static double difference(Tensor expected, Tensor actual) {
        assertEquals(expected.shape(), actual.shape());
        double[] e = expected.toDoubleArray();
        double[] a = actual.toDoubleArray();
        double scale = 1;
        double largest = 0;
        for (int i = 0; i < e.length; i++) {
            scale = Math.max(scale, Math.abs(e[i]));
            // A NaN on one side alone must not pass.
            double d = Double.compare(e[i], a[i]) == 0 ? 0 : Math.abs(e[i] - a[i]);
            largest = Double.isNaN(d) ? Double.POSITIVE_INFINITY : Math.max(largest, d);
        }
        return largest / scale;
    }

    private static Result ours(OracleCase c, Tensor[] drawn, DType dtype, Rng seed) {
        Tensor[] inputs = new Tensor[drawn.length];
        List<Tensor> leaves = new ArrayList<>();
        for (int i = 0; i < drawn.length; i++) {
            inputs[i] = drawn[i].dtype().isInteger() ? drawn[i] : drawn[i].to(dtype);
            if (c.inputs().get(i).isDifferentiable()) {
                inputs[i] = inputs[i].tracked();
                leaves.add(inputs[i]);
            }
        }
        Tensor value = c.ours().apply(inputs);
        if (leaves.isEmpty()) {
            return new Result(value, List.of());
        }
        Gradients gradients = Gradients.vectorJacobian(List.of(value),
                List.of(seed.normal(DType.F32, value.shape()).to(dtype)), leaves);
        return new Result(value.detach(), leaves.stream().map(gradients::get).toList());
    }

    private static Result torch(OracleCase c, Tensor[] drawn, Rng seed) {
        List<String> signature = new ArrayList<>();
        for (int i = 0; i < drawn.length; i++) {
            signature.add((char) ('a' + i) + ": Tensor");
        }
        try (PtNDManager manager = Torch.manager();
                TorchFunction function = new TorchFunction(manager, String.join(", ", signature), "Tensor", c.body())) {
            NDList inputs = new NDList();
            List<PtNDArray> leaves = new ArrayList<>();
            for (int i = 0; i < drawn.length; i++) {
                PtNDArray a = Torch.copy(manager, drawn[i]);
                if (c.inputs().get(i).isDifferentiable()) {
                    a.setRequiresGradient(true);
                    leaves.add(a);
                }
                inputs.add(a);
            }
            JniUtils.setGradMode(true);
            PtNDArray value = (PtNDArray) function.run(inputs).singletonOrThrow();
            if (leaves.isEmpty()) {
                return new Result(tensor(value), List.of());
            }
            Tensor cotangent = seed.normal(DType.F32, Torch.shape(value)).to(DType.F64);
            JniUtils.backward(value, Torch.copy(manager, cotangent), false, false);
            return new Result(tensor(value), leaves.stream().map(leaf -> tensor(leaf.getGradient())).toList());
        }
    }

    private static Tensor tensor(NDArray a) {
        return Tensor.ofDoubles(Torch.values(a)).reshape(Torch.shape(a));
    }
}
