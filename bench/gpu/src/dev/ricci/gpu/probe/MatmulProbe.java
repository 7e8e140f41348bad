package dev.ricci.gpu.probe;

import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** F32 matrix products by a register-blocked kernel, one compilation for all shapes: TFLOP/s, compile time, error, same bits twice. */
final class MatmulProbe {
    private MatmulProbe() {
    }

    /** Rows and columns of C that one work-group makes. */
    private static final int TILE = 128;

    /** Products in one graph, so that the launch on the host is not what is measured. */
    private static final int TASKS = 8;

    static void run() {
        Report report = new Report("matmul f32", Gpu.backend());
        int[][] shapes = Gpu.TINY ? new int[][] {{64, 64, 64}, {130, 70, 50}} : new int[][] {{1024, 1024, 1024}, {4096, 4096, 4096}, {8192, 8192, 8192}, {1000, 777, 555}};
        long need = 0;
        for (int[] s : shapes) {
            need = Math.max(need, (long) s[0] * s[2] + (long) s[2] * s[1] + (long) s[0] * s[1]);
        }
        try {
            products(report, shapes, (int) need);
        } catch (Throwable e) {
            report.row("failed", Gpu.words(e));
        }
        report.print();
    }

    private static void products(Report report, int[][] shapes, int need) throws Exception {
        FloatArray arena = new FloatArray(need);
        IntArray cfg = new IntArray(8);
        IntArray fillCfg = new IntArray(2);
        KernelContext context = new KernelContext();
        long start = System.nanoTime();
        TaskGraph fill = new TaskGraph("fill").transferToDevice(DataTransferMode.FIRST_EXECUTION, arena, fillCfg)
                .task("all", Kernels::fill, context, arena, fillCfg).persistOnDevice(arena);
        TaskGraph products = new TaskGraph("products").consumeFromDevice("fill", arena).transferToDevice(DataTransferMode.EVERY_EXECUTION, cfg);
        GridScheduler grids = new GridScheduler("fill.all", Gpu.groups((need + 255) / 256, 1, 256));
        for (int i = 0; i < TASKS; i++) {
            products.task("t" + i, Kernels::matmul, context, arena, cfg);
        }
        products.transferToHost(DataTransferMode.UNDER_DEMAND, arena);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(fill.snapshot(), products.snapshot())) {
            double build = Gpu.millisSince(start);
            fillCfg.set(0, 0);
            fillCfg.set(1, need);
            plan.withGraph(0).withGridScheduler(grids).execute();
            boolean first = true;
            for (int[] s : shapes) {
                int m = s[0];
                int n = s[1];
                int k = s[2];
                int b = m * k;
                int c = b + k * n;
                int[] words = {m, n, k, 0, b, c};
                for (int i = 0; i < words.length; i++) {
                    cfg.set(i, words[i]);
                }
                // two rows of groups at least: a grid must not change its number of dimensions between executions
                for (int i = 0; i < TASKS; i++) {
                    grids.addWorkerGrid("products.t" + i, Gpu.groups((n + TILE - 1) / TILE, Math.max(2, (m + TILE - 1) / TILE), 256));
                }
                // C of the largest shape reaches to the end of the arena, and C never overlaps A and B of its own shape
                plan.withGraph(0).withGridScheduler(grids).execute();
                start = System.nanoTime();
                TornadoExecutionResult result = plan.withGraph(1).withGridScheduler(grids).execute();
                double firstRun = Gpu.millisSince(start);
                float[] one = rows(result, arena, c, m, n);
                double error = error(one, m, n, k, b);
                double micros = Gpu.medianMicros(3, 15, 1500, () -> plan.withGraph(1).withGridScheduler(grids).execute()) / TASKS;
                plan.withProfiler(ProfilerMode.SILENT);
                result = plan.withGraph(1).withGridScheduler(grids).execute();
                double device = result.getProfilerResult().getDeviceKernelTime() / 1e6 / TASKS;
                plan.withoutProfiler();
                boolean same = Gpu.bits(one) == Gpu.bits(rows(result, arena, c, m, n));
                report.row("m n k", m + " " + n + " " + k, "ms", micros / 1e3, "TFLOP/s", 2.0 * m * n * k / micros / 1e6, "device ms", device, "max error / rms",
                        error, "same bits", same, "first execute ms", firstRun, "of it", first ? "compile of " + TASKS + " tasks" : "no compile", "graph+plan ms", build);
                first = false;
            }
            plan.freeDeviceMemory();
        }
    }

    /** First, middle and last row of C. */
    private static float[] rows(TornadoExecutionResult result, FloatArray arena, int c, int m, int n) {
        float[] all = new float[3 * n];
        int[] rows = {0, m / 2, m - 1};
        for (int i = 0; i < 3; i++) {
            System.arraycopy(Gpu.read(result, arena, (long) c + (long) rows[i] * n, n), 0, all, i * n, n);
        }
        return all;
    }

    /** Largest distance of the three rows from sums in double, over the root mean square of those sums. */
    static double error(float[] got, int m, int n, int k, int b) {
        int[] rows = {0, m / 2, m - 1};
        double worst = 0;
        double squares = 0;
        int count = 0;
        int step = Math.max(1, n / 256);
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < n; j += step) {
                double sum = 0;
                for (int d = 0; d < k; d++) {
                    sum += (double) Gpu.valueAt(rows[i] * k + d) * Gpu.valueAt(b + d * n + j);
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
