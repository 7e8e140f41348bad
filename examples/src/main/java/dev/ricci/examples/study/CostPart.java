package dev.ricci.examples.study;

import dev.ricci.models.cost.Cost;
import dev.ricci.models.cost.CostModel;
import dev.ricci.models.cost.DecodingMethod;
import dev.ricci.models.cost.DecodingPlan;
import dev.ricci.models.cost.Machine;
import dev.ricci.models.cost.Pass;
import dev.ricci.models.decoder.DecoderConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * D0: what the cost model says of LLaDA-8B on a stated machine, with numbers of 16 bits.
 *
 * @param machine a GPU
 */
record CostPart(Machine machine) implements Part {
    private static final int BYTES = 2;
    private static final int NEW_TOKENS = 256;
    private static final int CONTEXT = 2048;
    private static final int BLOCK = 32;
    private static final int[] CONTEXTS = {64, 128, 256, 512, 1024, 2048, 4096};
    private static final int[] BLOCKS = {4, 8, 16, 32, 64, 128, 256};
    private static final int[] BATCHES = {1, 2, 4, 8, 16, 32, 64, 128};

    @Override
    public String name() {
        return "d0";
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("machine", machine.name());
        settings.put("ridge", machine.ridge());
        settings.put("new_tokens", NEW_TOKENS);
        return settings;
    }

    @Override
    public List<StudyLog.Unit> units() {
        return List.of(new StudyLog.Unit("vectors", CostPart::vectors), new StudyLog.Unit("sweeps", this::sweeps));
    }

    /** Numbers of the roofline scripts in the public repository minseo25/LLaDA; more of them are in the model's own tests. */
    private static List<Map<String, Object>> vectors() {
        CostModel llada = new CostModel(CostModel.presets().get("llada-8b"), BYTES);
        List<Map<String, Object>> rows = new ArrayList<>();
        double[] published = {138.8347, 205.9421, 400.2126, 743.0780};
        int[] tokens = {160, 256, 640, 2176};
        Machine any = Machine.presets().get("a6000");
        for (int i = 0; i < tokens.length; i++) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("what", "vector");
            row.put("name", "LLaDA-8B, one step over " + tokens[i] + " tokens");
            row.put("published", published[i]);
            row.put("ours", llada.cost(Pass.full(1, tokens[i]), any).intensity());
            rows.add(row);
        }
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("what", "vector");
        row.put("name", "LLaMA-3-8B, one token behind 2047");
        row.put("published", 1.0519);
        row.put("ours", new CostModel(CostModel.presets().get("llama-3-8b"), BYTES)
            .cost(Pass.cached(1, 1, CONTEXT).withLogits(1), any).intensity());
        rows.add(row);
        return rows;
    }

    private List<Map<String, Object>> sweeps() {
        DecoderConfig llada = CostModel.presets().get("llada-8b");
        List<Map<String, Object>> rows = new ArrayList<>();
        for (int context : CONTEXTS) {
            all(rows, "context", context, llada, 1, context);
            one(rows, "context", context, CostModel.presets().get("llama-3-8b"), "ar, 8 key heads",
                DecodingMethod.AUTOREGRESSIVE, 1, context, BLOCK, NEW_TOKENS);
        }
        for (int block : BLOCKS) {
            one(rows, "block", block, llada, "block", DecodingMethod.BLOCK, 1, CONTEXT, block, NEW_TOKENS);
            one(rows, "block", block, llada, "prefix", DecodingMethod.PREFIX_CACHE, 1, CONTEXT, block, NEW_TOKENS);
            one(rows, "block", block, llada, "dual", DecodingMethod.DUAL_CACHE, 1, CONTEXT, block, NEW_TOKENS);
        }
        for (int batch : BATCHES) {
            all(rows, "batch", batch, llada, batch, CONTEXT);
        }
        for (int steps = NEW_TOKENS / BLOCK; steps <= NEW_TOKENS; steps *= 2) {
            for (DecodingMethod method : List.of(DecodingMethod.AUTOREGRESSIVE, DecodingMethod.BLOCK, DecodingMethod.DUAL_CACHE,
                DecodingMethod.PREFIX_CACHE, DecodingMethod.FULL)) {
                one(rows, "steps", steps, llada, method.text(), method, 1, CONTEXT, blockOf(method), steps);
            }
        }
        return rows;
    }

    /** Without blocks all tokens are one. */
    private static int blockOf(DecodingMethod method) {
        return method == DecodingMethod.FULL ? NEW_TOKENS : BLOCK;
    }

    /** The passes that write, without the one that reads the prompt. */
    private Cost writing(CostModel model, DecodingPlan plan) {
        return plan.phases().stream().filter(p -> p.pass().keys() > plan.prompt())
            .map(p -> model.cost(p.pass(), machine).times(p.count())).reduce(Cost.ZERO, Cost::plus);
    }

    private void all(List<Map<String, Object>> rows, String sweep, int x, DecoderConfig config, int batch, int context) {
        for (DecodingMethod method : DecodingMethod.values()) {
            if (method != DecodingMethod.GROWING) {
                one(rows, sweep, x, config, method.text(), method, batch, context, blockOf(method), NEW_TOKENS);
            }
        }
    }

    private void one(List<Map<String, Object>> rows, String sweep, int x, DecoderConfig config, String series,
            DecodingMethod method, int batch, int context, int block, int steps) {
        CostModel model = new CostModel(config, BYTES);
        DecodingPlan plan = new DecodingPlan(method, batch, context, NEW_TOKENS, block, steps);
        Cost cost = model.cost(plan, machine);
        double ar = model.cost(plan.with(DecodingMethod.AUTOREGRESSIVE), machine).seconds();
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("what", "sweep");
        row.put("sweep", sweep);
        row.put("x", x);
        row.put("series", series);
        row.put("intensity", writing(model, plan).intensity());
        row.put("ms_per_token", 1e3 * cost.seconds() / NEW_TOKENS);
        row.put("tokens_per_s", plan.tokens() / cost.seconds());
        row.put("break_even", method == DecodingMethod.AUTOREGRESSIVE ? NEW_TOKENS : model.breakEvenSteps(plan, ar, machine));
        row.put("blocks", plan.blocks());
        rows.add(row);
    }
}
