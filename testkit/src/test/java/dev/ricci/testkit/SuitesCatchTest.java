package dev.ricci.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.cpu.CpuBackend;
import dev.ricci.tensor.op.BinaryKind;
import dev.ricci.tensor.op.CustomOp;
import dev.ricci.tensor.op.Elementwise;
import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.reference.ReferenceBackend;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import dev.ricci.tensor.spi.Storage;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The suites fail for what is wrong: an op without a row, a wrong kernel of each kind, a wrong gradient. */
final class SuitesCatchTest {
    private static final OpRow ADD = OpCatalog.row("Binary ADD");

    @FunctionalInterface
    private interface Fault {
        void run(Operand[] in, Operand[] out);
    }

    /** Plain kernels, but additions go wrong. */
    private record Wrong(Fault fault) implements Backend {
        @Override
        public String name() {
            return "wrong";
        }

        @Override
        public Device device() {
            return Device.cpu();
        }

        @Override
        public Storage allocate(DType dtype, int size) {
            return HeapStorage.allocate(dtype, size);
        }

        @Override
        public void execute(Op op, Operand[] in, Operand[] out) {
            boolean add = op instanceof Elementwise.Binary b && b.kind() == BinaryKind.ADD
                    && in[0].dtype() == DType.F32;
            if (add) {
                fault.run(in, out);
            } else {
                CpuBackend.plain().execute(op, in, out);
            }
        }
    }

    private static void add(Operand[] in, Operand[] out) {
        ReferenceBackend.INSTANCE.execute(new Elementwise.Binary(BinaryKind.ADD), in, out);
    }

    private static String forwardFailure(Fault fault) {
        return assertThrows(AssertionError.class, () -> Conformance.check(ADD, Profile.FORWARD, 200,
                c -> BackendConformance.checkForward(new Wrong(fault), ADD, c))).getMessage();
    }

    @Test
    void theHarnessItselfPasses() {
        Conformance.check(ADD, Profile.FORWARD, 200, c -> BackendConformance.checkForward(
                new Wrong(SuitesCatchTest::add), ADD, c));
    }

    @Test
    void missingRows() {
        assertEquals(List.of(), OpCatalog.missing());
        List<OpRow> fewer = OpCatalog.rows().stream()
                .filter(r -> !r.name().equals("MatMul") && !r.name().equals("Unary TANH")
                        && !r.name().equals("UnaryBackward SILU")).toList();
        assertEquals(List.of("Unary TANH", "UnaryBackward SILU", "MatMul"), OpCatalog.missing(fewer));
        assertTrue(OpCatalog.missing(List.of()).contains("CustomOp"));
    }

    @Test
    void wrongElementAndTheReportIsSmallAndRepeatable() {
        Fault last = (in, out) -> {
            add(in, out);
            if (out[0].size() > 2) {
                out[0].heap().floats()[out[0].size() - 1] += 0.25f;
            }
        };
        String message = forwardFailure(last);
        assertTrue(message.contains("-Dricci.conformance.seed="), message);
        assertTrue(message.contains("1 of 3 elements differ") || message.contains("1 of 4 elements differ"), message);
        assertEquals(message, forwardFailure(last));
    }

    @Test
    void layoutIgnored() {
        String message = forwardFailure((in, out) -> add(new Operand[] {in[0], new Operand(in[1].storage(),
                Layout.dense(in[1].shape(), Math.min(in[1].layout().offset(),
                        Math.max(0, in[1].storage().size() - in[1].size()))))}, out));
        assertTrue(message.contains("Layout["), message);
    }

    @Test
    void oldValuesOfTheOutputUsed() {
        String message = forwardFailure((in, out) -> {
            float[] old = out[0].heap().floats().clone();
            add(in, out);
            for (int i = 0; i < old.length; i++) {
                out[0].heap().floats()[i] += old[i];
            }
        });
        assertTrue(message.contains("outputs with old values"), message);
    }

    @Test
    void inputChanged() {
        String message = forwardFailure((in, out) -> {
            add(in, out);
            if (in[1].size() > 0) {
                in[1].heap().floats()[in[1].layout().offset()] = 77;
            }
        });
        assertTrue(message.contains("input 1 was changed") || message.contains("input 0 was changed"), message);
    }

    @Test
    void wrongGradientInTheBackend() {
        // The gradient of x * x * x needs an addition of two gradients; a row of its own shows it.
        OpRow cube = OpRow.of(Cube.class, g -> OpCase.of(new Cube(1), g.floats(g.shape(0, 2)))).differentiable(0);
        Backend wrong = new Wrong((in, out) -> ReferenceBackend.INSTANCE.execute(
                new Elementwise.Binary(BinaryKind.SUB), in, out));
        assertThrows(AssertionError.class, () -> Conformance.check(cube, Profile.GRADIENT, 200,
                c -> BackendConformance.checkGradient(wrong, cube, c)));
        Conformance.check(cube, Profile.GRADIENT, 200,
                c -> BackendConformance.checkGradient(CpuBackend.plain(), cube, c));
    }

    @Test
    void wrongGradientRule() {
        OpRow right = OpRow.of(Cube.class, g -> OpCase.of(new Cube(1), g.floats(g.shape(0, 2)))).differentiable(0);
        OpRow wrong = OpRow.of(Cube.class, g -> OpCase.of(new Cube(1.001), g.floats(g.shape(0, 2)))).differentiable(0);
        Conformance.check(right, Profile.FINITE_DIFFERENCES, 200,
                c -> GradientConformance.checkDifferences(right, c));
        assertThrows(AssertionError.class, () -> Conformance.check(wrong, Profile.FINITE_DIFFERENCES, 200,
                c -> GradientConformance.checkDifferences(wrong, c)));
    }

    @Test
    void gradientThatTheRowDoesNotList() {
        OpRow unlisted = OpRow.of(Cube.class, g -> OpCase.of(new Cube(1), g.floats(g.nonEmpty(0, 2))));
        assertThrows(AssertionError.class, () -> Conformance.check(unlisted, Profile.FINITE_DIFFERENCES, 20,
                c -> GradientConformance.checkOthers(unlisted, c)));
    }

    /** x^3 with a gradient off by a factor. */
    private record Cube(double factor) implements CustomOp {
        @Override
        public String name() {
            return "cube";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            return in;
        }

        @Override
        public List<Tensor> forward(List<Tensor> in) {
            return List.of(in.getFirst().square().mul(in.getFirst()));
        }

        @Override
        public List<Tensor> gradient(List<Tensor> in, List<Tensor> out, List<Tensor> gradients) {
            Tensor square = in.getFirst().square();
            return List.of(gradients.getFirst().mul(square.add(square).add(square)).mul(factor));
        }
    }
}
