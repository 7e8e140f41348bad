package dev.ricci.gpu.probe;

import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Kernels bound by memory: copy, sum of rows, softmax of rows. GB/s counts each input read once and each output written once. */
final class RowsProbe {
    private RowsProbe() {
    }

    private static final int TASKS = 8;

    static void run() {
        Report report = new Report("rows", Gpu.backend());
        int[][] shapes = Gpu.TINY ? new int[][] {{8, 300}} : new int[][] {{4096, 4096}, {32768, 4096}};
        for (String kind : new String[] {"copy", "copy by 4", "row sum", "softmax"}) {
            for (int[] s : shapes) {
                for (boolean captured : Gpu.backend().equals("opencl") ? new boolean[] {false} : new boolean[] {false, true}) {
                    try {
                        rows(report, kind, s[0], s[1], captured);
                    } catch (Throwable e) {
                        report.row("kernel", kind, "rows", s[0], "columns", s[1], "CUDA graph", captured, "failed", Gpu.words(e));
                    }
                }
            }
        }
        report.print();
    }

    private static void rows(Report report, String kind, int rows, int columns, boolean captured) throws Exception {
        int count = rows * columns;
        FloatArray arena = new FloatArray(2 * count);
        IntArray fillCfg = IntArray.fromElements(0, count);
        IntArray cfg = kind.startsWith("copy") ? IntArray.fromElements(0, count, 0, count) : IntArray.fromElements(rows, columns, 0, count);
        KernelContext context = new KernelContext();
        TaskGraph fill = new TaskGraph("fill").transferToDevice(DataTransferMode.FIRST_EXECUTION, arena, fillCfg)
                .task("all", Kernels::fill, context, arena, fillCfg).persistOnDevice(arena);
        TaskGraph graph = new TaskGraph("rows").consumeFromDevice("fill", arena).transferToDevice(DataTransferMode.FIRST_EXECUTION, cfg);
        int items = kind.endsWith("4") ? 4 : 1;
        GridScheduler grids = new GridScheduler("fill.all", Gpu.groups((count + 255) / 256, 1, 256));
        for (int i = 0; i < TASKS; i++) {
            switch (kind) {
                case "copy" -> graph.task("t" + i, Kernels::copy, context, arena, cfg);
                case "copy by 4" -> graph.task("t" + i, Kernels::copyBy4, context, arena, cfg);
                case "row sum" -> graph.task("t" + i, Kernels::rowSum, context, arena, cfg);
                default -> graph.task("t" + i, Kernels::softmax, context, arena, cfg);
            }
            grids.addWorkerGrid("rows.t" + i, Gpu.groups(kind.startsWith("copy") ? (count + 256 * items - 1) / (256 * items) : rows, 1, 256));
        }
        graph.transferToHost(DataTransferMode.UNDER_DEMAND, arena);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(fill.snapshot(), graph.snapshot())) {
            if (captured) {
                plan.withCUDAGraph();
            }
            plan.withGraph(0).withGridScheduler(grids).execute();
            long start = System.nanoTime();
            TornadoExecutionResult result = plan.withGraph(1).withGridScheduler(grids).execute();
            double first = Gpu.millisSince(start);
            float[] one = results(result, arena, kind, rows, columns);
            double error = error(one, kind, rows, columns);
            double micros = Gpu.medianMicros(5, 30, 500, () -> plan.withGraph(1).withGridScheduler(grids).execute()) / TASKS;
            result = plan.withGraph(1).withGridScheduler(grids).execute();
            boolean same = Gpu.bits(one) == Gpu.bits(results(result, arena, kind, rows, columns));
            double bytes = 4.0 * count * (kind.equals("row sum") ? 1 : 2);
            report.row("kernel", kind, "rows", rows, "columns", columns, "CUDA graph", captured, "us", micros, "GB/s", bytes / micros / 1e3, "max error", error, "same bits", same,
                    "first execute ms", first);
            plan.freeDeviceMemory();
        }
    }

    /** All sums, or the first and the last row of the result. */
    private static float[] results(TornadoExecutionResult result, FloatArray arena, String kind, int rows, int columns) {
        int out = rows * columns;
        if (kind.equals("row sum")) {
            return Gpu.read(result, arena, out, rows);
        }
        float[] both = new float[2 * columns];
        System.arraycopy(Gpu.read(result, arena, out, columns), 0, both, 0, columns);
        System.arraycopy(Gpu.read(result, arena, (long) out + (long) (rows - 1) * columns, columns), 0, both, columns, columns);
        return both;
    }

    private static double error(float[] got, String kind, int rows, int columns) {
        double worst = 0;
        if (kind.equals("row sum")) {
            for (int r = 0; r < rows; r += Math.max(1, rows / 64)) {
                double sum = 0;
                for (int i = 0; i < columns; i++) {
                    sum += Gpu.valueAt(r * columns + i);
                }
                worst = Math.max(worst, Math.abs(sum - got[r]));
            }
            return worst;
        }
        int[] which = {0, rows - 1};
        for (int w = 0; w < 2; w++) {
            double sum = 0;
            for (int i = 0; i < columns; i++) {
                sum += Math.exp(Gpu.valueAt(which[w] * columns + i));
            }
            for (int i = 0; i < columns; i++) {
                double x = Gpu.valueAt(which[w] * columns + i);
                double want = kind.startsWith("copy") ? x : Math.exp(x) / sum;
                double distance = Math.abs(want - got[w * columns + i]) / (kind.startsWith("copy") ? 1 : want);
                worst = distance <= worst ? worst : distance;
            }
        }
        return worst;
    }
}
