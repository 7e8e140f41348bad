package dev.ricci.gpu.probe;

import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What the host pays for an execution of small resident tasks, by tasks in a graph, graphs in a plan, with and without a captured CUDA graph, and
 * with one small array copied in and one out on every execution.
 */
final class OverheadProbe {
    private OverheadProbe() {
    }

    static void run() {
        Report report = new Report("host overhead", Gpu.backend());
        int[][] plans = Gpu.TINY ? new int[][] {{1, 1}, {1, 10}, {2, 5}} : new int[][] {{1, 1}, {1, 10}, {1, 50}, {1, 200}, {10, 20}};
        boolean nvidia = !Gpu.backend().startsWith("opencl");
        for (int[] p : plans) {
            for (boolean captured : nvidia ? new boolean[] {false, true} : new boolean[] {false}) {
                for (boolean inOut : p[0] == 1 && p[1] > 1 ? new boolean[] {false, true} : new boolean[] {false}) {
                    try {
                        plan(report, p[0], p[1], captured, inOut);
                    } catch (Throwable e) {
                        report.row("graphs", p[0], "tasks each", p[1], "CUDA graph", captured, "in and out", inOut, "failed", Gpu.words(e));
                    }
                }
            }
        }
        report.print();
    }

    private static void plan(Report report, int graphs, int tasks, boolean captured, boolean inOut) throws Exception {
        FloatArray arena = new FloatArray(1024);
        IntArray cfg = IntArray.fromElements(256);
        IntArray input = IntArray.fromElements(1);
        FloatArray output = new FloatArray(256);
        KernelContext context = new KernelContext();
        GridScheduler grids = new GridScheduler();
        ImmutableTaskGraph[] all = new ImmutableTaskGraph[graphs];
        long start = System.nanoTime();
        for (int g = 0; g < graphs; g++) {
            TaskGraph graph = new TaskGraph("g" + g);
            if (g == 0) {
                graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, arena, cfg);
            } else {
                graph.consumeFromDevice("g" + (g - 1), arena, cfg);
            }
            if (inOut) {
                graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, input);
            }
            for (int t = 0; t < tasks; t++) {
                if (inOut && t == 0) {
                    graph.task("t" + t, Kernels::bumpBy, context, arena, cfg, input);
                } else if (inOut && t == tasks - 1) {
                    graph.task("t" + t, Kernels::emit, context, arena, cfg, output);
                } else {
                    graph.task("t" + t, Kernels::bump, context, arena, cfg);
                }
                grids.addWorkerGrid("g" + g + ".t" + t, Gpu.groups(1, 1, 256));
            }
            if (graphs > 1) {
                graph.persistOnDevice(arena, cfg);
            }
            if (g == graphs - 1) {
                graph.transferToHost(DataTransferMode.UNDER_DEMAND, arena);
                if (inOut) {
                    graph.transferToHost(DataTransferMode.EVERY_EXECUTION, output);
                }
            }
            all[g] = graph.snapshot();
        }
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(all)) {
            plan.withGridScheduler(grids);
            if (captured) {
                plan.withCUDAGraph();
            }
            double build = Gpu.millisSince(start);
            int[] runs = {0};
            TornadoExecutionResult[] last = {null};
            double[] want = {0};
            boolean[] right = {true};
            Runnable step = () -> {
                input.set(0, 1 + runs[0] % 3);
                for (int g = 0; g < graphs; g++) {
                    last[0] = (graphs == 1 ? plan : plan.withGraph(g)).execute();
                }
                runs[0]++;
                if (inOut) {
                    want[0] += input.get(0) + tasks - 2;
                    right[0] &= output.get(7) == (float) want[0];
                } else {
                    want[0] += graphs * tasks;
                }
            };
            start = System.nanoTime();
            step.run();
            double first = Gpu.millisSince(start);
            start = System.nanoTime();
            step.run();
            double second = Gpu.millisSince(start);
            double micros = Gpu.medianMicros(300, 500, 1500, step);
            float[] values = Gpu.read(last[0], arena, 256, 256);
            for (float v : values) {
                right[0] &= v == (float) want[0];
            }
            report.row("graphs", graphs, "tasks each", tasks, "CUDA graph", captured, "in and out", inOut, "us per step", micros, "us per task",
                    micros / graphs / tasks, "right", right[0] ? "yes" : "NO: " + values[0] + ", out " + output.get(7) + ", for " + want[0], "graph+plan ms", build,
                    "first ms", first, "second ms", second);
            plan.freeDeviceMemory();
        }
    }
}
