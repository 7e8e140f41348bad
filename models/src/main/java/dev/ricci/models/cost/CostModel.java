package dev.ricci.models.cost;

import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.decoder.DecoderConfig.Norm;
import dev.ricci.models.decoder.DecoderConfig.QkNorm;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.profile.OpCost;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What passes through a decoder cost, from its shape alone. The rules are those of the roofline scripts behind Kim et al. 2025
 * (arXiv 2510.04146), so that their numbers come out:
 *
 * <ul>
 * <li>a product [a, b] x [b, c]: 2abc FLOPs; both operands and the result cross the memory bus once, as {@link OpCost} counts
 *     it;
 * <li>attention as in FlashAttention (Dao et al. 2022): scores are never written or read, keys and values are read once for
 *     each key-value head and sequence; only pairs that the mask leaves are counted;
 * <li>element-wise ops: 1 FLOP an element, each input and output once; norms read their parameters too; softmax touches no
 *     memory.
 * </ul>
 *
 * <p>Not counted: look-ups of embeddings, scales and caps. The decoder's own mask does not matter, a {@link Pass} brings its
 * mask along; its sliding windows do.
 *
 * @param config of the decoder
 * @param elementBytes bytes of a number: 2 for 16 bits, 4 for F32
 */
public record CostModel(DecoderConfig config, int elementBytes) {
    /**
     * Numbers a token and layer that {@link #closedForm} lets cross the bus, in multiples of the width: what its published
     * table was made with, fitted.
     */
    private static final int CLOSED_FORM_WIDTHS = 10;

    /**
     * Checks that the decoder is one that can be counted.
     *
     * @throws TensorException if not
     */
    public CostModel {
        if (elementBytes < 1) {
            throw new TensorException("cost: elementBytes must be positive, got " + elementBytes);
        }
        if (config.mlp().experts().isPresent()) {
            throw new TensorException("cost: mixtures of experts are not counted yet; only decoders without");
        }
    }

    /** The decoders of the published numbers by name. Their norms have 2 parameters a component there. */
    public static Map<String, DecoderConfig> presets() {
        Map<String, DecoderConfig> all = new LinkedHashMap<>();
        Norm norm = Norm.layer(1e-5, true);
        all.put("llada-8b", DecoderConfig.llama(126464, 4096, 32, 32, 32, 4096, 12288).with(norm));
        all.put("llama-3-8b", DecoderConfig.llama(128256, 8192, 32, 32, 8, 4096, 14336).with(norm));
        return all;
    }

    /** Weights of the matrices of all layers, without embedding and head. */
    public long linearWeights() {
        long width = config.width();
        return config.layers() * (2 * width * (queryWidth() + keyWidth())
                + width * config.mlp().hidden() * (config.mlp().gated() ? 3 : 2));
    }

    private long queryWidth() {
        return (long) config.attention().heads() * config.attention().headWidth();
    }

    private long keyWidth() {
        return (long) config.attention().kvHeads() * config.attention().headWidth();
    }

    /** Every op of a pass. */
    public List<OpRow> rows(Pass pass) {
        List<OpRow> rows = new ArrayList<>();
        long tokens = product(pass.batch(), pass.queries());
        long width = config.width();
        long hidden = config.mlp().hidden();
        int layers = config.layers();
        DecoderConfig.Attention a = config.attention();
        rows.add(linear("q_proj", layers, tokens, width, queryWidth(), a.qkvBias()));
        rows.add(linear("k_proj, v_proj", 2L * layers, tokens, width, keyWidth(), a.qkvBias()));
        attention(pass, rows);
        rows.add(linear("o_proj", layers, tokens, queryWidth(), width, a.outBias()));
        boolean gated = config.mlp().gated();
        boolean bias = config.mlp().bias();
        rows.add(linear(gated ? "gate_proj, up_proj" : "up_proj", gated ? 2L * layers : layers, tokens, width, hidden, bias));
        rows.add(linear("down_proj", layers, tokens, hidden, width, bias));
        if (config.positions().isRotary()) {
            rows.add(elementwise("rotary of queries", layers, tokens, queryWidth(), 1, 0));
            rows.add(elementwise("rotary of keys", layers, tokens, keyWidth(), 1, 0));
        }
        if (a.qkNorm() != QkNorm.NONE) {
            boolean whole = a.qkNorm() == QkNorm.WHOLE;
            rows.add(elementwise("norm of queries", layers, tokens, queryWidth(), 1, whole ? queryWidth() : a.headWidth()));
            rows.add(elementwise("norm of keys", layers, tokens, keyWidth(), 1, whole ? keyWidth() : a.headWidth()));
        }
        long parameters = config.norm().bias() ? 2 * width : width;
        rows.add(elementwise("norms", (config.norm().sandwich() ? 4L : 2L) * layers + 1, tokens, width, 1, parameters));
        rows.add(elementwise("residual adds", 2L * layers, tokens, width, 2, 0));
        rows.add(elementwise("activation", layers, tokens, hidden, 1, 0));
        if (gated) {
            rows.add(elementwise("gate product", layers, tokens, hidden, 2, 0));
        }
        if (pass.logits() > 0) {
            rows.add(linear("head", 1, product(pass.batch(), pass.logits()), width, config.vocabSize(), false));
        }
        return rows;
    }

    /** The queries of a group of heads are rows of one product with their key-value head. */
    private void attention(Pass pass, List<OpRow> rows) {
        DecoderConfig.Attention a = config.attention();
        long group = a.heads() / a.kvHeads();
        Map<Integer, Long> layers = new TreeMap<>();
        for (int i = 0; i < config.layers(); i++) {
            layers.merge(a.window().at(i), 1L, Long::sum);
        }
        layers.forEach((window, count) -> {
            String suffix = window > 0 ? ", window " + window : "";
            long times = product(count, pass.batch(), a.kvHeads());
            long pairs = product(group, pass.pairs(window));
            long flops = product(2, a.headWidth(), pairs);
            // Queries and keys are read; values are read and the result is written: as many.
            long bytes = product(elementBytes, a.headWidth(), group * pass.queries() + pass.keys(window));
            rows.add(new OpRow("queries x keys" + suffix, OpRow.Kind.ATTENTION, times, new OpCost(flops, bytes)));
            rows.add(new OpRow("softmax" + suffix, OpRow.Kind.ELEMENTWISE, times, new OpCost(pairs, 0)));
            rows.add(new OpRow("scores x values" + suffix, OpRow.Kind.ATTENTION, times, new OpCost(flops, bytes)));
        });
    }

    private OpRow linear(String name, long times, long rows, long in, long out, boolean bias) {
        long results = product(rows, out);
        return new OpRow(name, OpRow.Kind.LINEAR, times, new OpCost(product(2, in, results) + (bias ? results : 0),
                product(elementBytes, product(rows, in) + product(in, out) + results + (bias ? out : 0))));
    }

    private OpRow elementwise(String name, long times, long rows, long columns, int inputs, long parameters) {
        long elements = product(rows, columns);
        return new OpRow(name, OpRow.Kind.ELEMENTWISE, times, new OpCost(elements,
                product(elementBytes, product(elements, inputs + 1) + parameters)));
    }

    private static long product(long... factors) {
        try {
            long product = 1;
            for (long f : factors) {
                product = Math.multiplyExact(product, f);
            }
            return product;
        } catch (ArithmeticException e) {
            throw new TensorException("cost: an op of this pass has more than 2^63 FLOPs or bytes; take a smaller batch", e);
        }
    }

    /** The sum of the ops of a pass. */
    public Cost cost(Pass pass, Machine machine) {
        return rows(pass).stream().map(r -> r.on(machine)).reduce(Cost.ZERO, Cost::plus);
    }

    /** The sum of the passes of a generation. */
    public Cost cost(DecodingPlan plan, Machine machine) {
        return plan.phases().stream().map(p -> cost(p.pass(), machine).times(p.count())).reduce(Cost.ZERO, Cost::plus);
    }

    /** What the ops of each name cost in a whole generation. */
    public Map<String, Cost> costByOp(DecodingPlan plan, Machine machine) {
        Map<String, Cost> sums = new LinkedHashMap<>();
        for (DecodingPlan.Phase phase : plan.phases()) {
            rows(phase.pass()).forEach(r -> sums.merge(r.name(), r.on(machine).times(phase.count()), Cost::plus));
        }
        return sums;
    }

    /**
     * K*, the number of denoising steps with which a generation by diffusion takes a given time: that of an autoregressive
     * one, for the steps at which both are equally fast. The time is linear in the steps.
     *
     * @param plan whose own steps do not matter
     * @param seconds the time
     * @return a real number; below {@code plan.blocks()} not even one step a block is fast enough
     */
    public double breakEvenSteps(DecodingPlan plan, double seconds, Machine machine) {
        int blocks = plan.blocks();
        double one = cost(plan.withSteps(blocks), machine).seconds();
        double two = cost(plan.withSteps(2 * blocks), machine).seconds();
        return blocks * (1 + (seconds - one) / (two - one));
    }

    /**
     * The estimate on the back of an envelope: 2 N n B + 4 n C d B L FLOPs for N linear weights, n queries, C keys, d the
     * width of all heads and L layers; s (N + 10 d n B L) + 2 s C d B L / g bytes for s bytes a number and groups of g heads.
     * The head, norms and the mask are not in it. It has no seconds.
     */
    public Cost closedForm(Pass pass) {
        double tokens = (double) pass.batch() * pass.queries();
        double cache = (double) pass.batch() * pass.keys() * config.layers();
        double flops = 2 * linearWeights() * tokens + 4 * pass.queries() * cache * queryWidth();
        double numbers = linearWeights() + CLOSED_FORM_WIDTHS * tokens * config.width() * config.layers()
                + 2 * cache * keyWidth();
        return new Cost(flops, elementBytes * numbers, 0);
    }
}
