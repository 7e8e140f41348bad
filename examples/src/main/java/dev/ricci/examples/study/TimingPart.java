package dev.ricci.examples.study;

import dev.ricci.models.cost.Cost;
import dev.ricci.models.cost.CostModel;
import dev.ricci.models.cost.Machine;
import dev.ricci.models.cost.Pass;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.nn.KvBatch;
import dev.ricci.nn.KvCache;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.Workspace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * D2, single steps: the pass that each decoder makes again and again, behind a real cache of keys and values, with random
 * weights that no cache of the processor holds. All contestants of a context take turns.
 *
 * @param shape of the decoder
 * @param contexts tokens of the prompt
 * @param batches sequences at once
 * @param newTokens hidden tokens behind the prompt
 * @param rounds of which the median counts
 * @param seeds of weights and texts
 * @param threads that compute
 */
record TimingPart(QualityPart.Shape shape, int[] contexts, int[] batches, int newTokens, int rounds, int seeds, int threads)
        implements Part {
    static final int VOCABULARY = 1024;
    static final List<Integer> BLOCKS = List.of(4, 16, 32);
    /** Passes over more tokens are made for fewer sequences, and their time is multiplied: arithmetic limits them anyway. */
    private static final int MOST_TOKENS = 1088;
    private static final int WARM_UPS = 2;
    private static final long WARM_UP_NANOS = 300_000_000;
    private static final Machine ANY = Machine.presets().get("a6000");

    @Override
    public String name() {
        return "d2-steps";
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("model", shape.text());
        settings.put("megabytes", 4e-6 * new CostModel(config(shape, 1024), Float.BYTES).linearWeights());
        settings.put("contexts", Arrays.stream(contexts).boxed().toList());
        settings.put("batches", Arrays.stream(batches).boxed().toList());
        settings.put("new_tokens", newTokens);
        settings.put("rounds", rounds);
        settings.put("threads", threads);
        return settings;
    }

    static DecoderConfig config(QualityPart.Shape shape, int context) {
        return shape.config(VOCABULARY + 1, context);
    }

    @Override
    public List<StudyLog.Unit> units() {
        List<StudyLog.Unit> units = new ArrayList<>();
        for (int seed = 1; seed <= seeds; seed++) {
            for (int context : contexts) {
                long s = seed;
                units.add(new StudyLog.Unit("prompt " + context + " seed " + seed, () -> run(context, s)));
            }
        }
        return units;
    }

    /**
     * A pass.
     *
     * @param method ar, block, prefix, dual or full
     * @param block tokens of a block
     * @param model that runs it
     * @param start of the tokens that it reads
     * @param queries tokens that it reads of each sequence
     * @param keys tokens that it sees
     * @param logits tokens whose logits are taken
     * @param batch sequences
     */
    private record Step(String method, int block, Decoder model, int start, int queries, int keys, int logits, int batch) {
        /** Sequences that are really computed. */
        int computed() {
            return Math.min(batch, Math.max(1, MOST_TOKENS / queries));
        }

        void run(List<KvCache> caches) {
            int n = computed();
            List<KvCache> used = caches.subList(0, n);
            // What the last pass wrote is forgotten, but for what comes behind the block.
            used.forEach(c -> hold(c, method.equals("dual") ? keys : start));
            int[] starts = new int[n];
            int[] counts = new int[n];
            Arrays.fill(starts, start);
            Arrays.fill(counts, queries);
            int[] ids = new int[n * queries];
            int[] wanted = new int[n * logits];
            Arrays.setAll(ids, i -> i % VOCABULARY);
            Arrays.setAll(wanted, i -> i / logits * queries + i % logits);
            Workspace.discarding(() -> {
                Tensor hidden = model.hiddenStates(Tensor.ofInts(ids, 1, ids.length), new KvBatch(used, starts, counts));
                return model.head(hidden.squeeze(0).indexSelect(0, Tensor.ofInts(wanted))).toFloatArray();
            });
        }

        /** Shorter, or longer by what is still there from passes before. */
        private static void hold(KvCache cache, int tokens) {
            if (cache.length() < tokens) {
                cache.advance(tokens - cache.length());
            }
            cache.truncate(tokens);
        }

        Map<String, Object> row(long seed, int context, double seconds, CostModel costs) {
            Cost cost = costs.cost(new Pass(batch, queries, keys, queries, logits), ANY);
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("method", block == 0 ? method : method + "-" + block);
            row.put("seed", seed);
            row.put("context", context);
            row.put("batch", batch);
            row.put("computed", computed());
            row.put("seconds", seconds);
            row.put("flops", cost.flops());
            row.put("bytes", cost.bytes());
            return row;
        }
    }

    /** The passes with one prompt. */
    private List<Step> steps(int context, int batch, Decoder ar, Decoder bidirectional) {
        List<Step> steps = new ArrayList<>();
        int whole = context + newTokens;
        steps.add(new Step("ar", 0, ar, context, 1, context + 1, 1, batch));
        for (int block : BLOCKS) {
            if (block <= newTokens) {
                // One block behind a cache sees the same under every mask: all before it, and itself.
                steps.add(new Step("block", block, bidirectional, context, block, context + block, block, batch));
            }
        }
        int block = Math.min(newTokens, BLOCKS.getLast());
        // A prefix cache reads all that follows: of the blocks in turn, half of the new tokens and half a block in the mean.
        steps.add(new Step("prefix", block, bidirectional, context, (newTokens + block) / 2, context + (newTokens + block) / 2,
            block, batch));
        steps.add(new Step("dual", block, bidirectional, context, block, whole, block, batch));
        steps.add(new Step("full", 0, bidirectional, 0, whole, whole, newTokens, batch));
        return steps;
    }

    private List<Map<String, Object>> run(int context, long seed) {
        DecoderConfig config = config(shape, context + newTokens);
        Decoder ar = new Decoder(config, Rng.of(seed));
        Decoder bidirectional = new Decoder(Kind.LLADA.apply(config), Rng.of(seed));
        CostModel costs = new CostModel(config, Float.BYTES);
        List<KvCache> caches = new ArrayList<>();
        for (int i = 0; i < Arrays.stream(batches).max().orElseThrow(); i++) {
            caches.add(filled(bidirectional, context + newTokens, seed));
        }
        List<Map<String, Object>> rows = new ArrayList<>();
        for (int batch : batches) {
            List<Step> steps = steps(context, batch, ar, bidirectional);
            double[] seconds = measure(steps, caches);
            for (int i = 0; i < seconds.length; i++) {
                rows.add(steps.get(i).row(seed, context, seconds[i], costs));
            }
        }
        return rows;
    }

    /** A cache with some keys and values for every token. */
    private static KvCache filled(Decoder model, int tokens, long seed) {
        KvCache cache = model.newCache(1, tokens);
        DecoderConfig.Attention a = model.config().attention();
        Tensor some = Rng.of(seed).normal(1, a.kvHeads(), tokens, a.headWidth());
        for (int i = 0; i < cache.layers(); i++) {
            cache.slot(i).append(some, some);
        }
        return cache;
    }

    /** Median seconds of each, for all sequences. */
    private double[] measure(List<Step> steps, List<KvCache> caches) {
        List<List<Double>> times = new ArrayList<>();
        steps.forEach(s -> times.add(new ArrayList<>()));
        // Weights are packed and code is compiled before.
        long begin = System.nanoTime();
        for (int i = 0; i < WARM_UPS || System.nanoTime() - begin < WARM_UP_NANOS; i++) {
            steps.forEach(s -> s.run(caches));
        }
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < steps.size(); i++) {
                Step step = steps.get(i);
                long start = System.nanoTime();
                step.run(caches);
                times.get(i).add((System.nanoTime() - start) / 1e9 * step.batch / step.computed());
            }
        }
        return times.stream().mapToDouble(t -> {
            Collections.sort(t);
            return t.get(t.size() / 2);
        }).toArray();
    }
}
