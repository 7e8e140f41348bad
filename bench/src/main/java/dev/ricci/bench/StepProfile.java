package dev.ricci.bench;

import dev.ricci.models.cost.Cost;
import dev.ricci.models.cost.CostModel;
import dev.ricci.models.cost.Machine;
import dev.ricci.models.cost.OpRow;
import dev.ricci.models.cost.Pass;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.nn.KvCache;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.cpu.Threads;
import dev.ricci.tensor.profile.OpProfile;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Passes of a real decoder, op by op, beside what the cost model says of them. */
final class StepProfile {
    private static final int CONTEXT = 256;
    private static final long WARM_UP_NANOS = 1_500_000_000;
    private static final int ROUNDS = 9;

    private StepProfile() {
    }

    /** Passes of one token, of a block, and of a whole sequence, with {@value #CONTEXT} tokens before them or in it. */
    static List<Map<String, Object>> run(Machine machine, boolean quick, int threads, PrintStream out) {
        DecoderConfig config = quick ? DecoderConfig.llama(64, 2 * CONTEXT, 1, 2, 2, 32, 64)
                : DecoderConfig.llama(4096, 2 * CONTEXT, 8, 8, 8, 512, 1536).withTiedHead(true);
        Decoder model = new Decoder(config, Rng.of(1));
        KvCache cache = model.newCache(1);
        NoGrad.run(() -> model.nextLogits(Rng.of(2).ints(config.vocabSize(), 1, CONTEXT), cache));
        out.printf("passes of a decoder of %d layers, width %d, %.1f million weights in its products; the model's time is that of"
                + " the roofline%n", config.layers(), config.width(), new CostModel(config, Float.BYTES).linearWeights() / 1e6);
        out.printf("%-24s%-13s%10s%10s%12s%10s%14s%n", "pass", "ops", "ms", "model, ms", "GFLOP/s", "GB/s", "of roofline");
        List<Map<String, Object>> rows = new ArrayList<>();
        for (int tokens : new int[] {1, 16, CONTEXT}) {
            Tensor ids = Rng.of(3).ints(config.vocabSize(), 1, tokens);
            int before = tokens == CONTEXT ? 0 : CONTEXT;
            Pass pass = new Pass(1, tokens, before + tokens, 1, 1);
            rows.addAll(compare(config, pass, machine, out, quick, () -> Threads.limit(threads, () -> NoGrad.run(() -> {
                cache.truncate(before);
                model.nextLogits(ids, cache);
            }))));
        }
        return rows;
    }

    private static List<Map<String, Object>> compare(DecoderConfig config, Pass pass, Machine machine, PrintStream out,
            boolean quick, Runnable call) {
        long start = System.nanoTime();
        do {
            call.run();
        } while (!quick && System.nanoTime() - start < WARM_UP_NANOS);
        int rounds = quick ? 1 : ROUNDS;
        Map<OpRow.Kind, double[]> seconds = new EnumMap<>(OpRow.Kind.class);
        double[] whole = new double[rounds];
        for (int round = 0; round < rounds; round++) {
            OpProfile profile = new OpProfile();
            long began = System.nanoTime();
            profile.listen(() -> {
                call.run();
                return null;
            });
            whole[round] = (System.nanoTime() - began) / 1e9;
            for (OpProfile.Row row : profile.rows()) {
                seconds.computeIfAbsent(kind(row.name()), k -> new double[rounds])[round] += row.nanos() / 1e9;
            }
        }
        List<Map<String, Object>> rows = new ArrayList<>();
        Cost all = Cost.ZERO;
        for (OpRow.Kind kind : OpRow.Kind.values()) {
            Cost cost = new CostModel(config, Float.BYTES).rows(pass).stream().filter(r -> within(r) == kind)
                    .map(r -> r.on(machine)).reduce(Cost.ZERO, Cost::plus);
            all = all.plus(cost);
            rows.add(row(pass, kind.name().toLowerCase(Locale.ROOT), cost, seconds.get(kind), out));
        }
        rows.add(row(pass, "all", all, whole, out));
        return rows;
    }

    /** The ops among which the engine runs it: softmax is a part of attention there. */
    private static OpRow.Kind within(OpRow row) {
        return row.name().startsWith("softmax") ? OpRow.Kind.ATTENTION : row.kind();
    }

    private static OpRow.Kind kind(String op) {
        return switch (op) {
            case "matmul" -> OpRow.Kind.LINEAR;
            case "attention" -> OpRow.Kind.ATTENTION;
            default -> OpRow.Kind.ELEMENTWISE;
        };
    }

    private static Map<String, Object> row(Pass pass, String ops, Cost cost, double[] seconds, PrintStream out) {
        double best = Arrays.stream(seconds).min().orElseThrow();
        String name = "%d %s, %d keys".formatted(pass.queries(), pass.queries() == 1 ? "token" : "tokens", pass.keys());
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("pass", name);
        row.put("ops", ops);
        row.put("ms", best * 1e3);
        row.put("model_ms", cost.seconds() * 1e3);
        row.put("flops", cost.flops());
        row.put("bytes", cost.bytes());
        row.put("fraction_of_roofline", cost.seconds() / best);
        out.printf("%-24s%-13s%10.3f%10.3f%12.1f%10.1f%12.0f %%%n", name, ops, best * 1e3, cost.seconds() * 1e3,
                cost.flops() / best / 1e9, cost.bytes() / best / 1e9, 100 * cost.seconds() / best);
        return row;
    }
}
