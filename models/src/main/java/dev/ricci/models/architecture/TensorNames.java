package dev.ricci.models.architecture;

import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.decoder.DecoderShapes;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.TensorException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Under what names, and how, files of one kind hold a decoder's tensors.
 *
 * @param stems by the decoder's path, without {@code .weight} and {@code .bias} and with {@code #} for the number of the
 *     layer: the same of the file; several paths with one stem are one tensor, in this order, row under row; if empty, names
 *     are the decoder's
 * @param transposed stems of the file whose weights are [in, out]
 * @param ignored names of tensors that hold nothing of a model
 * @param prefix of most names that some files leave out, or empty
 */
record TensorNames(Map<String, String> stems, Set<String> transposed, Pattern ignored, String prefix) {
    private static final Pattern LAYER = Pattern.compile("model\\.layers\\.(\\d+)\\.(.+)");
    private static final String IN_LAYER = "model.layers.#.";

    /** Hugging Face's Llama and its kin. */
    static final TensorNames LLAMA = new TensorNames(Map.of(), Set.of(),
            Pattern.compile("model\\.layers\\.\\d+\\.self_attn\\.rotary_emb\\.inv_freq"), "");

    /** Hugging Face's GPT-2: queries, keys and values in one, linear weights [in, out], masks kept as buffers. */
    static final TensorNames GPT2 = new TensorNames(stems(Map.of("model.embed_tokens", "transformer.wte",
            "model.embed_positions", "transformer.wpe", "model.norm", "transformer.ln_f", "lm_head", "lm_head"),
            "transformer.h.#.", Map.of("input_layernorm", "ln_1", "self_attn.q_proj", "attn.c_attn",
                    "self_attn.k_proj", "attn.c_attn", "self_attn.v_proj", "attn.c_attn", "self_attn.o_proj", "attn.c_proj",
                    "post_attention_layernorm", "ln_2", "mlp.fc_in", "mlp.c_fc", "mlp.fc_out", "mlp.c_proj")),
            Set.of("transformer.h.#.attn.c_attn", "transformer.h.#.attn.c_proj", "transformer.h.#.mlp.c_fc",
                    "transformer.h.#.mlp.c_proj"),
            Pattern.compile("(transformer\\.)?h\\.\\d+\\.attn\\.(bias|masked_bias)"), "transformer.");

    /** LLaDA: OLMo's names. */
    static final TensorNames LLADA = new TensorNames(stems(Map.of("model.embed_tokens", "model.transformer.wte",
            "model.norm", "model.transformer.ln_f", "lm_head", "model.transformer.ff_out"),
            "model.transformer.blocks.#.", Map.of("input_layernorm", "attn_norm", "self_attn.q_proj", "q_proj",
                    "self_attn.k_proj", "k_proj", "self_attn.v_proj", "v_proj", "self_attn.o_proj", "attn_out",
                    "post_attention_layernorm", "ff_norm", "mlp.gate_proj", "ff_proj", "mlp.up_proj", "up_proj",
                    "mlp.down_proj", "ff_out")), Set.of(), Pattern.compile("(?!)"), "");

    /** GGUF files of decoders with gated feed-forward parts. */
    static final TensorNames GGUF = gguf(Map.of("input_layernorm", "attn_norm", "post_attention_layernorm", "ffn_norm"));

    /** GGUF files of Gemma-2. */
    static final TensorNames GGUF_GEMMA2 = gguf(Map.of("input_layernorm", "attn_norm",
            "post_attention_layernorm", "post_attention_norm", "pre_feedforward_layernorm", "ffn_norm",
            "post_feedforward_layernorm", "post_ffw_norm"));

    /** GGUF files of GPT-2. */
    static final TensorNames GGUF_GPT2 = gguf(Map.of("input_layernorm", "attn_norm", "post_attention_layernorm", "ffn_norm",
            "self_attn.q_proj", "attn_qkv", "self_attn.k_proj", "attn_qkv", "self_attn.v_proj", "attn_qkv"));

    private static TensorNames gguf(Map<String, String> special) {
        Map<String, String> inLayer = new LinkedHashMap<>(Map.of("self_attn.q_proj", "attn_q", "self_attn.k_proj", "attn_k",
                "self_attn.v_proj", "attn_v", "self_attn.o_proj", "attn_output", "mlp.gate_proj", "ffn_gate",
                "mlp.up_proj", "ffn_up", "mlp.down_proj", "ffn_down", "mlp.fc_in", "ffn_up", "mlp.fc_out", "ffn_down"));
        inLayer.putAll(Map.of("self_attn.q_norm", "attn_q_norm", "self_attn.k_norm", "attn_k_norm"));
        inLayer.putAll(special);
        return new TensorNames(stems(Map.of("model.embed_tokens", "token_embd", "model.embed_positions", "position_embd",
                "model.norm", "output_norm", "lm_head", "output"), "blk.#.", inLayer), Set.of(),
                Pattern.compile("rope_freqs\\.weight"), "");
    }

    private static Map<String, String> stems(Map<String, String> outside, String layer, Map<String, String> inLayer) {
        Map<String, String> all = new LinkedHashMap<>(outside);
        inLayer.forEach((path, stem) -> all.put(IN_LAYER + path, layer + stem));
        return all;
    }

    /**
     * One tensor of a file.
     *
     * @param name in the file
     * @param transposed whether the file's axes are the other way round
     * @param parts what lies row under row in it, before it is transposed: shapes by the decoder's paths
     */
    record Stored(String name, boolean transposed, Map<String, Shape> parts) {
        /** In the file. */
        Shape shape() {
            Shape first = parts.values().iterator().next();
            int rows = parts.values().stream().mapToInt(s -> s.dim(0)).sum();
            Shape whole = first.with(0, rows);
            return transposed ? Shape.of(whole.dim(1), whole.dim(0)) : whole;
        }
    }

    /**
     * The tensors of a decoder's file.
     *
     * @throws TensorException if such files have no place for a tensor
     */
    List<Stored> of(DecoderConfig config) {
        Map<String, Stored> byName = new LinkedHashMap<>();
        DecoderShapes.of(config).forEach((path, shape) -> {
            String name = name(path);
            boolean turned = !transposed.isEmpty() && shape.rank() == 2 && transposed.contains(stem(path));
            byName.computeIfAbsent(name, n -> new Stored(n, turned, new LinkedHashMap<>())).parts.put(path, shape);
        });
        return new ArrayList<>(byName.values());
    }

    /** The name in the file of what stands under a path of the decoder. */
    String name(String path) {
        if (stems.isEmpty()) {
            return path;
        }
        Matcher m = LAYER.matcher(path);
        return stem(path).replace("#", m.matches() ? m.group(1) : "#") + path.substring(path.lastIndexOf('.'));
    }

    private String stem(String path) {
        String key = LAYER.matcher(path).replaceFirst(r -> Matcher.quoteReplacement(IN_LAYER + r.group(2)));
        String stem = stems.get(key.substring(0, key.lastIndexOf('.')));
        if (stem == null && !stems.isEmpty()) {
            throw new TensorException("architecture: such files have no name for the tensor '" + path + "'");
        }
        return stem;
    }

    /** The same for files that leave out the prefix. */
    TensorNames withoutPrefix() {
        Map<String, String> shorter = new LinkedHashMap<>(stems);
        shorter.replaceAll((path, stem) -> cut(stem));
        return new TensorNames(shorter, Set.copyOf(transposed.stream().map(this::cut).toList()), ignored, "");
    }

    private String cut(String stem) {
        return stem.startsWith(prefix) ? stem.substring(prefix.length()) : stem;
    }
}
