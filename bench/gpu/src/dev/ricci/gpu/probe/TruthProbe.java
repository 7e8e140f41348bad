package dev.ricci.gpu.probe;

import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.annotations.Reduce;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.BFloat16Array;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/** Features of which it is not known whether they compute the right thing on this backend. */
final class TruthProbe {
    private TruthProbe() {
    }

    /** One question: its answer in words, or an exception. */
    private interface Question {
        String answer() throws Exception;
    }

    static void run() {
        Report report = new Report("truth", Gpu.backend());
        ask(report, "unsigned shifts", TruthProbe::shifts);
        ask(report, "HalfFloat a*b+c in half", () -> halves(false));
        ask(report, "HalfFloat storage, float arithmetic", () -> halves(true));
        ask(report, "BFloat16 storage, float arithmetic", TruthProbe::bfloats);
        ask(report, "long indices, arena over 2 GiB", TruthProbe::bigArena);
        ask(report, "scalar argument changed in a new plan recompiles", TruthProbe::recompiles);
        if (!Gpu.backend().equals("opencl")) {
            ask(report, "worker grid changed after a CUDA graph was captured", TruthProbe::gridAfterCapture);
        }
        report.print();
    }

    /** Atomic operations, apart from the rest: where they are not supported they may end the process. */
    static void runAtomics() {
        Report report = new Report("atomics", Gpu.backend());
        ask(report, "int atomicAdd", TruthProbe::intAtomics);
        ask(report, "float atomicAdd, ones", () -> atomics(false));
        ask(report, "float atomicAdd, fractions, same bits in 5 runs", () -> atomics(true));
        report.print();
    }

    /** Reductions by annotation, apart from the rest for the same reason. */
    static void runReduce() {
        Report report = new Report("reduce", Gpu.backend());
        ask(report, "@Reduce over 65536 ones", () -> reduce(65536));
        ask(report, "@Reduce over 1000003 ones", () -> reduce(1_000_003));
        report.print();
    }

    private static void ask(Report report, String what, Question question) {
        long start = System.nanoTime();
        String answer;
        try {
            answer = question.answer();
        } catch (Throwable e) {
            answer = "FAILED " + Gpu.words(e);
        }
        report.row("question", what, "answer", answer, "ms", Gpu.millisSince(start));
    }

    /** Every item adds its number to one place. */
    static void addAll(KernelContext context, FloatArray in, FloatArray sum) {
        context.atomicAdd(sum, 0, in.get(context.globalIdx));
    }

    /** Every item adds one to one place. */
    static void countAll(KernelContext context, IntArray sum) {
        context.atomicAdd(sum, 0, 1);
    }

    /** Sum by annotation. */
    static void sum(FloatArray in, @Reduce FloatArray out) {
        out.set(0, 0f);
        for (@Parallel int i = 0; i < in.getSize(); i++) {
            out.set(0, out.get(0) + in.get(i));
        }
    }

    /** a * b + c in half arithmetic. */
    static void halfMulAdd(KernelContext context, HalfFloatArray a, HalfFloatArray b, HalfFloatArray c) {
        int i = context.globalIdx;
        c.set(i, HalfFloat.add(HalfFloat.mult(a.get(i), b.get(i)), c.get(i)));
    }

    /** a * b + c in float arithmetic on half storage. */
    static void halfStorage(KernelContext context, HalfFloatArray a, HalfFloatArray b, HalfFloatArray c) {
        int i = context.globalIdx;
        float x = a.get(i).getFloat32() * b.get(i).getFloat32() + c.get(i).getFloat32();
        c.set(i, new HalfFloat(x));
    }

    /** a * b + c in float arithmetic on bfloat16 storage. */
    static void bfloatStorage(KernelContext context, BFloat16Array a, BFloat16Array b, BFloat16Array c) {
        int i = context.globalIdx;
        c.setFloat(i, a.getFloat(i) * b.getFloat(i) + c.getFloat(i));
    }

    /** Shifts of numbers whose sign bit is set, in the forms that a counter-based random generator needs. */
    static void shiftAll(KernelContext context, IntArray in, IntArray out, LongArray longs) {
        int i = context.globalIdx;
        int x = in.get(i);
        out.set(3 * i, x >>> 15);
        out.set(3 * i + 1, (x >> 15) & 0x1FFFF);
        out.set(3 * i + 2, (int) ((x & 0xFFFFFFFFL) >> 15));
        longs.set(2 * i, (x * 0x9E3779B97F4A7C15L) >>> 40);
        longs.set(2 * i + 1, (x & 0xFFFFFFFFL) * 0xD2511F53L);
    }

    /** Writes the group's number at a place computed from a large offset. */
    static void mark(KernelContext context, FloatArray arena, IntArray cfg) {
        int i = context.globalIdx;
        arena.set(cfg.get(0) + i, cfg.get(1) + i);
    }

    /** Adds a scalar that is an argument of the task. */
    static void addScalar(KernelContext context, FloatArray arena, float x) {
        int i = context.globalIdx;
        arena.set(i, arena.get(i) + x);
    }

    private static String shifts() throws Exception {
        int n = 256;
        IntArray in = new IntArray(n);
        IntArray out = new IntArray(3 * n);
        LongArray longs = new LongArray(2 * n);
        for (int i = 0; i < n; i++) {
            in.set(i, i * 0x9E3779B1);
        }
        TaskGraph graph = new TaskGraph("shifts").transferToDevice(DataTransferMode.EVERY_EXECUTION, in).task("t", TruthProbe::shiftAll, new KernelContext(), in, out, longs)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, out, longs);
        execute(graph, "shifts.t", n);
        int[] wrong = new int[5];
        for (int i = 0; i < n; i++) {
            int x = in.get(i);
            for (int form = 0; form < 3; form++) {
                wrong[form] += out.get(3 * i + form) == x >>> 15 ? 0 : 1;
            }
            wrong[3] += longs.get(2 * i) == (x * 0x9E3779B97F4A7C15L) >>> 40 ? 0 : 1;
            wrong[4] += longs.get(2 * i + 1) == (x & 0xFFFFFFFFL) * 0xD2511F53L ? 0 : 1;
        }
        String[] forms = {"int >>>", "(int >> s) & mask", "(int & 0xFFFFFFFFL) >> s", "long >>>", "(int & 0xFFFFFFFFL) * long"};
        StringBuilder text = new StringBuilder();
        for (int form = 0; form < 5; form++) {
            text.append(forms[form]).append(wrong[form] == 0 ? " right; " : " WRONG for " + wrong[form] + " of " + n + "; ");
        }
        return text.toString();
    }

    private static String atomics(boolean fractions) throws Exception {
        int n = Gpu.TINY ? 4096 : 1 << 20;
        FloatArray in = new FloatArray(n);
        double want = 0;
        for (int i = 0; i < n; i++) {
            float x = fractions ? 1f / (1 + i % 1000) : 1f;
            in.set(i, x);
            want += x;
        }
        StringBuilder text = new StringBuilder();
        boolean same = true;
        float first = 0f;
        for (int run = 0; run < (fractions ? 5 : 1); run++) {
            FloatArray sum = new FloatArray(1);
            sum.init(0f);
            TaskGraph graph = new TaskGraph("atomics").transferToDevice(DataTransferMode.EVERY_EXECUTION, in, sum)
                    .task("t", TruthProbe::addAll, new KernelContext(), in, sum).transferToHost(DataTransferMode.EVERY_EXECUTION, sum);
            execute(graph, "atomics.t", n);
            first = run == 0 ? sum.get(0) : first;
            same &= first == sum.get(0);
        }
        text.append(first).append(" for ").append((float) want);
        return fractions ? text + (same ? ", same bits" : ", bits differ between runs") : (first == (float) want ? "right: " : "WRONG: ") + text;
    }

    private static String intAtomics() throws Exception {
        int n = Gpu.TINY ? 4096 : 1 << 20;
        IntArray sum = new IntArray(1);
        sum.init(0);
        TaskGraph graph = new TaskGraph("counts").transferToDevice(DataTransferMode.EVERY_EXECUTION, sum).task("t", TruthProbe::countAll, new KernelContext(), sum)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, sum);
        execute(graph, "counts.t", n);
        return (sum.get(0) == n ? "right: " : "WRONG: ") + sum.get(0) + " for " + n;
    }

    private static String reduce(int n) throws Exception {
        FloatArray in = new FloatArray(n);
        in.init(1f);
        FloatArray out = new FloatArray(1);
        out.init(0f);
        TaskGraph graph = new TaskGraph("reduce").transferToDevice(DataTransferMode.EVERY_EXECUTION, in).task("t", TruthProbe::sum, in, out)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, out);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.execute();
            plan.freeDeviceMemory();
        }
        return (out.get(0) == n ? "right: " : "WRONG: ") + out.get(0) + " for " + n;
    }

    private static String halves(boolean inFloat) throws Exception {
        int n = 4096;
        HalfFloatArray a = new HalfFloatArray(n);
        HalfFloatArray b = new HalfFloatArray(n);
        HalfFloatArray c = new HalfFloatArray(n);
        float[] want = new float[n];
        for (int i = 0; i < n; i++) {
            float x = Gpu.valueAt(i);
            float y = Gpu.valueAt(i + n);
            float z = Gpu.valueAt(i + 2 * n);
            a.set(i, new HalfFloat(x));
            b.set(i, new HalfFloat(y));
            c.set(i, new HalfFloat(z));
            float product = inFloat ? x * y : round(x * y);
            want[i] = round(product + z);
        }
        TaskGraph graph = new TaskGraph("halves").transferToDevice(DataTransferMode.EVERY_EXECUTION, a, b, c);
        if (inFloat) {
            graph.task("t", TruthProbe::halfStorage, new KernelContext(), a, b, c);
        } else {
            graph.task("t", TruthProbe::halfMulAdd, new KernelContext(), a, b, c);
        }
        execute(graph.transferToHost(DataTransferMode.EVERY_EXECUTION, c), "halves.t", n);
        int different = 0;
        double worst = 0;
        for (int i = 0; i < n; i++) {
            float got = c.get(i).getFloat32();
            if (got != want[i]) {
                different++;
            }
            worst = Math.max(worst, Math.abs(got - want[i]));
        }
        return different == 0 ? "right, every bit" : different + " of " + n + " differ, at most by " + worst + " (values below 1; one step of half is 2^-11)";
    }

    private static float round(float x) {
        return Float.float16ToFloat(Float.floatToFloat16(x));
    }

    private static String bfloats() throws Exception {
        int n = 4096;
        BFloat16Array a = new BFloat16Array(n);
        BFloat16Array b = new BFloat16Array(n);
        BFloat16Array c = new BFloat16Array(n);
        float[] want = new float[n];
        for (int i = 0; i < n; i++) {
            a.setFloat(i, Gpu.valueAt(i));
            b.setFloat(i, Gpu.valueAt(i + n));
            c.setFloat(i, Gpu.valueAt(i + 2 * n));
            want[i] = a.getFloat(i) * b.getFloat(i) + c.getFloat(i);
        }
        TaskGraph graph = new TaskGraph("bfloats").transferToDevice(DataTransferMode.EVERY_EXECUTION, a, b, c)
                .task("t", TruthProbe::bfloatStorage, new KernelContext(), a, b, c).transferToHost(DataTransferMode.EVERY_EXECUTION, c);
        execute(graph, "bfloats.t", n);
        double worst = 0;
        for (int i = 0; i < n; i++) {
            worst = Math.max(worst, Math.abs(c.getFloat(i) - want[i]));
        }
        return (worst <= 1f / 512 ? "right" : "WRONG") + ", at most off by " + worst;
    }

    private static String bigArena() throws Exception {
        int size = Gpu.TINY ? 1 << 20 : 800_000_000;
        FloatArray arena = new FloatArray(size);
        IntArray cfg = IntArray.fromElements(size - 1024, 1000);
        TaskGraph graph = new TaskGraph("big").transferToDevice(DataTransferMode.FIRST_EXECUTION, arena, cfg)
                .task("t", TruthProbe::mark, new KernelContext(), arena, cfg).transferToHost(DataTransferMode.UNDER_DEMAND, arena);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            long start = System.nanoTime();
            TornadoExecutionResult result = plan.withGridScheduler(new GridScheduler("big.t", Gpu.groups(4, 1, 256))).execute();
            double first = Gpu.millisSince(start);
            float[] end = Gpu.read(result, arena, size - 1024, 1024);
            boolean right = true;
            for (int i = 0; i < 1024; i++) {
                right &= end[i] == 1000 + i;
            }
            plan.freeDeviceMemory();
            return (right ? "right" : "WRONG: " + end[0] + " " + end[1023]) + ", " + size * 4L / 1_000_000 + " MB, first execute with the copy " + Math.round(first) + " ms";
        }
    }

    private static String gridAfterCapture() throws Exception {
        FloatArray arena = new FloatArray(512);
        IntArray cfg = IntArray.fromElements(0);
        TaskGraph graph = new TaskGraph("grid").transferToDevice(DataTransferMode.FIRST_EXECUTION, arena, cfg)
                .task("t", Kernels::bump, new KernelContext(), arena, cfg).transferToHost(DataTransferMode.UNDER_DEMAND, arena);
        GridScheduler grids = new GridScheduler("grid.t", Gpu.groups(1, 1, 256));
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(grids).withCUDAGraph();
            plan.execute();
            plan.execute();
            grids.addWorkerGrid("grid.t", Gpu.groups(2, 1, 256));
            TornadoExecutionResult result = plan.withGridScheduler(grids).execute();
            float[] values = Gpu.read(result, arena, 0, 512);
            plan.freeDeviceMemory();
            return (values[0] == 3 && values[511] == 1 ? "honoured" : "IGNORED") + ": first group ran " + values[0] + " times, second " + values[511];
        }
    }

    private static String recompiles() throws Exception {
        StringBuilder text = new StringBuilder();
        for (float x : new float[] {1f, 2f, 1f}) {
            FloatArray arena = new FloatArray(256);
            arena.init(0f);
            TaskGraph graph = new TaskGraph("scalar").transferToDevice(DataTransferMode.FIRST_EXECUTION, arena)
                    .task("t", TruthProbe::addScalar, new KernelContext(), arena, x).transferToHost(DataTransferMode.EVERY_EXECUTION, arena);
            long start = System.nanoTime();
            execute(graph, "scalar.t", 256);
            text.append(arena.get(0) == x ? "" : "WRONG ").append("x=").append(x).append(' ').append(Math.round(Gpu.millisSince(start))).append(" ms; ");
        }
        return text.toString();
    }

    private static void execute(TaskGraph graph, String task, int items) throws Exception {
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(new GridScheduler(task, Gpu.groups(items / 256, 1, 256))).execute();
            plan.freeDeviceMemory();
        }
    }
}
