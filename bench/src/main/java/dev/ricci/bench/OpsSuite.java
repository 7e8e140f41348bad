package dev.ricci.bench;

import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** The ops of language models beside the products, forward and with their gradients. */
final class OpsSuite {
    private OpsSuite() {
    }

    static Session.Result run(Session session) {
        List<Row> rows = new ArrayList<>();
        for (Workload.Function function : Workload.Function.values()) {
            Tensor x = switch (function) {
                case SOFTMAX -> draw(session, 512, 50257);
                case LAYER_NORM, RMS_NORM -> draw(session, 4096, 768);
                case GELU, GELU_TANH, SILU -> draw(session, 4096, 3072);
                case CROSS_ENTROPY -> draw(session, 1024, 32000);
            };
            for (boolean backward : new boolean[] {false, true}) {
                rows.add(session.compare(new Workload.Rows(function, x, backward), session.threads(), Plan.SHORT));
            }
        }
        for (int length : session.quick() ? new int[] {16} : new int[] {512, 2048}) {
            Rng rng = Rng.of(1);
            rows.add(session.compare(new Workload.Attention(rng.split(0).normal(4, 8, length, 64),
                    rng.split(1).normal(4, 8, length, 64), rng.split(2).normal(4, 8, length, 64)), session.threads(),
                    length > 1000 ? Plan.SECONDS : Plan.SHORT));
        }
        return new Session.Result(rows);
    }

    private static Tensor draw(Session session, int rows, int columns) {
        return session.quick() ? Rng.of(1).normal(8, 64) : Rng.of(1).normal(rows, columns);
    }
}
