package dev.ricci.bench;

import dev.ricci.models.decoder.DecoderConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Training steps: the yardstick of docs/results/libtorch.md, and a model of GPT-2's size. */
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
        return new Session.Result(rows, summary);
    }

    /** 5 million parameters, 1,024 tokens. */
    static Workload.TrainStep yardstick() {
        return new Workload.TrainStep("4 layers, width 256", DecoderConfig.gpt2(4096, 128, 4, 4, 256), 8);
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
