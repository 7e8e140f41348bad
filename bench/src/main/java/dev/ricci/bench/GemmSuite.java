package dev.ricci.bench;

import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Matrix products: cubes in every transposition, and the linear layers of a language model. */
final class GemmSuite {
    private static final int LARGE = 2048;
    private static final double LONG_FLOPS = 5e9;
    /** K and N of GPT-2's layers: a projection, the two of the feed-forward part, the head. */
    private static final int[][] LAYERS = {{768, 768}, {768, 3072}, {3072, 768}, {768, 50257}};

    private GemmSuite() {
    }

    static Session.Result run(Session session) {
        List<Row> cubes = new ArrayList<>();
        for (int n : session.quick() ? new int[] {64} : new int[] {512, 1024, LARGE}) {
            for (int transposed = 0; transposed < 4; transposed++) {
                Workload.Gemm w = Workload.Gemm.cube(n, transposed > 1, transposed % 2 == 1);
                for (int threads : session.threadCounts()) {
                    cubes.add(session.compare(w, threads, plan(w)));
                }
            }
        }
        List<Row> layers = new ArrayList<>();
        for (int[] layer : session.quick() ? new int[][] {{32, 64}} : LAYERS) {
            Tensor weight = Rng.of(2).normal(layer[1], layer[0]);
            for (int m : new int[] {1, 8, 128, 512}) {
                Workload w = new Workload.Linear(Rng.of(1).normal(m, layer[0]), weight);
                layers.add(session.compare(w, session.threads(), plan(w)));
            }
        }
        Map<String, Object> summary = new LinkedHashMap<>();
        summary.put("matmul_geometric_mean_ratio", geometricMean(cubes));
        summary.put("linear_geometric_mean_ratio", geometricMean(layers));
        cubes.addAll(layers);
        return new Session.Result(cubes, summary);
    }

    private static Plan plan(Workload w) {
        return w.flops() > LONG_FLOPS ? Plan.LONG : Plan.SHORT;
    }

    private static Double geometricMean(List<Row> rows) {
        return Row.orNull(Math.exp(rows.stream().mapToDouble(r -> Math.log(r.ratioToBestPeer())).average().orElse(0)));
    }
}
