package dev.ricci.models.architecture;

import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.decoder.DecoderConfig.Attention;
import dev.ricci.models.decoder.DecoderConfig.Experts;
import dev.ricci.models.decoder.DecoderConfig.Mlp;
import dev.ricci.models.decoder.DecoderConfig.Norm;
import dev.ricci.models.decoder.DecoderConfig.QkNorm;
import dev.ricci.models.decoder.DecoderConfig.Window;
import dev.ricci.nn.Activation;
import dev.ricci.tensor.io.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code config.json} of the models that Hugging Face's library builds like Llama: Llama, Mistral, Qwen2, Qwen3, Gemma-2,
 * and those of them with a mixture of experts. Keys and defaults are that library's.
 */
enum LlamaKin {
    LLAMA("llama", "LlamaForCausalLM"),
    MISTRAL("mistral", "MistralForCausalLM"),
    QWEN2("qwen2", "Qwen2ForCausalLM"),
    QWEN3("qwen3", "Qwen3ForCausalLM"),
    GEMMA2("gemma2", "Gemma2ForCausalLM"),
    MIXTRAL("mixtral", "MixtralForCausalLM"),
    QWEN2_MOE("qwen2_moe", "Qwen2MoeForCausalLM"),
    QWEN3_MOE("qwen3_moe", "Qwen3MoeForCausalLM"),
    OLMOE("olmoe", "OlmoeForCausalLM");

    private static final String SLIDING = "sliding_attention";
    private static final String FULL = "full_attention";

    final String modelType;
    private final String modelClass;

    LlamaKin(String modelType, String modelClass) {
        this.modelType = modelType;
        this.modelClass = modelClass;
    }

    DecoderConfig read(JsonObject k) {
        int width = k.integer("hidden_size");
        int layers = k.integer("num_hidden_layers");
        int heads = k.integer("num_attention_heads");
        int context = k.integer("max_position_embeddings");
        int headWidth = k.integer("head_dim", this == QWEN3 || this == QWEN3_MOE ? 128 : this == GEMMA2 ? 256
                : width / Math.max(1, heads));
        boolean gemma = this == GEMMA2;
        Attention attention = attention(k, heads, headWidth).withWindow(window(k, layers));
        Norm norm = new Norm(gemma ? Norm.Kind.RMS_FROM_ONE : Norm.Kind.RMS, k.number("rms_norm_eps", 1e-6), false, gemma);
        k.only("use_mrope", false);
        k.only("use_bidirectional_attention", false);
        k.only("clip_qkv", null);
        return new DecoderConfig(k.integer("vocab_size"), context, layers, width, attention, mlp(k), norm,
                RopeKeys.read(k, headWidth, context), k.flag("tie_word_embeddings", gemma),
                gemma ? Math.sqrt(width) : 1, gemma ? k.number("final_logit_softcapping", 0) : 0, 0, Optional.empty());
    }

    private Attention attention(JsonObject k, int heads, int headWidth) {
        Attention plain = Attention.of(heads, k.integer("num_key_value_heads", heads), headWidth);
        if (this == QWEN2 || this == QWEN2_MOE) {
            k.only("attention_bias", true);
            return plain.withBias(true, false);
        }
        if (this == MISTRAL || this == MIXTRAL) {
            k.only("attention_bias", false);
            return plain;
        }
        boolean bias = k.flag("attention_bias", false);
        Attention biased = plain.withBias(bias, bias);
        return switch (this) {
            case QWEN3, QWEN3_MOE -> biased.withQkNorm(QkNorm.HEAD);
            case OLMOE -> biased.withQkNorm(QkNorm.WHOLE);
            case GEMMA2 -> biased.withScores(scale(k.number("query_pre_attn_scalar", 256), headWidth),
                    k.number("attn_logit_softcapping", 0));
            default -> biased;
        };
    }

    /** 1 / sqrt(scalar), as 0 if that is the usual scale. */
    private static double scale(double scalar, int headWidth) {
        return scalar == headWidth ? 0 : 1 / Math.sqrt(scalar);
    }

    private static double scalar(Attention a) {
        double scalar = a.scale() == 0 ? a.headWidth() : 1 / (a.scale() * a.scale());
        return Math.abs(scalar - Math.rint(scalar)) < 1e-9 * scalar ? Math.rint(scalar) : scalar;
    }

    private Window window(JsonObject k, int layers) {
        int size = switch (this) {
            case LLAMA, OLMOE -> 0;
            case GEMMA2 -> k.integer("sliding_window", 0);
            case MISTRAL, MIXTRAL -> k.integer("sliding_window", 0);
            case QWEN2, QWEN3, QWEN2_MOE, QWEN3_MOE -> {
                int given = k.integer("sliding_window", 4096);
                yield k.flag("use_sliding_window", false) ? given : 0;
            }
        };
        int from = k.integer("max_window_layers", 28);
        if (this != LLAMA && this != OLMOE && k.has("layer_types")) {
            return listed(k, size, layers);
        }
        return size == 0 ? Window.NONE : new Window(size, this == GEMMA2 || this == MISTRAL || this == MIXTRAL ? 0 : from,
                this == GEMMA2 ? 2 : 0);
    }

    /** The rule behind a list of every layer's kind. */
    private static Window listed(JsonObject k, int size, int layers) {
        List<?> types = k.list("layer_types");
        boolean known = types.size() == layers && types.stream().allMatch(t -> SLIDING.equals(t) || FULL.equals(t));
        if (known && types.contains(SLIDING) && size > 0) {
            for (Window w : List.of(new Window(size, types.indexOf(SLIDING), 0),
                    new Window(size, 0, types.indexOf(FULL) + 1))) {
                if (fits(w, types)) {
                    return w;
                }
            }
        } else if (known && !types.contains(SLIDING)) {
            return Window.NONE;
        }
        throw k.wrong("layer_types", "one of sliding_attention (with a sliding_window) or full_attention for each of "
                + layers + " layers: the first ones full, or every n-th");
    }

    private static boolean fits(Window w, List<?> types) {
        for (int i = 0; i < types.size(); i++) {
            if (w.at(i) > 0 != types.get(i).equals(SLIDING)) {
                return false;
            }
        }
        return true;
    }

    private Mlp mlp(JsonObject k) {
        int hidden = k.integer("intermediate_size");
        Activation activation;
        if (this == GEMMA2) {
            k.ignore(List.of("hidden_act"));
            activation = ActivationNames.read(k, "hidden_activation", "gelu_pytorch_tanh");
        } else {
            activation = ActivationNames.read(k, "hidden_act", "silu");
        }
        boolean bias = this == LLAMA && k.flag("mlp_bias", false);
        k.only("mlp_bias", bias);
        return new Mlp(hidden, activation, true, bias, experts(k, hidden));
    }

    private Optional<Experts> experts(JsonObject k, int hidden) {
        k.ignore(List.of("router_aux_loss_coef", "router_jitter_noise", "output_router_logits"));
        return switch (this) {
            case LLAMA, MISTRAL, QWEN2, QWEN3, GEMMA2 -> Optional.empty();
            case MIXTRAL -> Optional.of(new Experts(k.integer("num_local_experts"), k.integer("num_experts_per_tok"),
                    hidden, 0, true));
            case OLMOE -> Optional.of(new Experts(k.integer("num_experts"), k.integer("num_experts_per_tok"), hidden, 0,
                    k.flag("norm_topk_prob", false)));
            case QWEN2_MOE, QWEN3_MOE -> {
                k.only("decoder_sparse_step", 1);
                k.only("mlp_only_layers", List.of());
                yield Optional.of(new Experts(k.integer("num_experts"), k.integer("num_experts_per_tok"),
                        k.integer("moe_intermediate_size"),
                        this == QWEN2_MOE ? k.integer("shared_expert_intermediate_size") : 0,
                        k.flag("norm_topk_prob", false)));
            }
        };
    }

    /** What {@link #read} reads as this configuration, if any does: the caller compares. */
    Map<String, Object> write(DecoderConfig c) {
        Attention a = c.attention();
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("architectures", List.of(modelClass));
        m.put("model_type", modelType);
        m.put("vocab_size", (long) c.vocabSize());
        m.put("max_position_embeddings", (long) c.contextLength());
        m.put("num_hidden_layers", (long) c.layers());
        m.put("hidden_size", (long) c.width());
        m.put("num_attention_heads", (long) a.heads());
        m.put("num_key_value_heads", (long) a.kvHeads());
        m.put("head_dim", (long) a.headWidth());
        m.put("intermediate_size", (long) c.mlp().hidden());
        m.put("hidden_act", ActivationNames.of(c.mlp().activation()).orElse(HfConfig.NAMELESS));
        m.put("rms_norm_eps", c.norm().eps());
        m.put("tie_word_embeddings", c.tiedHead());
        RopeKeys.write(c.positions(), m);
        Window w = a.window();
        switch (this) {
            case LLAMA -> m.put("mlp_bias", c.mlp().bias());
            case MISTRAL -> m.put("sliding_window", w.size() == 0 ? null : (long) w.size());
            case QWEN2, QWEN3 -> {
                m.put("use_sliding_window", w.size() > 0);
                m.put("sliding_window", w.size() == 0 ? null : (long) w.size());
                m.put("max_window_layers", w.size() > 0 ? (long) w.from() : (long) c.layers());
            }
            case GEMMA2 -> {
                m.put("hidden_activation", ActivationNames.of(c.mlp().activation()).orElse(HfConfig.NAMELESS));
                m.put("sliding_window", w.size() == 0 ? null : (long) w.size());
                m.put("query_pre_attn_scalar", scalar(a));
                m.put("attn_logit_softcapping", a.scoreCap() == 0 ? null : a.scoreCap());
                m.put("final_logit_softcapping", c.logitCap() == 0 ? null : c.logitCap());
            }
            case MIXTRAL, QWEN2_MOE, QWEN3_MOE, OLMOE -> { }
        }
        if (this == LLAMA || this == QWEN3 || this == GEMMA2) {
            m.put("attention_bias", a.outBias());
        }
        return m;
    }
}
