package dev.ricci.models.architecture;

import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.decoder.DecoderConfig.Attention;
import dev.ricci.models.decoder.DecoderConfig.Experts;
import dev.ricci.models.decoder.DecoderConfig.Mlp;
import dev.ricci.models.decoder.DecoderConfig.Norm;
import dev.ricci.models.decoder.DecoderConfig.Positions;
import dev.ricci.models.decoder.DecoderConfig.QkNorm;
import dev.ricci.models.decoder.DecoderConfig.Window;
import dev.ricci.models.weights.gguf.GgufFile;
import dev.ricci.models.weights.gguf.GgufMetadata;
import dev.ricci.models.weights.gguf.GgufValue;
import dev.ricci.nn.Activation;
import dev.ricci.nn.RopeScaling;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.io.JsonObject;
import dev.ricci.tensor.io.TensorSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/** Metadata of GGUF files as a decoder's configuration, and back. Keys and defaults are llama.cpp's. */
enum GgufConfig {
    LLAMA("llama"), QWEN2("qwen2"), QWEN3("qwen3"), GEMMA2("gemma2"), GPT2("gpt2"),
    /** Mixtures of experts, apart from Mixtral, whose architecture is llama. */
    QWEN2_MOE("qwen2moe"), QWEN3_MOE("qwen3moe"), OLMOE("olmoe");

    private static final String FACTORS = "rope_freqs.weight";
    private static final int GEMMA2_27B_LAYERS = 46;

    private final String architecture;

    GgufConfig(String architecture) {
        this.architecture = architecture;
    }

    static Architecture read(GgufFile file, String where) {
        GgufMetadata m = file.metadata();
        if (m.integer("split.count").orElse(1) > 1) {
            throw new TensorException("one of " + m.integer("split.count").getAsLong()
                    + " parts of a model; parts are not read, merge them");
        }
        Predicate<String> has = file.names()::contains;
        int ids = has.test("token_embd.weight") ? file.spec("token_embd.weight").shape().dim(0) : 0;
        Tensor factors = has.test(FACTORS) ? file.tensor(FACTORS).to(DType.F32) : null;
        return read(m, where, has, ids, factors);
    }

    /**
     * @param has whether there is a tensor
     * @param ids rows of the embedding
     * @param factors divisors of the rotary frequencies, or null
     */
    private static Architecture read(GgufMetadata m, String where, Predicate<String> has, int ids, Tensor factors) {
        String name = m.string("general.architecture").orElseThrow(
                () -> new TensorException("'general.architecture' is missing"));
        for (GgufConfig kind : values()) {
            if (kind.architecture.equals(name)) {
                JsonObject k = JsonObject.ofPresent(own(m, name + "."), where, "change what the model computes");
                DecoderConfig config = kind.read(k, has, ids, factors);
                k.end();
                return new Architecture(name, config, kind.names());
            }
        }
        throw new TensorException("the architecture '" + name + "' is not supported; supported are "
                + List.of(values()).stream().map(v -> v.architecture).toList());
    }

    private TensorNames names() {
        return switch (this) {
            case GEMMA2 -> TensorNames.GGUF_GEMMA2;
            case GPT2 -> TensorNames.GGUF_GPT2;
            case LLAMA, QWEN2, QWEN3, QWEN2_MOE, QWEN3_MOE, OLMOE -> TensorNames.GGUF;
        };
    }

    /** The hyper-parameters without the architecture before their names. What stands elsewhere describes, and no more. */
    private static Map<String, Object> own(GgufMetadata m, String prefix) {
        Map<String, Object> own = new LinkedHashMap<>();
        m.values().forEach((key, value) -> {
            if (key.startsWith(prefix)) {
                own.put(key.substring(prefix.length()), value.value() instanceof Float f
                        // The shortest decimal: 1e-5 was meant, not the float next to it.
                        ? Double.valueOf(f.toString()) : value.value());
            }
        });
        return own;
    }

    private DecoderConfig read(JsonObject k, Predicate<String> has, int ids, Tensor factors) {
        int width = k.integer("embedding_length");
        int layers = k.integer("block_count");
        int context = k.integer("context_length");
        int heads = k.integer("attention.head_count");
        k.only("vocab_size", (long) ids);
        k.ignore(List.of("tensor_data_layout", "rope.scaling.finetuned"));
        k.only("attention.causal", true);
        int headWidth = k.integer("attention.key_length", width / Math.max(1, heads));
        k.only("attention.value_length", (long) headWidth);
        Attention attention = attention(k, has, heads, headWidth, layers).withWindow(window(k));
        boolean tied = !has.test("output.weight");
        if (this == GPT2) {
            DecoderConfig c = DecoderConfig.gpt2(ids, context, layers, heads, width);
            return c.with(attention).with(Mlp.of(k.integer("feed_forward_length"), Activation.GELU_TANH, false).withBias(true))
                    .with(Norm.layer(k.number("attention.layer_norm_epsilon"), true)).withTiedHead(tied);
        }
        boolean gemma = this == GEMMA2;
        Norm norm = new Norm(Norm.Kind.RMS, k.number("attention.layer_norm_rms_epsilon"), false, gemma);
        return new DecoderConfig(ids, context, layers, width, attention, mlp(k, has), norm,
                positions(k, headWidth, context, factors), tied, gemma ? Math.sqrt(width) : 1,
                gemma ? k.number("final_logit_softcapping", 0) : 0, 0, Optional.empty());
    }

    private Attention attention(JsonObject k, Predicate<String> has, int heads, int headWidth, int layers) {
        int kvHeads = k.integer("attention.head_count_kv", heads);
        Attention a = Attention.of(heads, kvHeads, headWidth)
                .withBias(has.test("blk.0.attn_q.bias") || has.test("blk.0.attn_qkv.bias"), has.test("blk.0.attn_output.bias"))
                .withQkNorm(this == QWEN3 || this == QWEN3_MOE ? QkNorm.HEAD : this == OLMOE ? QkNorm.WHOLE : QkNorm.NONE);
        if (this == GEMMA2) {
            // llama.cpp knows the scale of the largest model by its number of layers.
            double scale = layers == GEMMA2_27B_LAYERS ? 1 / Math.sqrt(k.integer("embedding_length") / heads) : 0;
            return a.withScores(scale, k.number("attn_logit_softcapping", 0));
        }
        return a;
    }

    private Window window(JsonObject k) {
        if (this != GEMMA2) {
            return Window.NONE;
        }
        return new Window(k.integer("attention.sliding_window", 4096), 0, 2);
    }

    private Mlp mlp(JsonObject k, Predicate<String> has) {
        int experts = k.integer("expert_count", 0);
        int hidden = k.integer("feed_forward_length");
        Activation activation = this == GEMMA2 ? Activation.GELU_TANH : Activation.SILU;
        if (experts == 0) {
            k.only("expert_used_count", 0);
            return Mlp.of(hidden, activation, true).withBias(has.test("blk.0.ffn_up.bias"));
        }
        k.ignore(List.of("expert_shared_count"));
        return new Mlp(hidden, activation, true, false, Optional.of(new Experts(experts, k.integer("expert_used_count"),
                k.integer("expert_feed_forward_length", hidden), k.integer("expert_shared_feed_forward_length", 0),
                k.flag("expert_weights_norm", this == LLAMA || this == QWEN3_MOE))));
    }

    private Positions positions(JsonObject k, int headWidth, int context, Tensor factors) {
        Positions plain = Positions.rotary(k.number("rope.freq_base", 10000), k.integer("rope.dimension_count", headWidth))
                .withKind(this == LLAMA ? Positions.Kind.ROTARY_INTERLEAVED : Positions.Kind.ROTARY_HALF);
        String type = k.text("rope.scaling.type", "none");
        double factor = k.number("rope.scaling.factor", 1);
        double attention = k.number("rope.scaling.attn_factor", 1);
        int original = k.integer("rope.scaling.original_context_length", context);
        if (factors != null) {
            if (!type.equals("none") || attention != 1) {
                throw k.error("'rope.scaling.type' = " + type + " together with " + FACTORS + " is not supported");
            }
            List<Double> divisors = new ArrayList<>();
            for (float f : factors.toFloatArray()) {
                divisors.add((double) f);
            }
            return plain.withScaling(new RopeScaling.Divided(divisors));
        }
        return plain.withScaling(switch (type) {
            case "none" -> {
                k.only("rope.scaling.attn_factor", 1);
                yield new RopeScaling.None();
            }
            case "linear" -> {
                k.only("rope.scaling.attn_factor", 1);
                yield factor == 1 ? new RopeScaling.None() : new RopeScaling.Linear(factor);
            }
            case "yarn" -> new RopeScaling.Yarn(factor, original, k.number("rope.scaling.yarn_beta_fast", 32),
                    k.number("rope.scaling.yarn_beta_slow", 1), attention * RopeScaling.Yarn.usualMagnitude(factor));
            default -> throw k.error("'rope.scaling.type' = " + type
                    + " is not supported; supported are none, linear, yarn");
        });
    }

    /**
     * What a GGUF file says of a decoder.
     *
     * @param factors a tensor of divisors of the rotary frequencies, or null
     */
    record Written(Architecture architecture, GgufMetadata metadata, Tensor factors) {
        TensorSource tensors(DecoderConfig from, Map<String, Tensor> state) {
            TensorSource decoder = architecture.file(from, state);
            return factors == null ? decoder : new WithFactors(decoder, factors);
        }
    }

    static Written write(DecoderConfig config) {
        for (GgufConfig kind : List.of(LLAMA, QWEN2, QWEN3, GEMMA2, GPT2)) {
            DecoderConfig said = kind.said(config);
            Tensor factors = said.positions().scaling() instanceof RopeScaling.Divided d ? tensor(d) : null;
            GgufMetadata m = kind.metadata(said);
            try {
                Architecture back = read(m, "gguf", name -> has(said, kind, name), said.vocabSize(), factors);
                if (kind.said(back.config()).equals(said)) {
                    return new Written(back, m, factors);
                }
            } catch (TensorException e) {
                // Another kind may say it.
            }
        }
        throw new TensorException("gguf: no architecture that is written says " + config);
    }

    private static boolean has(DecoderConfig c, GgufConfig kind, String name) {
        try {
            return kind.names().of(c).stream().anyMatch(s -> s.name().equals(name));
        } catch (TensorException e) {
            return false;
        }
    }

    /** The configuration as these files can say it: pairs in their order, whole factors in norms, 32-bit floats. */
    private DecoderConfig said(DecoderConfig c) {
        Positions.Kind pairs = this == LLAMA ? Positions.Kind.ROTARY_INTERLEAVED : Positions.Kind.ROTARY_HALF;
        Attention a = c.attention();
        Norm n = c.norm();
        DecoderConfig said = Pairs.with(c, pairs).withDropout(0)
                .with(a.withScores(f32(a.scale()), f32(a.scoreCap()))).withScales(c.embeddingScale(), f32(c.logitCap()))
                .with(new Norm(n.kind() == Norm.Kind.RMS_FROM_ONE ? Norm.Kind.RMS : n.kind(), f32(n.eps()), n.bias(),
                        n.sandwich()));
        Positions p = said.positions();
        return p.isRotary() ? said.with(new Positions(p.kind(), f32(p.theta()), p.dims(), scaling(p))) : said;
    }

    private static RopeScaling scaling(Positions p) {
        return switch (p.scaling()) {
            case RopeScaling.None s -> s;
            case RopeScaling.Linear s -> new RopeScaling.Linear(f32(s.factor()));
            case RopeScaling.Llama3 _, RopeScaling.Divided _ -> divided(p);
            case RopeScaling.Yarn s -> {
                double usual = RopeScaling.Yarn.usualMagnitude(f32(s.factor()));
                yield new RopeScaling.Yarn(f32(s.factor()), s.originalContext(), f32(s.fastTurns()), f32(s.slowTurns()),
                        f32(s.magnitude() / usual) * usual);
            }
        };
    }

    private static double f32(double v) {
        return Double.parseDouble(Float.toString((float) v));
    }

    private static RopeScaling.Divided divided(Positions p) {
        double[] plain = new RopeScaling.None().frequencies(p.dims(), p.theta());
        double[] scaled = p.scaling().frequencies(p.dims(), p.theta());
        List<Double> divisors = new ArrayList<>();
        for (int i = 0; i < plain.length; i++) {
            divisors.add((double) (float) (plain[i] / scaled[i]));
        }
        return new RopeScaling.Divided(divisors);
    }

    private static Tensor tensor(RopeScaling.Divided d) {
        float[] values = new float[d.divisors().size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = d.divisors().get(i).floatValue();
        }
        return Tensor.of(values, values.length);
    }

    private GgufMetadata metadata(DecoderConfig c) {
        Attention a = c.attention();
        Map<String, GgufValue> m = new LinkedHashMap<>();
        m.put("vocab_size", GgufValue.of(c.vocabSize()));
        m.put("context_length", GgufValue.of(c.contextLength()));
        m.put("embedding_length", GgufValue.of(c.width()));
        m.put("block_count", GgufValue.of(c.layers()));
        m.put("feed_forward_length", GgufValue.of(c.mlp().hidden()));
        m.put("attention.head_count", GgufValue.of(a.heads()));
        m.put("attention.head_count_kv", GgufValue.of(a.kvHeads()));
        m.put(this == GPT2 ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon",
                GgufValue.of((float) c.norm().eps()));
        if (this != GPT2) {
            m.put("attention.key_length", GgufValue.of(a.headWidth()));
            m.put("attention.value_length", GgufValue.of(a.headWidth()));
            rope(c.positions(), m);
        }
        if (this == GEMMA2) {
            m.put("attention.sliding_window", GgufValue.of(a.window().size()));
            m.put("attn_logit_softcapping", GgufValue.of((float) a.scoreCap()));
            m.put("final_logit_softcapping", GgufValue.of((float) c.logitCap()));
        }
        GgufMetadata named = GgufMetadata.empty().with("general.architecture", GgufValue.of(architecture));
        for (Map.Entry<String, GgufValue> e : m.entrySet()) {
            named = named.with(architecture + "." + e.getKey(), e.getValue());
        }
        return named;
    }

    private static void rope(Positions p, Map<String, GgufValue> m) {
        m.put("rope.dimension_count", GgufValue.of(p.dims()));
        m.put("rope.freq_base", GgufValue.of((float) p.theta()));
        switch (p.scaling()) {
            case RopeScaling.None _, RopeScaling.Llama3 _, RopeScaling.Divided _ -> { }
            case RopeScaling.Linear s -> {
                m.put("rope.scaling.type", GgufValue.of("linear"));
                m.put("rope.scaling.factor", GgufValue.of((float) s.factor()));
            }
            case RopeScaling.Yarn s -> {
                m.put("rope.scaling.type", GgufValue.of("yarn"));
                m.put("rope.scaling.factor", GgufValue.of((float) s.factor()));
                m.put("rope.scaling.original_context_length", GgufValue.of(s.originalContext()));
                m.put("rope.scaling.yarn_beta_fast", GgufValue.of((float) s.fastTurns()));
                m.put("rope.scaling.yarn_beta_slow", GgufValue.of((float) s.slowTurns()));
                float factor = (float) (s.magnitude() / RopeScaling.Yarn.usualMagnitude(s.factor()));
                if (factor != 1) {
                    m.put("rope.scaling.attn_factor", GgufValue.of(factor));
                }
            }
        }
    }

    /** A file's tensors and the one of the frequencies' divisors. */
    private record WithFactors(TensorSource decoder, Tensor factors) implements TensorSource {
        @Override
        public SortedSet<String> names() {
            SortedSet<String> all = new TreeSet<>(decoder.names());
            all.add(FACTORS);
            return Collections.unmodifiableSortedSet(all);
        }

        @Override
        public TensorSpec spec(String name) {
            return name.equals(FACTORS) ? factors.spec() : decoder.spec(name);
        }

        @Override
        public Tensor tensor(String name) {
            return name.equals(FACTORS) ? factors : decoder.tensor(name);
        }

        @Override
        public void close() {
            decoder.close();
        }
    }
}
