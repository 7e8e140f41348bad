package dev.ricci.gpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DeviceException;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.Linalg;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Program;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.Variable;
import dev.ricci.tensor.spi.CompiledProgram;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Storage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What goes to a device and comes back, and when, with a device that has memory and knows one kernel: adding. */
class ResidentProgramTest {
    private static final long MEMORY = 1 << 20;

    private final List<String> log = new ArrayList<>();

    private final class Memory implements DevicePlan {
        private final Description d;
        private final MemorySegment[] arrays = new MemorySegment[3];
        private final MemorySegment[] in = new MemorySegment[3];
        private final MemorySegment[] out = new MemorySegment[3];
        private final MemorySegment[] chunk = new MemorySegment[3];

        Memory(Description d) {
            this.d = d;
            for (int t = 0; t < 3; t++) {
                arrays[t] = take(t, d.sizes()[t]);
                in[t] = take(t, d.inputs()[t]);
                out[t] = take(t, d.results()[t]);
                chunk[t] = take(t, d.chunk()[t]);
            }
        }

        private static int bytes(int type) {
            return type == 2 ? 8 : 4;
        }

        private MemorySegment take(int type, int size) {
            return Arena.ofAuto().allocate((long) bytes(type) * Math.max(1, size), 8);
        }

        private void copy(int type, MemorySegment from, int fromAt, MemorySegment to, int toAt, int count) {
            MemorySegment.copy(from, (long) bytes(type) * fromAt, to, (long) bytes(type) * toAt, (long) bytes(type) * count);
        }

        @Override
        public MemorySegment inputs(int type) {
            return in[type];
        }

        @Override
        public MemorySegment results(int type) {
            return out[type];
        }

        @Override
        public void run() {
            log.add("run");
            for (int t = 0; t < 3; t++) {
                copy(t, in[t], 0, arrays[t], 0, d.inputs()[t]);
            }
            for (Segment s : d.segments()) {
                s.launches().forEach(this::launch);
                if (s.after() != null) {
                    s.after().run();
                }
            }
            for (int t = 0; t < 3; t++) {
                copy(t, arrays[t], d.inputs()[t], out[t], 0, d.results()[t]);
            }
        }

        private float at(int i) {
            return arrays[0].getAtIndex(ValueLayout.JAVA_FLOAT, i);
        }

        private void launch(Launch launch) {
            int[] p = launch.ints();
            for (int i = 0; i < p[Params.COUNT]; i++) {
                float a = at(p[Params.A] + i);
                switch (launch.kernel()) {
                    case BINARY -> arrays[0].setAtIndex(ValueLayout.JAVA_FLOAT, p[Params.OUT] + i, a + at(p[Params.B] + i));
                    case COPY -> arrays[0].setAtIndex(ValueLayout.JAVA_FLOAT, p[Params.OUT] + i, a);
                    default -> log.add(launch.kernel().name());
                }
            }
        }

        @Override
        public MemorySegment chunk(int type) {
            return chunk[type];
        }

        @Override
        public void store(int type, int at, int count) {
            log.add("store " + count);
            copy(type, chunk[type], 0, arrays[type], at, count);
        }

        @Override
        public void load(int type, int at, int count) {
            log.add("load " + count);
            copy(type, arrays[type], at, chunk[type], 0, count);
        }

        @Override
        public void close() {
            log.add("close");
        }
    }

    private final DeviceHalf half = new DeviceHalf() {
        @Override
        public String unavailable() {
            return null;
        }

        @Override
        public String device() {
            return "a pretence";
        }

        @Override
        public void run(List<Launch> launches, dev.ricci.gpu.Arena arena) {
            throw new IllegalStateException("whole programs only");
        }

        @Override
        public long memory() {
            return MEMORY;
        }

        @Override
        public long largestArray() {
            return 1 << 18;
        }

        @Override
        public DevicePlan plan(DevicePlan.Description description) {
            return new Memory(description);
        }
    };

    private final GpuBackend backend = new GpuBackend(half, false);
    private final Variable w = Variable.of("w", Tensor.of(1, 2, 3), false);

    /** Gives x + w and adds x to w. */
    private Program step() {
        return NoGrad.call(() -> Program.capture("step", in -> {
            Tensor y = in.getFirst().add(w.value());
            w.assign(y);
            return List.of(y);
        }, List.of(Tensor.of(0, 0, 0))));
    }

    private static float[] run(CompiledProgram p, float... x) {
        float[] y = new float[x.length];
        p.run(new Storage[] {HeapStorage.of(x)}, new Storage[] {HeapStorage.of(y)});
        return y;
    }

    @Test
    void statesStayUntilSomebodyReadsThem() {
        CompiledProgram p = backend.compile(step().graph());
        assertArrayEquals(new float[] {2, 3, 4}, run(p, 1, 1, 1));
        assertArrayEquals(new float[] {3, 4, 5}, run(p, 1, 1, 1));
        assertEquals(List.of("store 3", "run", "run"), log);
        assertArrayEquals(new float[] {3, 4, 5}, w.value().toFloatArray());
        assertArrayEquals(new float[] {3, 4, 5}, w.value().toFloatArray());
        run(p, 1, 1, 1);
        assertEquals(List.of("store 3", "run", "run", "load 3", "run"), log);
    }

    @Test
    void whatTheHostChangedGoesThereAgain() {
        CompiledProgram p = backend.compile(step().graph());
        run(p, 1, 1, 1);
        w.assign(Tensor.of(10, 20, 30));
        assertArrayEquals(new float[] {11, 21, 31}, run(p, 1, 1, 1));
        assertArrayEquals(new float[] {11, 21, 31}, w.value().toFloatArray());
        assertEquals(List.of("store 3", "run", "load 3", "store 3", "run", "load 3"), log);
    }

    @Test
    void programsBringBackEachOthersStates() {
        CompiledProgram first = backend.compile(step().graph());
        CompiledProgram second = backend.compile(step().graph());
        run(first, 1, 1, 1);
        assertArrayEquals(new float[] {4, 5, 6}, run(second, 2, 2, 2));
        assertArrayEquals(new float[] {7, 8, 9}, run(first, 3, 3, 3));
        assertArrayEquals(new float[] {7, 8, 9}, w.value().toFloatArray());
    }

    @Test
    void closingBringsStatesBackAndGivesMemoryBack() {
        CompiledProgram p = backend.compile(step().graph());
        run(p, 1, 1, 1);
        p.close();
        p.close();
        assertEquals(List.of("store 3", "run", "load 3", "close"), log);
        assertArrayEquals(new float[] {2, 3, 4}, w.value().toFloatArray());
        assertThrows(DeviceException.class, () -> run(p, 1, 1, 1));
    }

    @Test
    void anOpWithoutKernelRunsOnTheCpu() {
        Tensor a = Tensor.of(new float[] {4, 0, 0, 9}, 2, 2);
        Program p = NoGrad.call(() -> Program.capture("p", in -> List.of(Linalg.cholesky(in.getFirst().add(a)).add(a)),
                List.of(a)));
        CompiledProgram there = backend.compile(p.graph());
        assertArrayEquals(new float[] {7, 0, 0, 13}, run(there, 5, 0, 0, 7));
        assertTrue(there.table().contains("on the CPU"), there.table());
        assertThrows(DeviceException.class, () -> new GpuBackend(half, true).compile(p.graph()));
    }

    @Test
    void whatDoesNotFitIsRefusedBeforeAnythingMoves() {
        Program p = NoGrad.call(() -> Program.capture("wide", in -> List.of(in.getFirst().add(1)),
                List.of(Tensor.zeros(1 << 20))));
        String message = assertThrows(DeviceException.class, () -> backend.compile(p.graph())).getMessage();
        assertTrue(message.contains("'wide'") && message.contains("a pretence") && message.contains("1.0 MB"), message);
        assertEquals(List.of(), log);
    }

    @Test
    void anArrayLargerThanTheDeviceAllowsIsRefused() {
        Program p = NoGrad.call(() -> Program.capture("long", in -> List.of(in.getFirst().add(1).mean()),
                List.of(Tensor.zeros(1 << 16))));
        String message = assertThrows(DeviceException.class, () -> backend.compile(p.graph())).getMessage();
        assertTrue(message.contains("'long'") && message.contains("one array"), message);
    }

    @Test
    void doublesAreRefused() {
        Program p = NoGrad.call(() -> Program.capture("p", in -> List.of(in.getFirst().to(DType.F64).sum()),
                List.of(Tensor.of(1))));
        String message = assertThrows(DeviceException.class, () -> backend.compile(p.graph())).getMessage();
        assertTrue(message.contains("F64"), message);
    }

    @Test
    void idsThatAreInputsAreChecked() {
        Tensor table = Tensor.of(new float[] {1, 2}, 2, 1);
        Program p = NoGrad.call(() -> Program.capture("p", in -> List.of(table.indexSelect(0, in.getFirst())),
                List.of(Tensor.ofInts(new int[] {0}, 1))));
        CompiledProgram there = backend.compile(p.graph());
        assertThrows(IndexOutOfRangeException.class, () -> there.run(new Storage[] {HeapStorage.of(new int[] {2})},
                new Storage[] {HeapStorage.of(new float[1])}));
        assertFalse(log.contains("run"));
    }

    @Test
    void aStateWrittenFromItselfIsCopiedFirst() {
        Variable v = Variable.of("v", Tensor.of(1, 2, 3, 4), false);
        Program p = NoGrad.call(() -> Program.capture("p", in -> {
            v.assign(v.value().flip(0));
            return List.of(in.getFirst().add(v.value()));
        }, List.of(Tensor.of(0, 0, 0, 0))));
        long copies = backend.compile(p.graph()).graph().instructions().stream()
                .filter(i -> i.op().name().equals("copy")).count();
        assertEquals(1, copies);
    }
}
