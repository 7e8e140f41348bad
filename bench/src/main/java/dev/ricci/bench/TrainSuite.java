package dev.ricci.bench;

import com.sun.management.ThreadMXBean;
import dev.ricci.models.decoder.DecoderConfig;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Training steps: the yardstick of docs/results/libtorch.md, a model of GPT-2's size, and what capturing a step saves. */
final class TrainSuite {
    private TrainSuite() {
    }

    static Session.Result run(Session session) {
        Workload.TrainStep yardstick = session.quick() ? tiny() : yardstick();
        List<Row> rows = new ArrayList<>();
        for (int threads : session.threadCounts()) {
            rows.add(session.compare(yardstick, threads, Plan.STEPS));
        }
        Map<String, Object> summary = new LinkedHashMap<>();
        summary.put("ratio_to_best_peer", Row.orNull(rows.getLast().ratioToBestPeer()));
        summary.put("flops_per_step", yardstick.flops());
        if (!session.quick()) {
            rows.add(session.compare(gpt2(), session.threads(), Plan.LONG_STEPS));
        }
        for (Workload.TrainStep step : session.quick() ? List.of(tiny()) : List.of(yardstick(), small())) {
            rows.add(captured(session, step, summary));
        }
        return new Session.Result(rows, summary);
    }

    /** A captured step beside the same one op by op, with what each allocates. */
    private static Row captured(Session session, Workload.TrainStep w, Map<String, Object> summary) {
        Workload.TrainStep named = new Workload.TrainStep(w.label() + ", captured", w.config(), w.batch());
        Map<String, Supplier<Contestant>> makers = new LinkedHashMap<>();
        makers.put(RicciContestant.NAME, () -> allocating(RicciContestant.capturedStep(named, session.threads()),
                "allocated_bytes_" + w.label() + "_captured", summary));
        makers.put("op by op", () -> allocating(RicciContestant.of(named, session.threads()),
                "allocated_bytes_" + w.label() + "_op_by_op", summary));
        return session.compare(named, session.threads(), Plan.STEPS, makers);
    }

    /** Notes what the calls of a contestant allocated, on average of the last half, when it closes. */
    private static Contestant allocating(Contestant c, String name, Map<String, Object> summary) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        List<Long> bytes = new ArrayList<>();
        return new Contestant(c.operations(), () -> {
            long before = threads.getTotalThreadAllocatedBytes();
            c.call().run();
            bytes.add(threads.getTotalThreadAllocatedBytes() - before);
        }, c.result(), () -> {
            c.close();
            summary.put(name.replace(", ", "_").replace(' ', '_'),
                    (long) bytes.stream().skip(bytes.size() / 2).mapToLong(b -> b).average().orElse(0));
        });
    }

    /** 5 million parameters, 1,024 tokens. */
    static Workload.TrainStep yardstick() {
        return new Workload.TrainStep("4 layers, width 256", DecoderConfig.gpt2(4096, 128, 4, 4, 256), 8);
    }

    /** 33,000 parameters, 64 tokens: where the Java between the ops counts. */
    static Workload.TrainStep small() {
        return new Workload.TrainStep("2 layers, width 32", DecoderConfig.gpt2(64, 16, 2, 1, 32), 4);
    }

    /** 124 million parameters, 1,024 tokens. */
    static Workload.TrainStep gpt2() {
        return new Workload.TrainStep("12 layers, width 768", DecoderConfig.gpt2(50257, 256, 12, 12, 768), 4);
    }

    /** For {@code --quick}. */
    static Workload.TrainStep tiny() {
        return new Workload.TrainStep("1 layer, width 32", DecoderConfig.gpt2(64, 16, 1, 2, 32), 2);
    }
}
