package dev.ricci.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.Backends;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.DeviceException;
import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.Linalg;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Indexing;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Everything but the kernels, with a device that notes what it should run. */
class GpuBackendTest {
    private final List<Launch> ran = new ArrayList<>();

    private final DeviceHalf device = new DeviceHalf() {
        @Override
        public String unavailable() {
            return null;
        }

        @Override
        public String device() {
            return "a pretence";
        }

        @Override
        public void run(List<Launch> launches, Arena arena) {
            ran.addAll(launches);
        }

        @Override
        public long memory() {
            return 1 << 20;
        }

        @Override
        public long largestArray() {
            return 1 << 18;
        }

        @Override
        public DevicePlan plan(DevicePlan.Description description) {
            throw new IllegalStateException("single ops only");
        }
    };

    private Tensor on(boolean strict, Supplier<Tensor> body) {
        return Backends.with(new GpuBackend(device, strict), body);
    }

    @Test
    void runsWhatHasAKernel() {
        on(true, () -> Tensor.of(1, 2).exp());
        assertEquals(List.of(Kernel.UNARY), ran.stream().map(Launch::kernel).toList());
    }

    @Test
    void strictRefusesWhatHasNone() {
        Tensor a = Tensor.of(new float[] {2, 0, 0, 2}, 2, 2);
        String message = assertThrows(DeviceException.class, () -> on(true, () -> Linalg.cholesky(a))).getMessage();
        assertTrue(message.contains("cholesky") && message.contains("ricci.gpu.strict"), message);
    }

    @Test
    void otherwiseTheCpuDoesIt() {
        Tensor a = Tensor.of(new float[] {4, 0, 0, 4}, 2, 2);
        assertEquals(2f, on(false, () -> Linalg.cholesky(a)).toFloatArray()[0]);
        assertEquals(List.of(), ran);
    }

    @Test
    void doublesStayWithTheReference() {
        Tensor x = Tensor.of(1, 2).to(DType.F64);
        assertEquals(3.0, on(true, () -> x.sum()).toDoubleArray()[0]);
        assertEquals(List.of(), ran);
    }

    @Test
    void idsAreCheckedBeforeAnythingRuns() {
        Tensor x = Tensor.of(new float[] {1, 2}, 2, 1);
        assertThrows(IndexOutOfRangeException.class,
                () -> on(true, () -> Tensor.apply(new Indexing.IndexSelect(0), x, Tensor.ofInts(new int[] {2}, 1))));
        assertEquals(List.of(), ran);
    }
}
