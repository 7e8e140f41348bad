package dev.ricci.gpu.probe;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.nn.KvCache;
import dev.ricci.nn.KvStep;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Program;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The engine on the device, everything as captured programs: products, a training step, a decode step, what launches cost. */
final class EngineBench {
    /** Steps after which losses and states are compared. */
    private static final int FIRST = 5;
    /** As {@code gpu-backend} reads it. */
    private static final int TASKS = Integer.getInteger("ricci.gpu.tasks", 96);

    /** The decoder to train and to decode with, from the property {@code probe.size}: GPT-2 small if not said otherwise. */
    private record Size(int layers, int width, int heads, int vocabulary, int batch, int tokens) {
        static Size read() {
            int[] n = Arrays.stream(System.getProperty("probe.size", "12 768 12 50257 8 512").trim().split("\\s+"))
                    .mapToInt(Integer::parseInt).toArray();
            if (n.length != 6) {
                throw new IllegalArgumentException("probe.size must be six numbers: layers, width, heads, vocabulary, batch and"
                        + " tokens");
            }
            return new Size(n[0], n[1], n[2], n[3], n[4], n[5]);
        }

        DecoderConfig config() {
            return DecoderConfig.gpt2(vocabulary, tokens, layers, heads, width);
        }

        @Override
        public String toString() {
            return layers + " layers, width " + width + ", " + heads + " heads, vocabulary " + vocabulary;
        }
    }

    private EngineBench() {
    }

    /** Prints what was measured, also if something fails in the end. */
    private static void report(String name, Consumer<Report> rows) {
        Report report = new Report(name, Gpu.backend());
        try {
            rows.accept(report);
        } catch (RuntimeException | Error e) {
            report.row("failed", Gpu.words(e));
        }
        report.print();
    }

    private static double seconds(long since) {
        return Gpu.millisSince(since) / 1e3;
    }

    /** What {@link Program#table} says in a line of its end. */
    private static String said(Program program, String pattern) {
        Matcher m = Pattern.compile(pattern).matcher(program.table());
        return m.find() ? m.group(1) : "?";
    }

    private static int launches(Program program) {
        return Integer.parseInt(said(program, "ops as (\\d+) launches"));
    }

    private static String memory(Program program) {
        return said(program, "on the device: ([^(\n]*)");
    }

    /** Megabytes in use on the whole card, if the driver's tool is there. */
    private static String used() {
        try {
            Process p = new ProcessBuilder("nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits").start();
            return new String(p.getInputStream().readAllBytes()).strip();
        } catch (IOException e) {
            return "";
        }
    }

    // ---------------------------------------------------------------- products

    /** Chains of products of square matrices; three rows of the last are checked against the CPU. */
    static void matmul() {
        report("engine matmul", report -> {
            for (int n : Gpu.TINY ? new int[] {64, 100} : new int[] {1024, 4096, 8192}) {
                products(report, n, DType.F32);
                products(report, n, DType.BF16);
            }
        });
    }

    private static void products(Report report, int n, DType type) {
        int count = Gpu.TINY ? 3 : Math.max(4, 32768 / n);
        Tensor a = Rng.of(1).normal(n, n);
        Tensor b = Rng.of(2).normal(n, n).mul(1 / Math.sqrt(n)).to(type);
        Tensor rows = Tensor.ofInts(new int[] {0, n / 2, n - 1}, 3);
        long start = System.nanoTime();
        Program captured = NoGrad.call(() -> Program.capture("products", in -> List.of(
                chain(a, b, count).indexSelect(0, in.getFirst())), List.of(rows)));
        double capture = seconds(start);
        float[] expected = chain(a.indexSelect(0, rows), b, count).toFloatArray();
        start = System.nanoTime();
        try (Program there = captured.on(Device.gpu())) {
            float[] first = there.run(rows).getFirst().toFloatArray();
            double compile = seconds(start);
            double ms = Gpu.medianMicros(2, 15, 5000, () -> there.run(rows)) / 1e3 / count;
            report.row("n", n, "b", type == DType.F32 ? "F32" : type + ", made F32 before each product", "products a run", count,
                    "ms a product", ms, "TFLOP/s", 2.0 * n * n * n / ms / 1e9, "max error / rms", error(first, expected),
                    "same bits", Gpu.bits(first) == Gpu.bits(there.run(rows).getFirst().toFloatArray()), "capture s", capture,
                    "compile and first run s", compile, "MB on the device", memory(there));
        }
    }

    private static Tensor chain(Tensor a, Tensor b, int count) {
        Tensor c = a;
        for (int i = 0; i < count; i++) {
            c = c.matmul(b.dtype() == DType.F32 ? b : b.to(DType.F32));
        }
        return c;
    }

    /** The largest difference over the root mean square. */
    private static double error(float[] actual, float[] expected) {
        double worst = 0;
        double squares = 0;
        for (int i = 0; i < actual.length; i++) {
            double distance = Math.abs((double) actual[i] - expected[i]);
            worst = distance <= worst ? worst : distance; // NaN is the worst
            squares += (double) expected[i] * expected[i];
        }
        return worst / Math.sqrt(squares / actual.length);
    }

    // ---------------------------------------------------------------- training

    /** The whole training step of a decoder, on one batch again and again. */
    static void train() {
        report("engine train", report -> {
            Size size = Size.read();
            long start = System.nanoTime();
            TrainStep step = new TrainStep(size.config(), size.batch, size.tokens, 3e-4);
            double capture = seconds(start);
            start = System.nanoTime();
            try (Program there = step.on(Device.gpu())) {
                double build = seconds(start);
                start = System.nanoTime();
                step.run(there, 1, 1);
                double compile = seconds(start);
                float[] losses = step.losses(there, FIRST, 1);
                int bits = step.bits();
                boolean same = Arrays.equals(losses, step.losses(there, FIRST, 1)) && bits == step.bits();
                int[] t = {FIRST};
                double ms = Gpu.medianMicros(2, 20, 30_000, () -> step.run(there, ++t[0], 1)) / 1e3;
                double tokens = (double) size.batch * size.tokens;
                report.row("decoder", size, "batch", size.batch + " x " + size.tokens, "M parameters", step.parameters() / 1e6,
                        "ms a step", ms, "tokens/s", tokens / ms * 1e3, "TFLOP/s (6 a parameter and token)",
                        6 * step.parameters() * tokens / ms / 1e9, "losses on one batch", Arrays.toString(losses),
                        "finite and falling", falls(losses), "same bits in two runs", same, "launches", launches(there),
                        "capture s", capture, "build s", build, "compile and first step s", compile, "MB on the device",
                        memory(there), "nvidia-smi MB", used());
            }
        });
    }

    private static boolean falls(float[] losses) {
        boolean falls = Float.isFinite(losses[0]);
        for (int i = 1; i < losses.length; i++) {
            falls &= losses[i] < losses[i - 1];
        }
        return falls;
    }

    // ---------------------------------------------------------------- decoding

    /** One token after the other, with a cache of the whole context: the id and its position in, the logits out. */
    static void decode() {
        report("engine decode", report -> {
            Size size = Size.read();
            Decoder model = new Decoder(size.config(), Rng.of(1));
            KvCache cache = model.newCache(1);
            long start = System.nanoTime();
            Program captured = NoGrad.call(() -> Program.capture("decode", in -> List.of(
                    model.stepLogits(in.get(0), new KvStep(cache, in.get(1), 1))), List.of(token(0))));
            double capture = seconds(start);
            start = System.nanoTime();
            try (Program there = captured.on(Device.gpu())) {
                there.run(token(0));
                double compile = seconds(start);
                KvCache own = model.newCache(1);
                double worst = 0;
                boolean same = true;
                for (int t = 0; t < FIRST; t++) {
                    Tensor[] token = token(t);
                    float[] logits = there.run(token).getFirst().toFloatArray();
                    worst = Math.max(worst, error(logits,
                            NoGrad.call(() -> model.nextLogits(token[0], own)).toFloatArray()));
                    same &= Gpu.bits(logits) == Gpu.bits(there.run(token).getFirst().toFloatArray());
                }
                int[] t = {FIRST};
                double ms = Gpu.medianMicros(5, 200, 20_000, () -> there.run(token(t[0]++ % size.tokens))) / 1e3;
                report.row("decoder", size, "cache", size.tokens, "ms a token", ms, "tokens/s", 1e3 / ms,
                        "max error / rms of the first logits", worst, "same bits twice", same, "launches", launches(there),
                        "capture s", capture, "compile and first token s", compile, "MB on the device", memory(there),
                        "nvidia-smi MB", used());
            }
        });
    }

    /** An id and its position. */
    private static Tensor[] token(int position) {
        return new Tensor[] {Tensor.ofInts(new int[] {position % 7}, 1, 1), Tensor.ofInts(new int[] {position}).reshape()};
    }

    // ---------------------------------------------------------------- the CPU beside

    /** Small decoders trained on the device and on the CPU, strict: the largest difference of their losses. */
    static void compare() {
        report("engine compare", report -> {
            int layers = Gpu.TINY ? 1 : 2;
            compare(report, "GPT-2, dropout 0.1", DecoderConfig.gpt2(29, 12, layers, 2, 16).withDropout(0.1));
            compare(report, "Llama, grouped queries", DecoderConfig.llama(29, 12, layers, 4, 2, 16, 24));
        });
    }

    private static void compare(Report report, String name, DecoderConfig config) {
        int steps = 100;
        TrainStep step = new TrainStep(config, 4, 12, 3e-3);
        float[] expected = step.losses(step.on(Device.cpu()), steps, 5);
        try (Program there = step.on(Device.gpu())) {
            float[] actual = step.losses(there, steps, 5);
            int bits = step.bits();
            double worst = 0;
            for (int t = 0; t < steps; t++) {
                double distance = Math.abs(expected[t] - actual[t]);
                worst = distance <= worst ? worst : distance;
            }
            boolean same = Arrays.equals(actual, step.losses(there, steps, 5)) && bits == step.bits();
            report.row("decoder", name, "steps", steps, "first loss", (double) actual[0], "last loss", (double) actual[steps - 1],
                    "largest difference to the CPU", worst, "same bits in two runs", same);
        }
    }

    // ---------------------------------------------------------------- what launches cost

    /** A program that is compiled, and its first run. */
    private record Compiled(String what, String depth, Program program, double firstSeconds, Runnable run) {
        static Compiled of(String what, String depth, Program program, Runnable run) {
            long start = System.nanoTime();
            run.run();
            return new Compiled(what, depth, program, seconds(start), run);
        }
    }

    /** Training steps whose kernels have next to nothing to do, by depth; and the same work in more and more launches. */
    static void depth() {
        report("engine depth", report -> {
            List<Compiled> all = new ArrayList<>();
            for (int layers : Gpu.TINY ? new int[] {1} : new int[] {1, 2, 4, 8, 12}) {
                all.add(step(layers));
            }
            for (int count : Gpu.TINY ? new int[] {1, 64} : new int[] {1, 16, 64, 256, 1024}) {
                all.add(softmax(count));
            }
            System.err.println("[compiled]");
            for (Compiled c : all) {
                double micros = Gpu.medianMicros(5, 50, 4000, c.run);
                int launches = launches(c.program);
                report.row("program", c.what, "depth", c.depth, "launches", launches, "graphs",
                        (launches + TASKS - 1) / TASKS, "launches a graph", TASKS, "compile and first run s",
                        c.firstSeconds, "ms a run", micros / 1e3, "us a launch", micros / launches);
                c.program.close();
            }
        });
    }

    private static Compiled step(int layers) {
        TrainStep step = new TrainStep(DecoderConfig.gpt2(29, 12, layers, 2, 16), 4, 12, 3e-3);
        Program there = step.on(Device.gpu());
        int[] t = {0};
        return Compiled.of("training step, width 16, 48 tokens", layers + " layers", there, () -> step.run(there, ++t[0], 5));
    }

    private static Compiled softmax(int count) {
        Tensor x = Rng.of(1).normal(1024 / count, 64);
        Program there = NoGrad.call(() -> Program.capture("softmax", in -> {
            Tensor y = in.getFirst();
            for (int i = 0; i < count; i++) {
                y = y.softmax(1);
            }
            return List.of(y);
        }, List.of(x))).on(Device.gpu());
        return Compiled.of("softmax, 65,536 numbers in all", count + " ops", there, () -> there.run(x));
    }
}
