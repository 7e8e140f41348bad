package dev.ricci.gpu.probe;

import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.cublas.CuBlas;

/** Matrix products on tensor cores: by kernels in KernelContext style, by TornadoVM's cuBLAS tasks, and by cuBLAS called with offsets into an arena. */
final class HalfProbe {
    private HalfProbe() {
    }

    private static final int TASKS = 8;

    private enum Way {
        KERNEL_BF16_PACKED, KERNEL_F16_ASYNC, CUBLAS_TASK_F16, CUBLAS_TASK_F32, CUBLAS_TASK_TF32, ARENA_F16, ARENA_BF16, ARENA_F32, ARENA_TF32;

        boolean wholeFloats() {
            return this == CUBLAS_TASK_F32 || this == CUBLAS_TASK_TF32;
        }

        boolean wholeHalves() {
            return this == CUBLAS_TASK_F16 || this == KERNEL_F16_ASYNC;
        }

        boolean floats() {
            return wholeFloats() || this == ARENA_F32 || this == ARENA_TF32;
        }

        boolean bf16() {
            return this == KERNEL_BF16_PACKED || this == ARENA_BF16;
        }
    }

    static void run() {
        Report report = new Report("matmul half and cuBLAS", Gpu.backend());
        int[] sizes = Gpu.TINY ? new int[] {128} : new int[] {1024, 4096, 8192};
        String only = System.getProperty("probe.half");
        for (Way way : Way.values()) {
            if (only != null && !(',' + only + ',').contains(',' + way.name() + ',')) {
                continue;
            }
            for (int n : sizes) {
                for (boolean captured : n == sizes[0] && way.name().startsWith("ARENA") ? new boolean[] {false, true} : new boolean[] {false}) {
                    try {
                        product(report, way, n, captured);
                    } catch (Throwable e) {
                        report.row("way", way.name(), "n", n, "CUDA graph", captured, "failed", Gpu.words(e));
                    }
                }
            }
        }
        report.print();
    }

    /** Fills halves, two to a word: both operands of the product at once. {@code cfg = [count, 1 for bf16]}. */
    static void fillPacked(KernelContext context, IntArray halves, IntArray cfg) {
        int i = context.globalIdx;
        if (i * 2 < cfg.get(0)) {
            halves.set(i, bits(i * 2, cfg.get(1)) | (bits(i * 2 + 1, cfg.get(1)) << 16));
        }
    }

    /** The bits of a small multiple of 1/8 that depends on the index: exact in both half formats. */
    static int bits(int index, int bf16) {
        int h = (index * 0x9E3779B1) & 0x7FFFFFFF;
        h = ((h ^ (h >> 15)) * 0x85EBCA77) & 0x7FFFFFFF;
        h ^= h >> 13;
        int eighths = (h & 15) - 8;
        int sign = eighths < 0 ? 0x8000 : 0;
        int size = eighths < 0 ? -eighths : eighths;
        // size / 8 = 1.f * 2^e: find the leading one of size in 1..8
        int e = size >= 8 ? 3 : size >= 4 ? 2 : size >= 2 ? 1 : 0;
        int fraction = size - (1 << e);
        int asHalf = ((e - 3 + 15) << 10) | (fraction << (10 - e));
        int asBf16 = ((e - 3 + 127) << 7) | (fraction << (7 - e));
        int positive = bf16 == 1 ? asBf16 : asHalf;
        return size == 0 ? 0 : sign | positive;
    }

    static float value(int index) {
        return Float.float16ToFloat((short) bits(index, 0));
    }

    private static void product(Report report, Way way, int n, boolean captured) throws Exception {
        int square = n * n;
        FloatArray out = new FloatArray(way.floats() && !way.wholeFloats() ? 3 * square : square);
        IntArray packed = new IntArray(way.floats() || way.wholeHalves() ? 1 : square);
        HalfFloatArray halfA = new HalfFloatArray(way == Way.KERNEL_F16_ASYNC ? 2 * square : way.wholeHalves() ? square : 1);
        HalfFloatArray halfB = new HalfFloatArray(way == Way.CUBLAS_TASK_F16 ? square : 1);
        FloatArray floatA = new FloatArray(way.wholeFloats() ? square : 1);
        FloatArray floatB = new FloatArray(way.wholeFloats() ? square : 1);
        IntArray cfg = IntArray.fromElements(n, n, n, 0, square, 0);
        IntArray fillCfg = IntArray.fromElements(2 * square, way.bf16() ? 1 : 0);
        fillOnHost(way, square, out, halfA, halfB, floatA, floatB);
        KernelContext context = new KernelContext();
        GridScheduler grids = new GridScheduler();
        TaskGraph graph = new TaskGraph("half");
        Object operandA = way.floats() ? way.wholeFloats() ? floatA : out : way.wholeHalves() ? halfA : packed;
        Object operandB = way == Way.CUBLAS_TASK_F16 ? halfB : way.wholeFloats() ? floatB : operandA;
        if (operandA == operandB) {
            graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, operandA, cfg, fillCfg);
        } else {
            graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, operandA, operandB, cfg, fillCfg);
        }
        if (operandA != out) {
            graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, out);
        }
        if (operandA == packed) {
            graph.task("fill", HalfProbe::fillPacked, context, packed, fillCfg);
            grids.addWorkerGrid("half.fill", Gpu.groups((square + 255) / 256, 1, 256));
        }
        for (int t = 0; t < TASKS; t++) {
            String name = "t" + t;
            if (way == Way.KERNEL_BF16_PACKED || way == Way.KERNEL_F16_ASYNC) {
                grids.addWorkerGrid("half." + name, Gpu.groups(n / 128, n / 128, 256));
            }
            switch (way) {
                case KERNEL_BF16_PACKED -> graph.task(name, HalfKernels::packedBf16, context, packed, out, cfg);
                case KERNEL_F16_ASYNC -> graph.task(name, HalfKernels::asyncF16, context, halfA, out, cfg);
                case CUBLAS_TASK_F16 -> graph.libraryTask(name, CuBlas::cublasGemmExFP16FP32, 0, 0, n, n, n, 1f, halfB, n, halfA, n, 0f, out, n);
                case CUBLAS_TASK_F32 -> graph.libraryTask(name, CuBlas::cublasSgemm, 0, 0, n, n, n, 1f, floatB, n, floatA, n, 0f, out, n);
                case CUBLAS_TASK_TF32 -> graph.libraryTask(name, CuBlas::cublasSgemmTF32, 0, 0, n, n, n, 1f, floatB, n, floatA, n, 0f, out, n);
                case ARENA_F16 -> graph.libraryTask(name, ArenaBlas::packed, packed, out, cfg, ArenaBlas.F16);
                case ARENA_BF16 -> graph.libraryTask(name, ArenaBlas::packed, packed, out, cfg, ArenaBlas.BF16);
                case ARENA_F32 -> graph.libraryTask(name, ArenaBlas::floats, out, cfg, 2 * square, ArenaBlas.F32);
                case ARENA_TF32 -> graph.libraryTask(name, ArenaBlas::floats, out, cfg, 2 * square, ArenaBlas.TF32);
            }
        }
        long start = System.nanoTime();
        graph.transferToHost(DataTransferMode.UNDER_DEMAND, out);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            if (!grids.keySet().isEmpty()) {
                // a scheduler that names no task is refused
                plan.withGridScheduler(grids);
            }
            if (captured) {
                plan.withCUDAGraph();
            }
            TornadoExecutionResult result = plan.execute();
            double first = Gpu.millisSince(start);
            int c = way == Way.ARENA_F32 || way == Way.ARENA_TF32 ? 2 * square : 0;
            float[] one = rows(result, out, c, n);
            double error = error(one, n, square);
            double micros = Gpu.medianMicros(3, 15, 800, plan::execute) / TASKS;
            result = plan.execute();
            boolean same = Gpu.bits(one) == Gpu.bits(rows(result, out, c, n));
            report.row("way", way.name(), "n", n, "CUDA graph", captured, "ms", micros / 1e3, "TFLOP/s", 2.0 * n * n * n / micros / 1e6, "max error / rms", error,
                    "same bits", same, "plan and first execute ms", first);
            plan.freeDeviceMemory();
        }
    }

    private static void fillOnHost(Way way, int square, FloatArray out, HalfFloatArray halfA, HalfFloatArray halfB, FloatArray floatA, FloatArray floatB) {
        out.init(0f);
        for (int i = 0; i < square; i++) {
            if (way.wholeFloats()) {
                floatA.set(i, value(i));
                floatB.set(i, value(square + i));
            } else if (way.floats()) {
                out.set(i, value(i));
                out.set(square + i, value(square + i));
            } else if (way == Way.CUBLAS_TASK_F16) {
                halfA.set(i, new HalfFloat((short) bits(i, 0)));
                halfB.set(i, new HalfFloat((short) bits(square + i, 0)));
            } else if (way == Way.KERNEL_F16_ASYNC) {
                halfA.set(i, new HalfFloat((short) bits(i, 0)));
                halfA.set(square + i, new HalfFloat((short) bits(square + i, 0)));
            }
        }
    }

    private static float[] rows(TornadoExecutionResult result, FloatArray out, int c, int n) {
        float[] all = new float[3 * n];
        int[] rows = {0, n / 2, n - 1};
        for (int i = 0; i < 3; i++) {
            System.arraycopy(Gpu.read(result, out, (long) c + (long) rows[i] * n, n), 0, all, i * n, n);
        }
        return all;
    }

    private static double error(float[] got, int n, int square) {
        int[] rows = {0, n / 2, n - 1};
        double worst = 0;
        double squares = 0;
        int count = 0;
        int step = Math.max(1, n / 256);
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < n; j += step) {
                double sum = 0;
                for (int d = 0; d < n; d++) {
                    sum += (double) value(rows[i] * n + d) * value(square + d * n + j);
                }
                double distance = Math.abs(sum - got[i * n + j]);
                worst = distance <= worst ? worst : distance;
                squares += sum * sum;
                count++;
            }
        }
        return worst / Math.sqrt(squares / count);
    }
}
