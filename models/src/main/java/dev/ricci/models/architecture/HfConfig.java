package dev.ricci.models.architecture;

import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.decoder.DecoderConfig.Attention;
import dev.ricci.models.decoder.DecoderConfig.Diffusion;
import dev.ricci.models.decoder.DecoderConfig.Mlp;
import dev.ricci.models.decoder.DecoderConfig.Norm;
import dev.ricci.models.decoder.DecoderConfig.Positions;
import dev.ricci.nn.Activation;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code config.json} as a decoder's configuration, and back. */
final class HfConfig {
    private static final String GPT2 = "gpt2";
    private static final String LLADA = "llada";

    /**
     * Keys that say nothing about what is computed from ids: where a model is from, how it was trained and with what
     * dropout, how it is stored, and what its text generation usually does.
     */
    private static final List<String> HARMLESS = List.of("_name_or_path", "_attn_implementation",
            "_attn_implementation_autoset", "_commit_hash", "_flash_attn_2_enabled", "architectures", "attention_dropout",
            "attn_implementation", "attn_pdrop", "auto_map", "bos_token_id", "cache_implementation", "dtype",
            "embd_pdrop", "embedding_dropout", "eos_token_id", "gradient_checkpointing", "id2label", "init_cutoff_factor",
            "init_device", "init_fn", "init_std", "initializer_range", "is_llama_config", "keys_to_ignore_at_inference",
            "label2id", "mask_token_id", "max_length", "model_max_length", "n_ctx", "output_attentions",
            "output_hidden_states", "pad_token_id", "precision", "pretraining_tp", "problem_type", "resid_pdrop",
            "residual_dropout", "return_dict", "sep_token_id", "summary_activation", "summary_first_dropout",
            "summary_proj_to_labels", "summary_type", "summary_use_proj", "task_specific_params", "tokenizer_class",
            "torch_dtype", "torchscript", "transformers.js_config", "transformers_version", "unk_token_id",
            "unsloth_fixed", "unsloth_version", "use_cache", "use_return_dict");

    /** What is no name: a description with it is not understood. */
    static final String NAMELESS = "none";

    private HfConfig() {
    }

    static Architecture read(Map<String, ?> config, String where) {
        JsonObject k = JsonObject.ofPresent(config, where, "change what the model computes");
        String type = k.text("model_type");
        Architecture found = null;
        for (LlamaKin kin : LlamaKin.values()) {
            if (kin.modelType.equals(type)) {
                found = new Architecture(type, kin.read(k), TensorNames.LLAMA);
            }
        }
        if (type.equals(GPT2)) {
            found = new Architecture(type, gpt2(k), TensorNames.GPT2);
        } else if (type.equals(LLADA)) {
            found = new Architecture(type, llada(k), TensorNames.LLADA);
        } else if (found == null) {
            throw k.error("the model type '" + type + "' is not supported; supported are "
                    + Arrays.stream(LlamaKin.values()).map(f -> f.modelType).toList() + ", " + GPT2 + ", " + LLADA);
        }
        k.only("quantization_config", null);
        k.ignore(HARMLESS);
        k.end();
        return found;
    }

    /**
     * The first kind of model, in the order of this class, that says this; dropout, which only training uses, is not
     * said. Pairs of rotary positions are halves there, and weights of sandwich norms counted from 1.
     *
     * @throws TensorException if none does
     */
    static Architecture write(DecoderConfig config, Map<String, Object> to) {
        Norm n = config.norm();
        boolean gemma = n.kind() == Norm.Kind.RMS && n.sandwich();
        DecoderConfig said = Pairs.with(config, Positions.Kind.ROTARY_HALF).withDropout(0)
                .with(gemma ? new Norm(Norm.Kind.RMS_FROM_ONE, n.eps(), false, true) : n);
        List<Map<String, Object>> attempts = new ArrayList<>();
        for (LlamaKin kin : LlamaKin.values()) {
            attempts.add(kin.write(said));
        }
        attempts.add(writeGpt2(said));
        attempts.add(writeLlada(said));
        for (Map<String, Object> attempt : attempts) {
            Architecture back = understood(attempt);
            if (back != null && back.config().equals(said)) {
                to.putAll(attempt);
                to.put("torch_dtype", "float32");
                return back;
            }
        }
        throw new TensorException("config.json: no published kind of model says " + config);
    }

    private static Architecture understood(Map<String, Object> attempt) {
        try {
            return read(attempt, "config.json");
        } catch (TensorException e) {
            return null;
        }
    }

    private static DecoderConfig gpt2(JsonObject k) {
        int width = k.integer("n_embd");
        int heads = k.integer("n_head");
        k.only("scale_attn_weights", true);
        k.only("scale_attn_by_inverse_layer_idx", false);
        k.ignore(List.of("reorder_and_upcast_attn"));
        DecoderConfig family = DecoderConfig.gpt2(k.integer("vocab_size"), k.integer("n_positions"), k.integer("n_layer"),
                heads, width);
        Mlp mlp = Mlp.of(k.integer("n_inner", 4 * width),
                ActivationNames.read(k, "activation_function", "gelu_new"), false).withBias(true);
        return family.with(mlp).with(Norm.layer(k.number("layer_norm_epsilon", 1e-5), true))
                .withTiedHead(k.flag("tie_word_embeddings", true));
    }

    private static Map<String, Object> writeGpt2(DecoderConfig c) {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("architectures", List.of("GPT2LMHeadModel"));
        m.put("model_type", GPT2);
        m.put("vocab_size", (long) c.vocabSize());
        m.put("n_positions", (long) c.contextLength());
        m.put("n_layer", (long) c.layers());
        m.put("n_head", (long) c.attention().heads());
        m.put("n_embd", (long) c.width());
        m.put("n_inner", (long) c.mlp().hidden());
        m.put("activation_function", ActivationNames.of(c.mlp().activation()).orElse(NAMELESS));
        m.put("layer_norm_epsilon", c.norm().eps());
        m.put("tie_word_embeddings", c.tiedHead());
        return m;
    }

    /** The keys of Nie et al. 2025 (LLaDA), whose code is OLMo's with the causal mask taken away. */
    private static DecoderConfig llada(JsonObject k) {
        int width = k.integer("d_model");
        int heads = k.integer("n_heads");
        int context = k.integer("max_sequence_length");
        int ids = k.integer("vocab_size");
        k.only("embedding_size", (long) ids);
        k.only("block_type", "llama");
        k.only("block_group_size", 1);
        k.only("activation_type", "silu");
        k.only("layer_norm_type", "rms");
        k.only("layer_norm_with_affine", true);
        k.only("rope", true);
        for (String off : List.of("alibi", "attention_layer_norm", "bias_for_layer_norm", "include_bias",
                "input_emb_norm", "multi_query_attention", "scale_logits")) {
            k.only(off, false);
        }
        k.ignore(List.of("alibi_bias_max", "attention_layer_norm_with_affine", "flash_attention", "mlp_ratio",
                "rope_full_precision"));
        int headWidth = width / Math.max(1, heads);
        boolean bias = k.flag("include_qkv_bias", false);
        Attention attention = Attention.of(heads, k.integer("n_kv_heads", heads), headWidth).withBias(bias, false)
                .withCausal(false);
        Optional<Diffusion> diffusion = k.has("mask_token_id")
                ? Optional.of(new Diffusion(k.integer("mask_token_id"), 0)) : Optional.empty();
        return new DecoderConfig(ids, context, k.integer("n_layers"), width, attention,
                Mlp.of(k.integer("mlp_hidden_size"), Activation.SILU, true), Norm.rms(k.number("rms_norm_eps", 1e-5)),
                RopeKeys.read(k, headWidth, context), k.flag("weight_tying", false), 1, 0, 0,
                diffusion);
    }

    private static Map<String, Object> writeLlada(DecoderConfig c) {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("architectures", List.of("LLaDAModelLM"));
        m.put("model_type", LLADA);
        m.put("vocab_size", (long) c.vocabSize());
        m.put("embedding_size", (long) c.vocabSize());
        m.put("max_sequence_length", (long) c.contextLength());
        m.put("n_layers", (long) c.layers());
        m.put("n_heads", (long) c.attention().heads());
        m.put("n_kv_heads", (long) c.attention().kvHeads());
        m.put("d_model", (long) c.width());
        m.put("mlp_hidden_size", (long) c.mlp().hidden());
        m.put("include_qkv_bias", c.attention().qkvBias());
        m.put("rms_norm_eps", c.norm().eps());
        m.put("weight_tying", c.tiedHead());
        c.diffusion().ifPresent(d -> m.put("mask_token_id", (long) d.maskId()));
        RopeKeys.write(c.positions(), m);
        m.putAll(Map.of("activation_type", "silu", "block_type", "llama", "layer_norm_type", "rms", "include_bias", false,
                "layer_norm_with_affine", true, "attention_layer_norm", false, "bias_for_layer_norm", false, "rope", true));
        return m;
    }
}
