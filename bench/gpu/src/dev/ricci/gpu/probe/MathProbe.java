package dev.ricci.gpu.probe;

import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Error of the mathematical functions a model needs, with the fast-math setting that the process was started with. */
final class MathProbe {
    private MathProbe() {
    }

    private static final int COUNT = 65536;

    private enum Function {
        EXP, LOG, TANH, SQRT, SIN, DIVIDE, POW
    }

    static void run() {
        Report report = new Report("math", Gpu.backend() + " " + System.getProperty("probe.flags", ""));
        for (Function f : Function.values()) {
            try {
                function(report, f);
            } catch (Throwable e) {
                report.row("function", f.name(), "failed", Gpu.words(e));
            }
        }
        report.print();
    }

    // a kernel is called in C as its method is in Java: one called exp would clash with the function

    static void mapExp(KernelContext context, FloatArray in, FloatArray out) {
        out.set(context.globalIdx, TornadoMath.exp(in.get(context.globalIdx)));
    }

    static void mapLog(KernelContext context, FloatArray in, FloatArray out) {
        out.set(context.globalIdx, TornadoMath.log(in.get(context.globalIdx)));
    }

    static void mapTanh(KernelContext context, FloatArray in, FloatArray out) {
        out.set(context.globalIdx, TornadoMath.tanh(in.get(context.globalIdx)));
    }

    static void mapSqrt(KernelContext context, FloatArray in, FloatArray out) {
        out.set(context.globalIdx, TornadoMath.sqrt(in.get(context.globalIdx)));
    }

    static void mapSin(KernelContext context, FloatArray in, FloatArray out) {
        out.set(context.globalIdx, TornadoMath.sin(in.get(context.globalIdx)));
    }

    static void mapDivide(KernelContext context, FloatArray in, FloatArray out) {
        out.set(context.globalIdx, 3f / in.get(context.globalIdx));
    }

    static void mapPow(KernelContext context, FloatArray in, FloatArray out) {
        out.set(context.globalIdx, TornadoMath.pow(in.get(context.globalIdx), 0.7f));
    }

    private static void function(Report report, Function f) throws Exception {
        FloatArray in = new FloatArray(COUNT);
        FloatArray out = new FloatArray(COUNT);
        boolean positive = f == Function.LOG || f == Function.SQRT || f == Function.POW;
        for (int i = 0; i < COUNT; i++) {
            in.set(i, positive ? 1e-3f + i * 1e-3f : (i - COUNT / 2 + 0.5f) * (10f / COUNT * 2));
        }
        TaskGraph graph = new TaskGraph("math").transferToDevice(DataTransferMode.EVERY_EXECUTION, in);
        KernelContext context = new KernelContext();
        switch (f) {
            case EXP -> graph.task("t", MathProbe::mapExp, context, in, out);
            case LOG -> graph.task("t", MathProbe::mapLog, context, in, out);
            case TANH -> graph.task("t", MathProbe::mapTanh, context, in, out);
            case SQRT -> graph.task("t", MathProbe::mapSqrt, context, in, out);
            case SIN -> graph.task("t", MathProbe::mapSin, context, in, out);
            case DIVIDE -> graph.task("t", MathProbe::mapDivide, context, in, out);
            case POW -> graph.task("t", MathProbe::mapPow, context, in, out);
        }
        graph.transferToHost(DataTransferMode.EVERY_EXECUTION, out);
        long start = System.nanoTime();
        double first;
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(new GridScheduler("math.t", Gpu.groups(COUNT / 256, 1, 256))).execute();
            first = Gpu.millisSince(start);
            plan.freeDeviceMemory();
        }
        double relative = 0;
        double absolute = 0;
        double steps = 0;
        for (int i = 0; i < COUNT; i++) {
            double x = in.get(i);
            double want = switch (f) {
                case EXP -> Math.exp(x);
                case LOG -> Math.log(x);
                case TANH -> Math.tanh(x);
                case SQRT -> Math.sqrt(x);
                case SIN -> Math.sin(x);
                case DIVIDE -> 3 / x;
                case POW -> Math.pow(x, 0.7f);
            };
            double distance = Math.abs(out.get(i) - want);
            absolute = distance <= absolute ? absolute : distance;
            double ratio = distance / Math.max(Math.abs(want), 1e-30);
            relative = ratio <= relative ? relative : ratio;
            double ulps = distance / Math.ulp((float) want);
            steps = ulps <= steps ? steps : ulps;
        }
        report.row("function", f.name(), "max ulps", steps, "max relative", relative, "max absolute", absolute, "graph, plan, compile, run ms", first);
    }
}
